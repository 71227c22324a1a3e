import { afterAll, beforeAll, beforeEach, expect } from 'bun:test'
import { connectorHost } from '../support/connector-host.ts'
import { type ConnectorWorld, connectorWorld } from '../support/connectors.ts'
import { type JiraDouble, jiraDouble, times } from '../support/doubles/jira.ts'
import { describeSlow as describe, isQuick, slowTest as test } from '../support/quick.ts'
import type { ManagementHost } from '../support/runtime/management-host.ts'

const T0 = Date.UTC(2026, 0, 2, 3, 4, 5)
const MINUTE = 60_000

let host: ManagementHost
beforeAll(async () => {
  if (!isQuick) host = await connectorHost()
})
afterAll(async () => {
  await host?.[Symbol.asyncDispose]()
})

describe.each(['cloud', 'data-center'] as const)('a connector to Jira, %s', (edition) => {
  let jira: JiraDouble
  let world: ConnectorWorld
  beforeEach(async () => {
    await jira?.[Symbol.asyncDispose]()
    jira = await jiraDouble(edition)
    world = await connectorWorld(host, jira, edition)
  })
  afterAll(async () => {
    await jira?.[Symbol.asyncDispose]()
  })

  test('pulls every issue with its fields by name, then only what has changed, and counts both', async () => {
    for (let n = 1; n <= 25; n++)
      jira.put({ key: `ABC-${n}`, updatedMs: T0 + n * MINUTE, fields: { customfield_10042: `team ${n % 3}` } })
    jira.put({ key: 'XYZ-1', updatedMs: T0 })
    expect((await world.make('issues', { config: { pageIssues: 10 } })).status).toBe(201)
    const first = await world.run('issues')
    expect(first).toMatchObject({ state: 'done', rowsRefused: 0, failure: null, warnings: [] })
    expect(first.rowsTaken - first.rowsReplaced).toBe(25)
    expect(Object.keys(await world.records())).toHaveLength(25)
    expect((await world.records('fields'))['ABC-4']).toEqual({ Team: 'team 1' })
    expect(await world.run('issues')).toMatchObject({ state: 'done', pages: 0, records: 0 })
    jira.put({ key: 'ABC-3', updatedMs: T0 + 30 * MINUTE, fields: { summary: 'changed' } })
    jira.put({ key: 'ABC-26', updatedMs: T0 + 31 * MINUTE })
    const third = await world.run('issues')
    expect(third).toMatchObject({ state: 'done', pages: 1 })
    const records = await world.records()
    expect([Object.keys(records).length, records['ABC-3']]).toEqual([26, 'changed'])
  })

  test('takes hundreds of issues of one minute, and one that is found late', async () => {
    for (let n = 1; n <= 350; n++) jira.put({ key: `ABC-${n}`, updatedMs: T0 + n })
    await world.make('issues', { config: { pageIssues: 100 } })
    await world.run('issues')
    expect(Object.keys(await world.records())).toHaveLength(350)
    // An index that is behind shows a change of two minutes ago only now.
    jira.put({ key: 'ABC-400', updatedMs: T0 + 10 * MINUTE })
    await world.run('issues')
    jira.put({ key: 'ABC-399', updatedMs: T0 + 8 * MINUTE })
    await world.run('issues')
    expect(Object.keys(await world.records())).toContain('ABC-399')
  })

  test('passes over none while issues are changed between two pages', async () => {
    for (let n = 1; n <= 60; n++) jira.put({ key: `ABC-${n}`, updatedMs: T0 + n })
    await world.make('issues', { config: { pageIssues: 20 } })
    let searches = 0
    // Three that were read already move to the end, so that all behind them move up by three.
    jira.onSearch = () => {
      searches++
      if (searches === 2) for (const n of [1, 2, 3]) jira.put({ key: `ABC-${n}`, updatedMs: T0 + 5 * MINUTE + n })
    }
    expect(await world.run('issues')).toMatchObject({ state: 'done' })
    expect(Object.keys(await world.records())).toHaveLength(60)
  })

  test('asks by the minute in the time zone of its user, whatever the clocks do there', async () => {
    jira.timeZone = 'America/New_York'
    // Clocks there were set back at 06:00 UTC: the hour from 01:00 came twice.
    const change = Date.UTC(2025, 10, 2, 6)
    jira.put({ key: 'ABC-1', updatedMs: change - 20 * MINUTE })
    await world.make('issues')
    await world.run('issues')
    jira.put({ key: 'ABC-2', updatedMs: change + 10 * MINUTE }, { key: 'ABC-3', updatedMs: change + 50 * MINUTE })
    await world.run('issues')
    jira.put({ key: 'ABC-4', updatedMs: change + 90 * MINUTE })
    await world.run('issues')
    expect(Object.keys(await world.records()).sort()).toEqual(['ABC-1', 'ABC-2', 'ABC-3', 'ABC-4'])
  })

  test('waits as long as the site asks, tries again what may pass, and loses nothing by it', async () => {
    for (let n = 1; n <= 30; n++) jira.put({ key: `ABC-${n}`, updatedMs: T0 + n * MINUTE })
    await world.make('issues', { config: { pageIssues: 10 } })
    jira.skewMs = 3_600_000
    const inASecond = () => new Date(Date.now() + jira.skewMs + 1_000).toUTCString()
    jira.faults = [
      times(1, () => new Response('{}', { status: 429, headers: { 'retry-after': '1' } }), '/search'),
      times(1, () => new Response('{}', { status: 429, headers: { 'retry-after': inASecond() } }), '/search'),
      times(
        1,
        () => new Response('{"issues":[{"id":"1","k', { headers: { 'content-type': 'application/json' } }),
        '/search',
      ),
      times(1, () => new Response('down', { status: 503, headers: { 'retry-after': '0' } }), '/search'),
    ]
    expect(await world.run('issues')).toMatchObject({ state: 'done' })
    expect(Object.keys(await world.records())).toHaveLength(30)
  }, 20_000)

  test('takes issues whose text was cut within an emoji', async () => {
    jira.put({ key: 'ABC-1', updatedMs: T0, fields: { summary: 'cut \ud83d', customfield_10042: '😀' } })
    await world.make('issues')
    expect(await world.run('issues')).toMatchObject({ state: 'done', records: 1, rowsRefused: 0 })
    expect(await world.records()).toEqual({ 'ABC-1': 'cut \ufffd' })
    expect((await world.records('fields'))['ABC-1']).toEqual({ Team: '😀' })
  })

  test('is checked, tells its site’s fields, and pulls those that were chosen', async () => {
    jira.put({ key: 'ABC-1', updatedMs: T0, fields: { customfield_10042: 'red', customfield_10050: ['high'] } })
    jira.skewMs = 3_600_000
    await world.make('issues')
    const { body } = await world.ask('POST', `${world.path}/issues/check`)
    expect(body.said).toEqual([
      'Signed in as Mary Example, whose time zone is Europe/Berlin.',
      'Project ABC is Project ABC.',
      expect.stringMatching(/^The site’s clock is 3\d{3} s ahead of this one\. Pulls go by the site’s own\.$/),
    ])
    const { body: discovered } = await world.ask('POST', `${world.path}/issues/discover`)
    expect(discovered.setting).toBe('fields')
    expect(discovered.fields).toContainEqual({
      id: 'customfield_10050',
      name: 'Severity',
      type: 'list of option',
      own: true,
    })
    const config = { url: jira.url, ca: jira.ca, edition, projects: ['ABC'], fields: ['summary', 'customfield_10050'] }
    expect((await world.ask('PATCH', `${world.path}/issues`, { config })).status).toBe(200)
    await world.run('issues')
    expect((await world.records('fields'))['ABC-1']).toEqual({ Severity: ['high'] })
  })

  test('removes what is gone or was moved away, and nothing when only the access is lost or the census slips', async () => {
    for (let n = 1; n <= 30; n++) jira.put({ key: `ABC-${n}`, updatedMs: T0 + n * MINUTE })
    await world.make('issues', { config: { deletions: 'every-run' } })
    expect(await world.run('issues')).toMatchObject({ state: 'done', removed: 0 })
    jira.remove('ABC-7', 'ABC-9')
    jira.put({ key: 'XYZ-1', updatedMs: T0 + 40 * MINUTE })
    jira.moved.set('ABC-9', 'XYZ-1')
    expect(await world.run('issues')).toMatchObject({ state: 'done', removed: 2, rowsRefused: 0, warnings: [] })
    expect(Object.keys(await world.records())).toHaveLength(28)
    // A census that lacks one which is there: it is asked for by itself, and stays.
    jira.onSearch = () => jira.remove('ABC-1')
    const isItself = ({ path }: { path: string }) => path.endsWith('/issue/ABC-1')
    jira.faults = [(asked) => (isItself(asked) ? void jira.put({ key: 'ABC-1', updatedMs: T0 + MINUTE }) : undefined)]
    expect(await world.run('issues')).toMatchObject({ state: 'done', removed: 0 })
    expect(jira.asked.some(isItself)).toBe(true)
    jira.onSearch = undefined
    jira.faults = [({ path }) => (path.endsWith('/project/ABC') ? new Response('{}', { status: 404 }) : undefined)]
    const codes = ({ warnings }: { warnings: { code: string }[] }) => warnings.map(({ code }) => code)
    const hidden = await world.run('issues')
    expect([hidden.removed, codes(hidden)]).toEqual([0, ['connector.project_hidden']])
    jira.faults = []
    for (let n = 1; n <= 25; n++) jira.remove(`ABC-${n}`)
    const many = await world.run('issues')
    expect([many.removed, codes(many)]).toEqual([0, ['connector.removals_implausible']])
    expect(Object.keys(await world.records())).toHaveLength(28)
  }, 20_000)
})
