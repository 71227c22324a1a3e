import { afterAll, beforeAll, expect, test } from 'bun:test'
import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { local } from '../support/platform/blueprints.ts'
import { PlatformHost } from '../support/platform/platform-host.ts'
import { ScriptedRuntime } from '../support/platform/scripted-runtime.ts'

const NOWHERE = 'ten_01890000-0000-7000-8000-0000000000aa'

/** Two tenants on one Platform; the second has a Runtime, a blueprint and a deployment. */
async function twoTenants() {
  const host = await PlatformHost.start()
  const runtime = await ScriptedRuntime.start('factory-01')
  await runtime.enrol((await host.enrolmentCode()).code)
  await runtime.heartbeat()
  await host.api('POST', '/v1/blueprints', { source: local })
  const { body } = await host.api('POST', '/v1/deployments', { blueprint: 'orders' })
  const other = await host.platform.createTenant({ name: 'Other', owner: 'eve' })
  const close = async () => {
    await runtime[Symbol.asyncDispose]()
    await host[Symbol.asyncDispose]()
  }
  return { host, runtime, deployment: String(body['deployment']), other, [Symbol.asyncDispose]: close }
}

let made: Awaited<ReturnType<typeof twoTenants>>
beforeAll(async () => {
  made = await twoTenants()
})
afterAll(() => made[Symbol.asyncDispose]())

const withoutRequestId = (text: string) => text.replace(/"requestId":"[^"]*"/, '')

test('a token of one tenant gets the same answer from another tenant as from one that does not exist', async () => {
  const { host, other, runtime, deployment } = made
  for (const path of [
    '/v1/runtimes',
    `/v1/runtimes/${runtime.id}`,
    `/v1/deployments/${deployment}`,
    '/v1/status',
    '/',
    '/v1/logs',
  ]) {
    const [theirs, nobodys] = [
      await host.apiAs(host.token, other.id)('GET', path),
      await host.apiAs(host.token, NOWHERE)('GET', path),
    ]
    expect(theirs.status).toBe(404)
    expect(withoutRequestId(theirs.text)).toBe(withoutRequestId(nobodys.text))
  }
})

test('without a token or session every tenant, and none, asks to sign in alike', async () => {
  const { host, other } = made
  for (const path of ['/v1/runtimes', '/v1/deployments', '/v1/status', '/', '/deployments/x/live']) {
    const answers = await Promise.all(
      [host.tenant.id, other.id, NOWHERE].map((tenant) => host.apiAs(undefined, tenant)('GET', path)),
    )
    expect(answers.map(({ status }) => status)).toEqual([401, 401, 401])
    expect(new Set(answers.map(({ text }) => withoutRequestId(text))).size).toBe(1)
  }
})

test('ids of another tenant are as unknown as ids that nobody has', async () => {
  const { host, other, runtime, deployment } = made
  const link = new URL(other.oneTimeLink ?? '')
  const token = link.pathname.split('/').at(-1) ?? ''
  const form = new URLSearchParams({ token, password: 'a long and lonely winter coat' })
  const opened = await host.send('POST', `/t/${other.id}/link`, {
    headers: { 'content-type': 'application/x-www-form-urlencoded', origin: host.platform.url },
    body: form.toString(),
  })
  expect(opened.status).toBe(303)
  const cookie = (opened.headers['set-cookie'] ?? '').split(';')[0] ?? ''
  const ask = (path: string) => host.send('GET', `/t/${other.id}${path}`, { headers: { cookie } })
  expect((await ask('/v1/runtimes')).body).toEqual({ runtimes: [] })
  for (const [theirs, nobodys] of [
    [`/v1/runtimes/${runtime.id}`, '/v1/runtimes/rt_01890000-0000-7000-8000-0000000000aa'],
    [`/v1/deployments/${deployment}`, '/v1/deployments/dep_01890000-0000-7000-8000-0000000000aa'],
    ['/v1/blueprints/orders/1', '/v1/blueprints/nothing/1'],
  ] as const) {
    const answers = [await ask(theirs), await ask(nobodys)]
    expect(answers.map(({ status }) => status)).toEqual([404, 404])
    expect(answers[0]?.body['code']).toBe(answers[1]?.body['code'] as string)
  }
})

test('a message of one tenant’s Runtime is refused by another tenant’s door', async () => {
  const { host, other, runtime } = made
  const token = runtime.posted[0] ?? ''
  expect((await host.send('POST', `/t/${other.id}/c2/v1/messages`, { body: token })).body).toMatchObject({
    code: 'c2.refused',
  })
})

test('databases are encrypted, named by opaque ids only, and what the command needs is readable by its user alone', async () => {
  const { host, other } = made
  const files = await readdir(host.folder, { recursive: true })
  for (const file of files.filter((name) => /\.db(-wal)?$/.test(name))) {
    const content = await readFile(join(host.folder, file))
    expect(content.subarray(0, 15).toString()).not.toBe('SQLite format 3')
    expect(content.includes('factory-01')).toBe(false)
  }
  expect(files.filter((name) => name.endsWith('.db')).sort()).toEqual(
    ['platform.db', ...[host.tenant.id, other.id].map((id) => join('tenants', `${id}.db`))].sort(),
  )
  expect((await stat(join(host.folder, 'access.json'))).mode & 0o777).toBe(0o600)
  expect(JSON.parse(await readFile(join(host.folder, 'access.json'), 'utf8'))).toMatchObject({ url: host.tenant.url })
})

test('a Platform started again has its tenants, keys and certificate authority, and refuses another master key', async () => {
  await using host = await PlatformHost.start()
  const { authority } = host.platform
  await host.restart()
  expect(host.platform.authority).toBe(authority)
  expect(host.platform.tenants).toMatchObject([{ id: host.tenant.id, name: 'Example', url: host.tenant.url }])
  expect((await host.api('GET', '/v1/status')).body).toMatchObject({ tenant: { id: host.tenant.id, name: 'Example' } })
  const wrong = { kind: 'value', value: 'A'.repeat(43) } as const
  await expect(host.restart({ masterKey: wrong })).rejects.toHaveProperty('code', 'master_key.wrong')
  await host.restart({}).catch(() => undefined)
})

test('the command’s access file follows the Platform to another port and keeps its token; a foreign file is left alone', async () => {
  await using host = await PlatformHost.start()
  const path = join(host.folder, 'access.json')
  const before = JSON.parse(await readFile(path, 'utf8'))
  await host.restart({ publicHost: 'localhost' })
  const after = JSON.parse(await readFile(path, 'utf8'))
  expect(after).toEqual({ ...before, url: before.url.replace('127.0.0.1', 'localhost') })
  await writeFile(path, 'mine')
  await host.restart()
  expect(await readFile(path, 'utf8')).toBe('mine')
})

test('a port that is in use is named, and what was opened until then is closed again', async () => {
  await using host = await PlatformHost.start()
  await using blocker = await PlatformHost.start()
  const { port } = blocker.platform
  await expect(host.restart({ port })).rejects.toHaveProperty('code', 'host.port_in_use')
  await host.restart({ port: 0 })
  expect((await host.send('GET', '/healthz')).body).toEqual({ ok: true })
})
