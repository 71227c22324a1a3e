import { afterAll, beforeAll, expect, test } from 'bun:test'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '../../../src/base/mod.ts'
import { buildFacts } from '../../../src/host/mod.ts'
import { databasePath } from '../../../src/store/mod.ts'
import { type ManagementHost, managementHost } from '../../support/runtime/management-host.ts'

let host: ManagementHost
beforeAll(async () => {
  host = await managementHost()
})
afterAll(() => host[Symbol.asyncDispose]())

const PATH = '/settings/health'

test('Settings › Health says of each thing how it is, what build this is, and where the API is described', async () => {
  const cookie = await host.sessionFor('viewer')
  const { status, text } = await host.ask('GET', PATH, { cookie })
  expect(status).toBe(200)
  for (const word of ['Disk', 'Clock', 'Keys and journals', 'Certificate', 'Platform', 'Collector (OTLP)', 'Database'])
    expect(text).toContain(word)
  expect(text).toContain(buildFacts.version)
  expect(text).toContain('href="/v1/docs"')
  expect(text).toContain(`href="${PATH}"`)
  // A viewer looks and does nothing.
  expect(text).not.toContain(`action="${PATH}`)
})

test('/v1/health tells the same, and what is not well with what to do', async () => {
  const token = await host.tokenFor('viewer')
  const asked = async () => (await host.ask('GET', '/v1/health', { token })).body
  const of = (body: { checks: { name: string }[] }, name: string) => body.checks.find((one) => one.name === name)
  const body = await asked()
  expect(of(body, 'clock')).toMatchObject({ verdict: 'ok' })
  expect(of(body, 'Platform')).toMatchObject({ verdict: 'skipped' })
  expect(of(body, 'collector')).toMatchObject({ verdict: 'skipped' })
  // Nobody took the recovery key of this Runtime.
  expect(of(body, 'keys')).toMatchObject({ verdict: 'warn', advice: expect.stringContaining('master key') })
})

test('the database is checked when an operator asks, and the page keeps what was found', async () => {
  const [viewer, operator] = [await host.tokenFor('viewer'), await host.tokenFor('operator')]
  expect((await host.ask('POST', '/v1/health/database', { token: viewer })).status).toBe(403)
  const { body } = await host.ask('POST', '/v1/health/database', { token: operator })
  expect(body).toMatchObject({ name: 'database', verdict: 'ok' })
  const cookie = await host.sessionFor('operator')
  const posted = await host.ask('POST', `${PATH}/database`, { cookie, form: {} })
  expect([posted.status, posted.headers.get('location')]).toEqual([303, PATH])
  expect((await host.ask('GET', PATH, { cookie })).text).toContain('Every page of it is sound.')
  expect((await host.ask('GET', '/v1/health', { token: viewer })).body.database.verdict).toBe('ok')
})

test('a database that is damaged on the disk is called so', async () => {
  await using other = await managementHost()
  const token = await other.tokenFor('operator')
  const { generation } = other.state.keyring.placeOf('database', 'runtime')
  const path = databasePath(other.state.folder, 'runtime', generation)
  // What it wrote last is beside it.
  for (const file of [path, `${path}-wal`]) writeFileSync(file, readFileSync(file).fill(7, 4_096))
  const { status, body } = await other.ask('POST', '/v1/health/database', { token })
  expect([status, body.verdict]).toEqual([200, 'bad'])
})

test('the database is read by a process of its own, and a check that comes to no end says so', async () => {
  // An entry that knows no checks.
  const entry = join(import.meta.dir, '../../support/limited.ts')
  await using other = await managementHost({ config: { worker: { entry } } })
  const { body } = await other.ask('POST', '/v1/health/database', { token: await other.tokenFor('operator') })
  expect(body).toMatchObject({ verdict: 'bad', found: expect.stringContaining('was not finished') })
})

test('a clock that was set back is seen by the files that are newer than it', async () => {
  const past = Date.now() - 3_600_000
  await using other = await managementHost({ clock: { ...systemClock, now: () => past } })
  writeFileSync(join(other.state.folder, 'now'), '')
  const { body } = await other.ask('GET', '/v1/health', { token: await other.tokenFor('viewer') })
  expect(body.checks.find(({ name }: { name: string }) => name === 'clock')).toMatchObject({ verdict: 'bad' })
})

test('the token for metrics is made on the page and shown once, and taken back when its name is typed', async () => {
  const cookie = await host.sessionFor('owner')
  const made = await host.ask('POST', `${PATH}/token`, { cookie, form: {} })
  expect(made.headers.get('cache-control')).toBe('no-store')
  const token = /slm_[A-Za-z0-9_-]{43}/.exec(made.text)?.[0] ?? ''
  expect((await host.ask('GET', '/metrics', { token })).status).toBe(200)
  const page = await host.ask('GET', PATH, { cookie })
  expect(page.text).not.toContain(token)
  expect(page.text).toContain(`${PATH}/token/revoke`)
  const wrong = await host.ask('POST', `${PATH}/token/revoke`, { cookie, form: { typed: 'metric' } })
  expect(wrong.status).toBe(422)
  expect((await host.ask('GET', '/metrics', { token })).status).toBe(200)
  expect((await host.ask('POST', `${PATH}/token/revoke`, { cookie, form: { typed: 'metrics' } })).status).toBe(303)
  expect((await host.ask('GET', '/metrics', { token })).status).toBe(404)
  const operator = await host.sessionFor('operator')
  expect((await host.ask('POST', `${PATH}/token`, { cookie: operator, form: {} })).status).toBe(403)
})
