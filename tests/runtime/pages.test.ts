import { afterEach, beforeEach, expect, setDefaultTimeout, test } from 'bun:test'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fromUtf8 } from '../../src/base/mod.ts'
import { requestHttps } from '../../src/host/mod.ts'
import type { RunningRuntime } from '../../src/runtime/mod.ts'
import { type TemporaryFolder, temporaryFolder } from '../support/folder.ts'
import { slowTest } from '../support/quick.ts'
import { copyFlow } from '../support/runtime/copy-flow.ts'
import { plainAssignment } from '../support/runtime/offers.ts'
import { type Api, runningRuntime } from '../support/runtime/running.ts'
import { ScriptedPlatform } from '../support/runtime/scripted-platform.ts'
import { until } from '../support/until.ts'
import { DEPLOYMENT } from '../support/wire/parties.ts'

// Real processes on a machine that others use as well.
setDefaultTimeout(60_000)

let folder: TemporaryFolder
let runtime: RunningRuntime
let api: Api
let platform: ScriptedPlatform

beforeEach(async () => {
  folder = temporaryFolder()
  platform = await ScriptedPlatform.start()
  ;({ runtime, api } = await runningRuntime(folder.path))
})
afterEach(async () => {
  await runtime.close()
  await platform[Symbol.asyncDispose]()
  folder[Symbol.dispose]()
})

type Page = { status: number; text: string; location: string | undefined; cookie: string }

async function browse(
  method: 'GET' | 'POST',
  path: string,
  options: { cookie?: string; form?: string; origin?: string } = {},
): Promise<Page> {
  const { cookie, form, origin = runtime.managementUrl } = options
  const answer = await requestHttps(new URL(path, runtime.managementUrl).href, {
    ...{ method, ca: [runtime.authority], timeoutMs: 10_000, bytesMax: 4_194_304 },
    headers: {
      accept: 'text/html',
      ...(cookie !== undefined && { cookie }),
      ...(method === 'POST' && { origin, 'content-type': 'application/x-www-form-urlencoded' }),
    },
    ...(form !== undefined && { body: form }),
  })
  const { location } = answer.headers
  return {
    ...{ status: answer.status, text: fromUtf8(answer.body), location },
    cookie: (answer.headers['set-cookie'] ?? '').split(';')[0] ?? '',
  }
}

async function signIn(): Promise<string> {
  const token = new URL(runtime.oneTimeLink ?? '').pathname.split('/').at(-1) ?? ''
  const form = new URLSearchParams({ token, password: 'correct horse battery staple' }).toString()
  const { status, cookie } = await browse('POST', '/link', { form })
  expect(status).toBe(303)
  return cookie
}

async function deploy(): Promise<void> {
  await api.send('POST', '/v1/enrolment', { code: platform.code() })
  const components = [
    { name: 'orders', type: 'csv_file', from: [], config: { paths: ['<b>in</b>/*.csv'] } },
    { name: 'out', type: 'json_lines_file', from: ['orders'], config: { path: 'out.jsonl' } },
  ]
  expect((await platform.deploy(plainAssignment({ components }))).outcome).toBe('awaiting-approval')
}

test('before a session there is nothing but sign-in, assets and health', async () => {
  expect(await browse('GET', '/')).toMatchObject({ status: 303, location: '/sign-in?next=%2F' })
  expect((await browse('GET', '/sign-in')).text).toContain('factory-01')
  expect((await browse('GET', '/healthz')).status).toBe(200)
  expect((await browse('GET', '/v1/status')).status).toBe(303)
  expect((await browse('POST', `/deployments/${DEPLOYMENT}/approve`, { form: 'version=1' })).status).toBe(401)
  expect((await browse('GET', '/nowhere')).status).toBe(303)
})

test('the first owner sets a password by the one-time link, which then is used up', async () => {
  const link = new URL(runtime.oneTimeLink ?? '')
  expect((await browse('GET', link.pathname)).text).toContain('New password')
  const cookie = await signIn()
  expect((await browse('GET', '/', { cookie })).text).toContain('This Runtime belongs to no Platform yet')
  expect((await browse('GET', link.pathname)).status).toBeGreaterThanOrEqual(400)
  expect((await browse('POST', '/sign-out', { cookie, form: '' })).location).toBe('/sign-in')
  expect((await browse('GET', '/', { cookie })).status).toBe(303)
  const form = 'name=owner&password=correct+horse+battery+staple&next=//evil.example'
  expect(await browse('POST', '/sign-in', { form })).toMatchObject({ status: 303, location: '/' })
})

test('a wrong password is refused without saying which of the two was wrong', async () => {
  const { status, text } = await browse('POST', '/sign-in', { form: 'name=owner&password=wrong' })
  expect(status).toBe(401)
  expect(text).toContain('The name or the password is not right')
})

test('the owner sees what a waiting version adds, escaped, and approves it by the page', async () => {
  await deploy()
  const cookie = await signIn()
  expect((await browse('GET', '/', { cookie })).text).toContain('waits for your approval')
  expect((await browse('GET', `/deployments/${DEPLOYMENT}`, { cookie })).text).toContain('/approval"')
  const page = await browse('GET', `/deployments/${DEPLOYMENT}/approval`, { cookie })
  expect(page.text).toContain('read &lt;b&gt;in&lt;/b&gt;/*.csv')
  expect(page.text).not.toContain('<b>in</b>')
  const approved = await browse('POST', `/deployments/${DEPLOYMENT}/approve`, { cookie, form: 'version=1' })
  expect(approved.location).toBe(`/deployments/${DEPLOYMENT}`)
  expect((await api.get(`/v1/deployments/${DEPLOYMENT}`)).body.waiting).toBeUndefined()
})

test('a page of another site cannot approve in the owner’s name', async () => {
  await deploy()
  const cookie = await signIn()
  const forged = { cookie, form: 'version=1', origin: 'https://evil.example' }
  expect((await browse('POST', `/deployments/${DEPLOYMENT}/approve`, forged)).status).toBe(403)
  expect((await api.get(`/v1/deployments/${DEPLOYMENT}`)).body.waiting.version).toBe(1)
})

test('refused records: the list does not show what they hold, one page does and is recorded; dropped by typing, not by another site', async () => {
  mkdirSync(folder.file('in'))
  writeFileSync(folder.file('in/orders-0.csv'), 'id,name\nnone,canary-geheim\n2,good\nnor,<b>bad</b>\n')
  await api.send('POST', '/v1/enrolment', { code: platform.code() })
  await platform.deploy(copyFlow())
  await api.send('POST', `/v1/deployments/${DEPLOYMENT}/approve`, { version: 1 })
  const detail = async () => (await api.get(`/v1/deployments/${DEPLOYMENT}`)).body
  await until('the flow has ended', async () => (await detail()).state === 'stopped')
  const cookie = await signIn()
  const path = `/deployments/${DEPLOYMENT}/dead-letters`
  expect((await browse('GET', `/deployments/${DEPLOYMENT}`, { cookie })).text).toContain('2 records wait')
  const list = await browse('GET', path, { cookie })
  expect(list.text).toContain('csv.not_int')
  expect(list.text).not.toContain('canary-geheim')
  expect((await browse('GET', `${path}/1`, { cookie })).text).toContain('canary-geheim')
  expect((await browse('GET', `${path}/2`, { cookie })).text).toContain('&lt;b&gt;bad&lt;/b&gt;')
  expect((await browse('GET', `${path}/3`, { cookie })).status).toBe(404)
  const asked = await browse('GET', `${path}/drop?through=2&code=csv.not_int`, { cookie })
  expect(asked.text).toContain('Drop 2 refused records')
  const form = (typed: string) => `through=2&code=csv.not_int&typed=${typed}`
  const drop = (typed: string, more = {}) => browse('POST', `${path}/drop`, { cookie, form: form(typed), ...more })
  expect((await drop('orders', { origin: 'https://evil.example' })).status).toBe(403)
  expect((await drop('else')).text).toContain('not the name')
  expect((await detail()).deadLetters).toBe(2)
  expect(await drop('orders')).toMatchObject({ location: path })
  await until('none is counted any more', async () => (await detail()).deadLetters === 0)
  expect((await browse('GET', path, { cookie })).text).toContain('No refused records')
  const { entries } = (await api.get('/v1/audit')).body as { entries: { action: string; detail: unknown }[] }
  const of = (action: string) => entries.filter((entry) => entry.action === action)
  expect(of('dead_letter.inspected').map(({ detail }) => detail)).toEqual([{ number: 2 }, { number: 1 }])
  expect(of('dead_letters.dropped')).toMatchObject([
    { subject: DEPLOYMENT, detail: { through: 2, code: 'csv.not_int' } },
  ])
})

slowTest(
  'refused records are replayed by form; one that is refused again is one record; the log tells of all of it',
  async () => {
    mkdirSync(folder.file('in'))
    writeFileSync(folder.file('in/orders-0.csv'), 'id,name\nnone,a\n2,good\n')
    await api.send('POST', '/v1/enrolment', { code: platform.code() })
    await platform.deploy(copyFlow())
    await api.send('POST', `/v1/deployments/${DEPLOYMENT}/approve`, { version: 1 })
    const detail = async () => (await api.get(`/v1/deployments/${DEPLOYMENT}`)).body
    const ended = () => until('the flow has ended', async () => (await detail()).state === 'stopped')
    await ended()
    const cookie = await signIn()
    const path = `/deployments/${DEPLOYMENT}/dead-letters`
    const nothing = await browse('POST', `${path}/replay`, { cookie, form: '' })
    expect(nothing.status).toBe(400)
    expect(nothing.text).toContain('which refused records are meant')
    expect(await browse('POST', `${path}/replay`, { cookie, form: 'numbers=1' })).toMatchObject({ location: path })
    await until('it was refused again', async () => {
      const { status, body } = await api.get(`/v1${path}`)
      // While its worker begins anew, the letters cannot be asked for.
      if (status === 503) return false
      expect({ status, code: body.code }).toEqual({ status: 200, code: undefined })
      return body.letters.length === 1 && body.letters[0].number === 2 && !body.letters[0].replaying
    })
    await ended()
    expect((await detail()).deadLetters).toBe(1)
    const log = await browse('GET', `/deployments/${DEPLOYMENT}/logs?component=warehouse&level=warning`, { cookie })
    expect(log.text).toContain('records.refused')
    expect(log.text).not.toContain('flow.ended')
    const all = await browse('GET', '/logs?text=FLOW.', { cookie })
    for (const template of ['flow.started', 'flow.ended']) expect(all.text).toContain(template)
    expect((await browse('GET', `/deployments/${DEPLOYMENT}/versions`, { cookie })).text).toContain('in force')
    await api.send('POST', `/v1/deployments/${DEPLOYMENT}/stop`)
    const refused = await browse('POST', `${path}/replay`, { cookie, form: 'numbers=2' })
    expect(refused.status).toBe(409)
    expect(refused.text).toContain('was stopped')
  },
)

test('an id that is none, or a path, is not found or refused, and touches no file', async () => {
  for (const id of ['..%2F..', 'dep_x', '%2e%2e']) {
    const { status } = await api.send('POST', `/v1/deployments/${id}/dead-letters/drop`, { through: 1 })
    expect(status).toBeGreaterThanOrEqual(400)
    expect(status).toBeLessThan(500)
  }
  expect((await api.get(`/v1/deployments/${DEPLOYMENT}`)).body.code).toBe('deployment.not_found')
})

test('credentials go in and never come out again', async () => {
  await api.send('PUT', '/v1/credentials/warehouse', { fields: { password: 'geheim-1234' } })
  const cookie = await signIn()
  const texts = [
    JSON.stringify((await api.get('/v1/credentials')).body),
    JSON.stringify((await api.get('/v1/audit')).body),
    JSON.stringify((await api.get('/v1/status')).body),
    (await browse('GET', '/', { cookie })).text,
    readFileSync(folder.file('data/runtime.db')).toString('latin1'),
  ]
  for (const text of texts) expect(text).not.toContain('geheim-1234')
  expect(texts[0]).toContain('warehouse')
})
