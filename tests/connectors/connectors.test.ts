import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'bun:test'
import { systemClock } from '../../src/base/mod.ts'
import { CONNECTORS_MAX } from '../../src/connectors/mod.ts'
import { listDataTenants } from '../../src/datasets/mod.ts'
import { connectorHost } from '../support/connector-host.ts'
import { type ConnectorWorld, connectorWorld } from '../support/connectors.ts'
import { type JiraDouble, jiraDouble, times } from '../support/doubles/jira.ts'
import { isQuick, slowTest as test } from '../support/quick.ts'
import { memberFor, send } from '../support/runtime/data-site.ts'
import type { ManagementHost } from '../support/runtime/management-host.ts'
import { until } from '../support/until.ts'

const T0 = Date.UTC(2026, 0, 2, 3, 4, 5)
const MINUTE = 60_000

let aheadMs = 0
const clock = { ...systemClock, now: () => systemClock.now() + aheadMs }
let host: ManagementHost
let jira: JiraDouble
let world: ConnectorWorld
beforeAll(async () => {
  if (!isQuick) host = await connectorHost({ clock })
})
beforeEach(async () => {
  if (isQuick) return
  jira = await jiraDouble()
  world = await connectorWorld(host, jira)
})
afterEach(async () => {
  await jira?.[Symbol.asyncDispose]()
})
afterAll(async () => {
  await host?.[Symbol.asyncDispose]()
})

const acts = async (action: string) => (await host.state.trail.search({ action, limit: 100 })).entries
const memberOf = (role: 'viewer' | 'operator') =>
  memberFor(host, { tenant: world.tenant, owner: world.owner } as Parameters<typeof memberFor>[1], role)

test('what an operator makes waits until an owner of the Runtime agrees to lend the credential to that site', async () => {
  const operator = await memberOf('operator')
  const body = {
    ...{ name: 'issues', dataset: world.dataset, type: 'jira', credential: 'jira', network: 'private' },
    config: { url: jira.url, ca: jira.ca, projects: ['ABC'] },
  }
  const made = await world.ask('POST', world.path, body, operator)
  expect([made.status, made.body.state]).toEqual([201, 'awaiting-approval'])
  for (const act of ['run', 'check', 'discover']) {
    const refused = await world.ask('POST', `${world.path}/issues/${act}`, undefined, operator)
    expect([act, refused.status, refused.body.code]).toEqual([act, 403, 'connector.not_approved'])
  }
  expect((await world.ask('POST', `${world.path}/issues/approve`, undefined, operator)).status).toBe(403)
  expect((await world.ask('POST', `${world.path}/issues/approve`)).body).toMatchObject({ state: 'ready' })
  expect((await world.ask('POST', `${world.path}/issues/check`, undefined, operator)).status).toBe(200)
  // Another project needs nobody; another site does.
  const projects = { config: { ...body.config, projects: ['XYZ'] } }
  expect((await world.ask('PATCH', `${world.path}/issues`, projects, operator)).body.state).toBe('ready')
  const elsewhere = { config: { ...body.config, url: 'https://jira.evil.example' } }
  expect((await world.ask('PATCH', `${world.path}/issues`, elsewhere, operator)).body.state).toBe('awaiting-approval')
  expect(jira.asked.every(({ status }) => status === 200)).toBe(true)
  expect((await acts('connector.approved'))[0]).toMatchObject({ detail: { name: 'issues', credential: 'jira' } })
})

test('viewers see connectors and their history; they make, change, run and remove none; strangers find none', async () => {
  await world.make('issues')
  const viewer = await memberOf('viewer')
  const stranger = await host.tokenFor('operator')
  for (const [method, path, body] of [
    ['POST', '', { name: 'x', dataset: world.dataset, type: 'jira', config: {} }],
    ['PATCH', '/issues', { paused: true }],
    ['DELETE', '/issues', undefined],
    ['POST', '/issues/run', undefined],
    ['PUT', '/issues/cursor', { cursor: null }],
  ] as const) {
    expect([method, path, (await world.ask(method, world.path + path, body, viewer)).body?.code]).toEqual([
      method,
      path,
      'account.role_too_low',
    ])
    expect([method, path, (await world.ask(method, world.path + path, body, stranger)).body?.code]).toEqual([
      method,
      path,
      'data_tenant.not_found',
    ])
  }
  expect((await world.ask('GET', world.path, undefined, viewer)).body.connectors).toHaveLength(1)
  expect((await world.ask('GET', `${world.path}/issues/runs`, undefined, viewer)).body).toEqual({ runs: [] })
  const other = await connectorWorld(host, jira)
  expect((await other.ask('GET', `${other.path}/issues`)).body.code).toBe('connector.not_found')
})

test('wrong settings, schedules, credentials and datasets are refused by name, and a data tenant has a bounded number', async () => {
  const refused = async (more: Parameters<ConnectorWorld['make']>[1]) => {
    const { status, body } = await world.make('wrong', more)
    return [status, body.code, body.detail]
  }
  expect(await refused({ config: { project: 'ABC' } })).toEqual([
    400,
    'connector.unfit',
    'project is not known here; did you mean `projects`?',
  ])
  expect(await refused({ config: { url: 'http://jira.example' } })).toContain('connector.unfit')
  expect(await refused({ config: { deletions: 'daily', projects: [] } })).toContain('connector.unfit')
  expect(await refused({ config: { jql: 'a = b ORDER BY c' } })).toContain('connector.unfit')
  expect(await refused({ body: { cron: 'every day' } })).toContain('connector.unfit')
  expect(await refused({ body: { cron: '0 0 30 2 *' } })).toContain('connector.unfit')
  expect(await refused({ body: { cron: '0 0 * * *', timeZone: 'Europe/Nowhere' } })).toContain('connector.unfit')
  expect(await refused({ body: { type: 'jura' } })).toContain('connector.type_unknown')
  expect(await refused({ body: { credential: 'nobody' } })).toContain('credential.not_found')
  expect(await refused({ body: { credential: null } })).toContain('connector.credential_unfit')
  await world.ask('PUT', '/v1/credentials/keys', { kind: 's3', fields: { accessKeyId: 'a', secretAccessKey: 'b' } })
  expect(await refused({ body: { credential: 'keys' } })).toContain('connector.credential_unfit')
  const { body: table } = await world.ask('POST', `/v1/data-tenants/${world.tenant}/datasets`, {
    name: 'table',
    shape: 'table',
  })
  expect(await refused({ body: { dataset: table.id } })).toContain('connector.unfit')
  await world.make('twice')
  expect((await world.make('twice')).body.code).toBe('connector.exists')
  for (let n = 2; n <= CONNECTORS_MAX; n++) expect((await world.make(`number-${n}`)).status).toBe(201)
  expect((await world.make('too-many')).body.code).toBe('connector.too_many')
}, 20_000)

test('a site that leads elsewhere, answers with pages, too much, endlessly or to nobody is told by its code, and sent nothing more', async () => {
  jira.put({ key: 'ABC-1', updatedMs: T0 })
  const elsewhere = await jiraDouble()
  await world.make('issues')
  const ends = async (...faults: JiraDouble['faults']) => {
    jira.faults = faults
    const { state, failure } = await world.run('issues')
    return [state, failure.code]
  }
  const html = () => new Response('<html>Sign in</html>', { headers: { 'content-type': 'text/html' } })
  expect(await ends(times(1, html, '/search'))).toEqual(['failed', 'connector.answer_odd'])
  const away = () => new Response('', { status: 302, headers: { location: `${elsewhere.url}/rest/api/3/myself` } })
  expect(await ends(times(1, away, '/myself'))).toEqual(['failed', 'connector.redirected'])
  expect(elsewhere.asked).toEqual([])
  expect(await ends(times(1, () => new Response('{}', { status: 401 })))).toEqual([
    'failed',
    'connector.credential_refused',
  ])
  expect(await ends(times(1, () => new Response('{}', { status: 403 })))).toEqual(['failed', 'connector.site_forbade'])
  const nobody = () => new Response('{}', { status: 429, headers: { 'retry-after': '86400' } })
  expect(await ends(times(1, nobody))).toEqual(['failed', 'connector.throttled'])
  const endless = {
    issues: [{ id: '1', key: 'ABC-1', fields: { updated: new Date(T0).toISOString() } }],
    isLast: false,
  }
  let token = 0
  const again = () => Response.json({ ...endless, nextPageToken: String(token++) })
  expect(await ends(times(1_000, again, '/search'))).toEqual(['failed', 'connector.pages_endless'])
  expect(token).toBeLessThan(10)
  const large = () => {
    const chunk = new Uint8Array(1_048_576).fill(0x20)
    let left = 1_024
    return new Response(
      new ReadableStream({
        pull(controller) {
          if (left-- > 0) controller.enqueue(chunk)
          else controller.close()
        },
      }),
      { headers: { 'content-type': 'application/json' } },
    )
  }
  expect(await ends(times(1, large, '/search'))).toEqual(['failed', 'host.answer_too_large'])
  await world.ask('PATCH', `${world.path}/issues`, { network: 'public' })
  expect(await ends()).toEqual(['failed', 'connector.address_private'])
  // What was taken before the site failed is kept: the page of the endless ones.
  expect(Object.keys(await world.records())).toEqual(['ABC-1'])
  await elsewhere[Symbol.asyncDispose]()
}, 30_000)

test('what waits for an owner and what failed by its schedule stands on the overview, by id, until it is mended', async () => {
  const operator = await memberOf('operator')
  const body = { name: 'waits', dataset: world.dataset, type: 'jira', credential: 'jira', network: 'private' }
  const config = { url: jira.url, ca: jira.ca, projects: ['ABC'] }
  const { id: waits } = (await world.ask('POST', world.path, { ...body, config }, operator)).body
  const { id: fails } = (await world.make('fails', { body: { cron: '0 0 1 1 *' } })).body
  jira.faults = [times(1, () => new Response('{}', { status: 401 }))]
  await world.run('fails')
  const lines = async () => {
    const { attention } = (await world.ask('GET', '/v1/status')).body
    return attention
      .map(({ id }: { id: string }) => id)
      .filter((id: string) => id.includes(waits) || id.includes(fails))
  }
  expect(await lines()).toEqual([`connector.failed ${fails}`, `connector.awaiting_approval ${waits}`])
  const tenants = await listDataTenants(host.state)
  const { id: tenant, name } = tenants.find(({ id }) => world.path.includes(id)) ?? { id: '', name: '' }
  const outsider = await host.tokenFor('operator')
  const page = { headers: { accept: 'text/html' } }
  for (const { token, told, untold } of [
    { token: operator, told: name, untold: tenant },
    { token: outsider, told: tenant, untold: name },
  ]) {
    const about = (await host.ask('GET', '/v1/status', { token })).body.attention.filter(
      ({ dataTenant }: { dataTenant?: string }) => dataTenant === tenant,
    )
    expect(about).toHaveLength(2)
    const overview = (await host.ask('GET', '/', { token, ...page })).text
    for (const { what } of about) {
      expect(what).toContain(`data tenant ${told}`)
      expect(what).not.toContain(`data tenant ${untold}`)
      expect(overview).toContain(what)
    }
    expect(overview).not.toContain(`data tenant ${untold}`)
  }
  await world.ask('POST', `${world.path}/waits/approve`)
  await world.run('fails')
  expect(await lines()).toEqual([])
})

test('the owner’s rules for hosts hold for connectors too', async () => {
  await world.make('issues')
  await host.state.rules.set({ ...host.state.rules.policy, hosts: ['db.example'] }, 'user:owner')
  expect((await world.ask('POST', `${world.path}/issues/run`)).body.code).toBe('connector.host_forbidden')
  await host.state.rules.set({ ...host.state.rules.policy, hosts: 'any' }, 'user:owner')
})

test('runs by its schedule in its time zone, once for all times that were missed, and not while it is paused or runs', async () => {
  jira.put({ key: 'ABC-1', updatedMs: T0 })
  const { body } = await world.make('nightly', { body: { cron: '*/10 * * * *', timeZone: 'Asia/Kathmandu' } })
  const runs = async () => (await world.ask('GET', `${world.path}/nightly/runs`)).body.runs
  const nextMs = Date.parse(body.nextRunAt)
  // A quarter of an hour apart from whole hours.
  expect(new Date(nextMs).getUTCMinutes() % 10).toBe(5)
  const { connectors } = host.state
  await connectors.tick()
  expect(await runs()).toEqual([])
  await world.ask('PATCH', `${world.path}/nightly`, { paused: true })
  aheadMs = nextMs - systemClock.now() + 35 * MINUTE
  await connectors.tick()
  expect(await runs()).toEqual([])
  expect((await world.ask('GET', `${world.path}/nightly`)).body).toMatchObject({ state: 'paused', nextRunAt: null })
  await world.ask('PATCH', `${world.path}/nightly`, { paused: false })
  await Promise.all([connectors.tick(), connectors.tick()])
  await until('it has run', async () => (await runs()).find(({ endedAt }: { endedAt: string | null }) => endedAt))
  await connectors.tick()
  expect(await runs()).toMatchObject([{ state: 'done', startedBy: null, records: 1 }])
  const after = (await world.ask('GET', `${world.path}/nightly`)).body.nextRunAt
  expect(Date.parse(after) - clock.now()).toBeGreaterThan(0)
  expect(Date.parse(after) - clock.now()).toBeLessThanOrEqual(10 * MINUTE)
  aheadMs = 0
})

test('two runs never overlap; pausing ends one, and the next goes on behind what was taken', async () => {
  for (let n = 1; n <= 30; n++) jira.put({ key: `ABC-${n}`, updatedMs: T0 + n * MINUTE })
  await world.make('issues', { config: { pageIssues: 10 } })
  const held = Promise.withResolvers<undefined>()
  let searches = 0
  jira.faults = [({ path }) => (path.includes('/search') && ++searches === 2 ? held.promise : undefined)]
  await world.ask('POST', `${world.path}/issues/run`)
  await until('the second page is asked for', () => searches === 2)
  expect((await world.ask('POST', `${world.path}/issues/run`)).body.code).toBe('connector.running')
  expect((await world.ask('PUT', `${world.path}/issues/cursor`, { cursor: null })).body.code).toBe('connector.running')
  await world.ask('PATCH', `${world.path}/issues`, { paused: true })
  const [stopped] = (await world.ask('GET', `${world.path}/issues/runs`)).body.runs
  expect(stopped).toMatchObject({ state: 'stopped', pages: 1, failure: { code: 'connector.stopped' } })
  held.resolve(undefined)
  jira.asked.length = 0
  expect(await world.run('issues')).toMatchObject({ state: 'done' })
  expect(
    jira.asked
      .filter(({ path }) => path.includes('/search'))
      .every(({ body }) => JSON.parse(body).jql.includes('updated >=')),
  ).toBe(true)
  expect(Object.keys(await world.records())).toHaveLength(30)
})

test('its cursor is seen, set and reset; what comes again takes its own place', async () => {
  jira.put({ key: 'ABC-1', updatedMs: T0 }, { key: 'ABC-2', updatedMs: T0 + MINUTE })
  await world.make('issues')
  const cursor = `${world.path}/issues/cursor`
  expect((await world.ask('GET', cursor)).body).toEqual({ cursor: null })
  await world.run('issues')
  const { body } = await world.ask('GET', cursor)
  expect(body.cursor).toEqual({ updatedUpToMs: T0 + MINUTE, seen: expect.any(Array) })
  await world.ask('PUT', cursor, { cursor: null })
  expect(await world.run('issues')).toMatchObject({ state: 'done', records: 2, rowsTaken: 2, rowsReplaced: 2 })
  expect(Object.keys(await world.records())).toHaveLength(2)
  await world.ask('PUT', cursor, { cursor: { page: 7 } })
  expect(await world.run('issues')).toMatchObject({ state: 'failed', failure: { code: 'connector.unfit' } })
  expect((await acts('connector.cursor_reset')).length).toBe(1)
})

test('a document of removals that comes by an upload token takes nothing away', async () => {
  jira.put({ key: 'ABC-1', updatedMs: T0 })
  await world.make('issues')
  await world.run('issues')
  const below = `/v1/data-tenants/${world.tenant}/datasets/${world.dataset}`
  const { body: made } = await world.ask('POST', `${below}/tokens`, { name: 'ci' })
  const headers = { 'content-type': 'application/vnd.sluice.removals+json' }
  const body = JSON.stringify({ removals: [{ key: 'ABC-1' }] })
  const sent = await send(host, `/v1/datasets/${world.dataset}/uploads`, { token: made.token, headers, body })
  const report = await until('it was looked at', async () => {
    const { body: found } = await world.ask('GET', `${below}/imports/${sent.body.import}`)
    return found?.endedAt ? found : undefined
  })
  expect([report.state, report.reason.code]).toEqual(['refused', 'document.unexpected'])
  expect(Object.keys(await world.records())).toEqual(['ABC-1'])
})

test('goes with its dataset and its data tenant; every act stands in the trail, and no secret in any', async () => {
  jira.put({ key: 'ABC-1', updatedMs: T0 })
  await world.make('issues')
  await world.run('issues')
  const { entries } = await host.state.trail.search({ limit: 500 })
  expect(JSON.stringify(entries)).not.toContain('api-token-of-mary')
  expect(entries.map(({ action }) => action)).toEqual(expect.arrayContaining(['connector.created', 'connector.run']))
  await world.ask('DELETE', `/v1/data-tenants/${world.tenant}/datasets/${world.dataset}`)
  expect((await world.ask('GET', world.path)).body.connectors).toEqual([])
})
