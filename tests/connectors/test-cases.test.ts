import { afterAll, beforeAll, expect } from 'bun:test'
import { connectorHost } from '../support/connector-host.ts'
import { connectorOf } from '../support/connectors.ts'
import { passingFaults, times } from '../support/doubles/double-server.ts'
import { jiraDouble, SERVER_TOKEN } from '../support/doubles/jira.ts'
import { API_KEY, xrayDouble } from '../support/doubles/xray.ts'
import { ZEPHYR_TOKEN, zephyrDouble } from '../support/doubles/zephyr.ts'
import { isQuick, slowTest as test } from '../support/quick.ts'
import type { ManagementHost } from '../support/runtime/management-host.ts'

const T0 = Date.UTC(2026, 0, 2, 3, 4, 5)
const MINUTE = 60_000
const FIELDS = ['key', 'type', 'project', 'summary', 'status', 'priority', 'labels', 'created_at', 'fields']
const step = { id: 's1', action: 'Open', data: 'the door', result: 'It is open' }

let host: ManagementHost
beforeAll(async () => {
  if (!isQuick) host = await connectorHost()
})
afterAll(async () => {
  await host?.[Symbol.asyncDispose]()
})

const cloud = (double: { url: string; ca: string }, fields: Record<string, string> = API_KEY, config: object = {}) =>
  connectorOf(host, {
    ...{ type: 'xray', shape: 'issues', credential: { kind: 'password', fields } },
    config: { url: double.url, ca: double.ca, projects: ['ABC'], pageTests: 10, deletions: 'every-run', ...config },
  })

test('pulls tests of Xray Cloud with their steps, then those that were changed, and removes those that are gone', async () => {
  await using xray = await xrayDouble()
  xray.tests = Array.from({ length: 35 }, (_, n) => ({ key: `ABC-${n + 1}`, steps: [step] }))
  xray.tests.push({ key: 'XYZ-1' })
  const world = await cloud(xray)
  const { body } = await world.ask('POST', `${world.path}/check`)
  expect(body.said).toEqual(['Xray shows 35 tests.'])
  expect(await world.run()).toMatchObject({ state: 'done', records: 35, rowsRefused: 0, warnings: [] })
  expect((await world.rows(FIELDS)).find(([key]) => key === 'ABC-7')).toEqual([
    ...['ABC-7', 'Test', 'ABC', 'Test ABC-7', 'Ready', 'High', ['smoke'], '2026-01-02T02:04:05.000Z'],
    { test_type: 'Manual', folder: '/Core', steps: [{ action: 'Open', data: 'the door', result: 'It is open' }] },
  ])
  expect(await world.run()).toMatchObject({ state: 'done', pages: 0, removed: 0 })
  xray.tests = xray.tests.filter(({ key }) => key !== 'ABC-3')
  xray.tests[0] = { key: 'ABC-1', type: 'Cucumber', gherkin: 'Given a door' }
  expect(await world.run()).toMatchObject({ state: 'done', records: 1, rowsReplaced: 1, removed: 1 })
  // One that slips from page to page while they are read is not taken for gone.
  let pages = 0
  xray.onPage = () => void (++pages === 2 && xray.tests.unshift(...xray.tests.splice(15, 1)))
  expect(await world.run()).toMatchObject({ state: 'done', removed: 0 })
  expect(await world.rows(['key'])).toHaveLength(34)
}, 20_000)

test('signs in to Xray anew when its token is taken back, waits as it asks, and tells what it refuses', async () => {
  await using xray = await xrayDouble()
  xray.tests = Array.from({ length: 25 }, (_, n) => ({ key: `ABC-${n + 1}` }))
  const world = await cloud(xray)
  let pages = 0
  xray.faults = [
    ({ path }) => void (path.endsWith('/graphql') && ++pages === 2 && xray.tokens.clear()),
    ...passingFaults(xray, '/graphql'),
  ]
  expect(await world.run()).toMatchObject({ state: 'done', records: 25 })
  xray.faults = [times(9, () => Response.json({ errors: [{ message: 'Too deep' }], data: null }), '/graphql')]
  expect((await world.run()).failure).toMatchObject({
    code: 'connector.site_refused',
    message: expect.stringContaining('Too deep'),
  })
  xray.faults = [
    times(9, () => Response.json({ data: { getTests: { total: 1, results: [{ jira: {} }] } } }), '/graphql'),
  ]
  expect((await world.run()).failure).toMatchObject({ code: 'connector.answer_odd' })
  xray.faults = [times(9, () => Response.json('two\nlines'), '/authenticate')]
  expect((await world.run()).failure).toMatchObject({ code: 'connector.answer_odd' })
  xray.faults = []
  const stranger = await cloud(xray, { username: 'E5A0F0', password: 'wrong' })
  expect((await stranger.run()).failure).toMatchObject({ code: 'connector.credential_refused' })
}, 20_000)

test('pulls tests of Xray in a Jira of one’s own by what was updated', async () => {
  await using jira = await jiraDouble('data-center')
  const put = (n: number, updatedMs: number, name = 'Test') =>
    jira.put({ key: `ABC-${n}`, updatedMs, fields: { issuetype: { name } } })
  for (let n = 1; n <= 12; n++) put(n, T0 + n * MINUTE)
  put(99, T0, 'Bug')
  jira.around.tests.set('ABC-1', {
    type: 'Manual',
    definition: { steps: [{ id: 1, step: { raw: 'Open' }, data: 'x', result: null }] },
  })
  jira.around.tests.set('ABC-2', { type: 'Cucumber', definition: 'Given a door' })
  const world = await connectorOf(host, {
    ...{ type: 'xray', shape: 'issues', credential: { kind: 'token', fields: { token: SERVER_TOKEN } } },
    config: {
      edition: 'data-center',
      url: jira.url,
      ca: jira.ca,
      projects: ['ABC'],
      pageTests: 5,
      deletions: 'every-run',
    },
  })
  expect(await world.run()).toMatchObject({ state: 'done', rowsRefused: 0, warnings: [] })
  const found = Object.fromEntries((await world.rows(['key', 'fields'])) as [string, unknown][])
  expect(Object.keys(found)).toHaveLength(12)
  expect([found['ABC-1'], found['ABC-2']]).toEqual([
    { test_type: 'Manual', steps: [{ action: 'Open', data: 'x' }] },
    { test_type: 'Cucumber', definition: 'Given a door' },
  ])
  put(3, T0 + 90 * MINUTE)
  jira.remove('ABC-4')
  jira.around.tests.set('ABC-3', { type: 'Generic', definition: 'do it' })
  expect(await world.run()).toMatchObject({ state: 'done', records: 1, removed: 1 })
  expect(await world.rows(['key'])).toHaveLength(11)
})

test('pulls test cases of Zephyr with steps or scripts and names of statuses, waits as it asks, and removes those that are gone', async () => {
  await using zephyr = await zephyrDouble()
  const steps = Array.from({ length: 120 }, (_, n) => ({
    inline: { description: `Do ${n}`, testData: null, expectedResult: `Done ${n}` },
  }))
  zephyr.cases = Array.from({ length: 24 }, (_, n) => ({ key: `ABC-T${n + 1}` }))
  zephyr.cases.push(
    { key: 'ABC-T30', steps: [...steps, { testCase: { testCaseKey: 'ABC-T1' } }] },
    { key: 'ABC-T31', script: 'Given' },
    { key: 'XYZ-T1' },
  )
  const world = await connectorOf(host, {
    ...{ type: 'zephyr', shape: 'issues', credential: { kind: 'token', fields: { token: ZEPHYR_TOKEN } } },
    config: { url: `${zephyr.url}/v2`, ca: zephyr.ca, projects: ['ABC'], pageTests: 10, deletions: 'every-run' },
  })
  zephyr.faults = passingFaults(zephyr, '/teststeps')
  expect(await world.run()).toMatchObject({ state: 'done', records: 26, rowsRefused: 0, warnings: [] })
  zephyr.faults = []
  const found = new Map((await world.rows(FIELDS)).map((row) => [row[0], row]))
  expect(found.get('ABC-T31')).toEqual([
    ...['ABC-T31', 'Test', 'ABC', 'Case ABC-T31', 'Approved', 'High', ['smoke'], '2026-01-02T03:04:05.000Z'],
    {
      test_type: 'bdd',
      definition: 'Given',
      folder: '3',
      estimated_ms: 60_000,
      custom_fields: { Level: 'L1' },
      precondition: null,
    },
  ])
  const { steps: kept } = (found.get('ABC-T30') ?? [])[8] as { steps: { action: string }[] }
  expect([kept.length, kept[119]?.action, kept[120]?.action]).toEqual([121, 'Do 119', 'ABC-T1'])
  expect(await world.run()).toMatchObject({ state: 'done', pages: 0 })
  zephyr.cases = zephyr.cases
    .filter(({ key }) => key !== 'ABC-T2')
    .map((one) => (one.key === 'ABC-T1' ? { ...one, steps } : one))
  expect(await world.run()).toMatchObject({ state: 'done', records: 1, removed: 1 })
  zephyr.faults = [times(1, () => Response.json({ values: [{ key: '' }] }), '/testcases')]
  expect((await world.run()).failure).toMatchObject({ code: 'connector.answer_odd' })
  const { body } = await world.ask('POST', `${world.path}/check`)
  expect(body.said).toEqual(['Project ABC has test cases.'])
}, 30_000)
