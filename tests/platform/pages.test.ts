import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { fromUtf8, rfc3339, systemClock } from '../../src/base/mod.ts'
import { streamHttps } from '../../src/host/mod.ts'
import { type DeploymentId, exchanges } from '../../src/wire/mod.ts'
import { local } from '../support/platform/blueprints.ts'
import { PlatformHost } from '../support/platform/platform-host.ts'
import { ScriptedRuntime } from '../support/platform/scripted-runtime.ts'

const PASSWORD = 'a long and lonely winter coat'

let host: PlatformHost
let factory: ScriptedRuntime
let deployment: DeploymentId
let cookie: string

beforeAll(async () => {
  host = await PlatformHost.start()
  factory = await ScriptedRuntime.start('factory-01')
  await factory.enrol((await host.enrolmentCode()).code)
  await factory.heartbeat()
  await host.api('POST', '/v1/blueprints', { source: local })
  const made = await host.api('POST', '/v1/deployments', { blueprint: 'orders' })
  deployment = made.body['deployment'] as DeploymentId
  await factory.until(() => factory.told.length === 1)
})
afterAll(async () => {
  await factory[Symbol.asyncDispose]()
  await host[Symbol.asyncDispose]()
})

const base = () => `/t/${host.tenant.id}`
const get = (path: string, headers: Record<string, string> = {}) =>
  host.send('GET', `${base()}${path}`, { headers: { accept: 'text/html', ...headers } })
const post = (path: string, form: Record<string, string>, headers: Record<string, string> = {}) =>
  host.send('POST', `${base()}${path}`, {
    headers: {
      accept: 'text/html',
      'content-type': 'application/x-www-form-urlencoded',
      origin: host.platform.url,
      ...headers,
    },
    body: new URLSearchParams(form).toString(),
  })

describe('signing in', () => {
  test('a person without a session is led to the sign-in page and back', async () => {
    const away = await get(`/deployments/${deployment}`)
    expect(away.status).toBe(303)
    const location = away.headers['location'] ?? ''
    expect(location).toBe(`${base()}/sign-in?next=${encodeURIComponent(`${base()}/deployments/${deployment}`)}`)
    expect((await host.send('GET', location)).text).toContain(`value="${base()}/deployments/${deployment}"`)
  })

  test('the one-time link asks for a password, refuses an unfit one, opens a session, and works once', async () => {
    const link = new URL(host.tenant.oneTimeLink ?? '').pathname.replace(base(), '')
    const token = link.split('/').at(-1) ?? ''
    expect((await get(link)).text).toContain('Set your password')
    expect((await post('/link', { token, password: 'short' })).status).toBe(422)
    const opened = await post('/link', { token, password: PASSWORD })
    expect(opened).toMatchObject({ status: 303, headers: { location: `${base()}/` } })
    expect(opened.headers['set-cookie']).toMatch(/HttpOnly.*Secure|Secure.*HttpOnly/)
    cookie = (opened.headers['set-cookie'] ?? '').split(';')[0] ?? ''
    expect((await get(link)).text).toContain('account.link_refused')
    expect((await post('/link', { token, password: PASSWORD })).status).toBe(401)
  })

  test('a wrong password and a form of another site are refused; the right one leads on', async () => {
    const wrong = await post('/sign-in', { name: 'ada', password: 'wrong wrong wrong' })
    expect(wrong.status).toBe(401)
    expect(wrong.text).not.toContain('wrong wrong wrong')
    const foreign = await post('/sign-in', { name: 'ada', password: PASSWORD }, { origin: 'https://evil.example' })
    expect(foreign.status).toBe(403)
    const next = `${base()}/deployments/${deployment}`
    expect((await post('/sign-in', { name: 'ada', password: PASSWORD, next })).headers['location']).toBe(next)
    const elsewhere = await post('/sign-in', { name: 'ada', password: PASSWORD, next: 'https://evil.example/' })
    expect(elsewhere.headers['location']).toBe(`${base()}/`)
  })
})

describe('signed in', () => {
  test('the overview shows the fleet and what is deployed', async () => {
    const { status, text, headers } = await get('/', { cookie })
    expect(status).toBe(200)
    expect(headers['content-security-policy']).toContain("default-src 'none'")
    for (const words of [
      'Platform',
      'Example',
      'factory-01',
      'orders',
      'Nothing needs you.',
      `data-live="${base()}/live"`,
    ])
      expect(text).toContain(words)
    expect(await get('', { cookie })).toMatchObject({ status: 200 })
  })

  test('the page of a deployment shows its flow, counts, reasons and logs', async () => {
    const at = rfc3339(systemClock.now())
    const line = {
      at,
      deployment,
      component: 'orders',
      level: 'warning',
      template: 'source.file_skipped',
      fields: { files: 2 },
    } as const
    await factory.caller.call(exchanges.auditLogs, { first: 1, entries: [line] })
    const counts = { bytesIn: 0, bytesOut: 0, errors: 0, retries: 0, executionMs: 0, refused: 0 }
    const component = {
      name: 'orders',
      type: 'csv_file',
      state: 'running',
      messagesIn: 0,
      messagesOut: 1_234,
      ...counts,
    } as const
    const status = {
      at,
      deployment,
      version: 1,
      state: 'running',
      reasons: [],
      bridges: [],
      components: [component],
    } as const
    await factory.caller.call(exchanges.status, {
      first: 1,
      entries: [{ ...status, reasons: [], bridges: [], components: [component] }],
    })
    const { text } = await get(`/deployments/${deployment}`, { cookie })
    for (const words of ['1,234', 'source.file_skipped', 'files=2', 'csv_file on factory', 'version 1'])
      expect(text).toContain(words)
    const missing = await get('/deployments/dep_x', { cookie })
    expect(missing.status).toBe(404)
    expect(missing.text).toContain('deployment.unknown')
  })

  test('a live page gets its parts as they change, and ends when the session does', async () => {
    const stream = await streamHttps(`${host.platform.url}${base()}/deployments/${deployment}/live`, {
      ...{ method: 'GET', headers: { cookie }, ca: [host.platform.authority], timeoutMs: 5_000, bytesMax: 1_000_000 },
    })
    let seen = ''
    let signedOut = false
    for await (const part of stream.body) {
      seen += fromUtf8(part)
      if (!signedOut && seen.includes('deployment-state')) {
        signedOut = true
        await post('/sign-out', {}, { cookie })
      }
      if (seen.includes('event: ended')) break
    }
    expect(seen).toContain('deployment-components')
    expect((await get('/', { cookie })).status).toBe(303)
  })
})
