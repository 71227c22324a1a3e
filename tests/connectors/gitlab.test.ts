import { afterAll, afterEach, beforeAll, beforeEach, describe, expect } from 'bun:test'
import { connectorHost } from '../support/connector-host.ts'
import { type ConnectorSite, connectorSite } from '../support/connectors.ts'
import { passingFaults, times } from '../support/doubles/double-server.ts'
import { GITLAB_TOKEN, type GitlabDouble, gitlabDouble } from '../support/doubles/gitlab.ts'
import { isQuick, slowTest as test } from '../support/quick.ts'
import type { ManagementHost } from '../support/runtime/management-host.ts'

const T0 = Date.UTC(2026, 0, 2, 3, 4, 5, 6)
const MINUTE = 60_000
const DAY = 86_400_000

let host: ManagementHost
let gitlab: GitlabDouble
beforeAll(async () => {
  if (!isQuick) host = await connectorHost()
})
beforeEach(async () => {
  if (!isQuick) gitlab = await gitlabDouble()
})
afterEach(async () => {
  await gitlab?.[Symbol.asyncDispose]()
})
afterAll(async () => {
  await host?.[Symbol.asyncDispose]()
})

const made = (type: string, config: object = {}): Promise<ConnectorSite> =>
  connectorSite(
    host,
    gitlab,
    { type, shape: type === 'gitlab' ? 'issues' : 'test-results', token: GITLAB_TOKEN },
    { projects: ['acme/shop'], ...config },
  )

describe.each([true, false])('a connector to issues of GitLab, with pages by key: %p', (keyset) => {
  const put = (iid: number, updatedMs: number, more: object = {}) => gitlab.issues.set(iid, { iid, updatedMs, ...more })
  beforeEach(() => {
    if (!isQuick) gitlab.keyset = keyset
  })

  test('pulls every issue, then only what has changed, whatever passes in the middle', async () => {
    for (let n = 1; n <= 150; n++) put(n, T0 + n * MINUTE, { closed: n % 2 === 0 })
    // A bulk change.
    for (let n = 151; n <= 400; n++) put(n, T0 + 200 * MINUTE)
    const site = await made('gitlab')
    gitlab.skewMs = -3_600_000
    gitlab.faults = passingFaults(gitlab, '/issues')
    expect(await site.run()).toMatchObject({ state: 'done', records: 400, rowsRefused: 0, warnings: [] })
    const rows = await site.rows(['key', 'status', 'status_category', 'assignee', 'points', 'project'])
    expect(rows.find(([key]) => key === 'acme/shop#2')?.slice(1)).toEqual(['closed', 'Done', 'john', 3, 'acme/shop'])
    expect(await site.run()).toMatchObject({ state: 'done', records: 0 })
    put(3, T0 + 260 * MINUTE, { title: 'changed' })
    put(401, T0 + 261 * MINUTE)
    expect(await site.run()).toMatchObject({ state: 'done', records: 2, rowsReplaced: 1 })
    expect((await site.rows(['key'])).length).toBe(401)
    expect((await site.ask('POST', `${site.path}/check`)).body.said).toEqual([
      `${new URL(gitlab.url).host} shows acme/shop.`,
      expect.stringContaining('behind this one'),
    ])
  }, 30_000)

  test('goes on behind what it took when it fails, and removes what is gone', async () => {
    for (let n = 1; n <= 350; n++) put(n, T0 + n * MINUTE)
    const site = await made('gitlab', { deletions: 'every-run' })
    let lists = 0
    gitlab.onList = () => void lists++
    gitlab.faults = [
      ({ path }) => (path.endsWith('/issues') && lists === 2 ? new Response('{}', { status: 400 }) : undefined),
    ]
    expect(await site.run()).toMatchObject({ state: 'failed', records: 199 })
    gitlab.faults = []
    expect(await site.run()).toMatchObject({ state: 'done', records: 151, removed: 0 })
    for (const n of [7, 9]) gitlab.issues.delete(n)
    expect(await site.run()).toMatchObject({ state: 'done', removed: 2, rowsRefused: 0 })
    expect((await site.rows(['key'])).length).toBe(348)
  }, 20_000)
})

describe('a connector to GitLab CI', () => {
  const today = Date.now()
  const cases = [
    { status: 'success', name: 'adds', classname: 'Sum', execution_time: 0.25, system_output: null, stack_trace: null },
    {
      status: 'failed',
      name: 'divides',
      classname: 'Sum',
      execution_time: 1.5,
      system_output: 'by zero\nat line 3',
      file: 'a.js',
    },
    { status: 'error', name: 'breaks', execution_time: 0, system_output: { message: 'x' } },
  ]
  const put = (id: number, updatedMs: number, more: object = {}) =>
    gitlab.pipelines.set(id, { id, updatedMs, suites: [{ name: 'unit', test_cases: cases }], ...more })

  test('takes the test report of each pipeline that has ended, with its branch and commit, once and when it is run again', async () => {
    for (let n = 1; n <= 12; n++) put(1_000 + n, today - n * MINUTE * 10)
    put(1_013, today, { status: 'running' })
    put(1_014, today - MINUTE, { suites: [] })
    put(1_015, today - 60 * DAY)
    put(1_016, today - MINUTE, { ref: 'feature' })
    const site = await made('gitlab-ci', { branch: 'main' })
    expect(await site.run()).toMatchObject({ state: 'done', pages: 12, records: 36, rowsRefused: 0, warnings: [] })
    const rows = await site.rows([
      'suite',
      'class',
      'name',
      'status',
      'duration_ms',
      'run',
      'branch',
      'message',
      'file',
    ])
    expect(rows).toContainEqual([
      'unit',
      'Sum',
      'divides',
      'failed',
      1_500,
      'acme/shop/1003',
      'main',
      'by zero',
      'a.js',
    ])
    expect(await site.run()).toMatchObject({ state: 'done', pages: 0 })
    put(1_013, today)
    put(1_003, today + 1)
    expect(await site.run()).toMatchObject({ state: 'done', pages: 2, records: 6, rowsReplaced: 3 })
    expect((await site.rows(['run'])).length).toBe(39)
  }, 20_000)

  test('takes jobs instead where it is told to, and passes over a report that is too large with a warning', async () => {
    const job = { name: 'build', stage: 'test', status: 'failed', duration: 12.5, failure_reason: 'script_failure' }
    put(1_001, today - MINUTE, { jobs: [job, { ...job, name: 'lint', status: 'success' }] })
    put(1_002, today)
    const site = await made('gitlab-ci', { results: 'jobs' })
    expect(await site.run()).toMatchObject({ state: 'done', records: 2 })
    expect(await site.rows(['suite', 'name', 'status', 'duration_ms', 'message'])).toContainEqual([
      ...['test', 'build', 'failed', 12_500, 'script_failure'],
    ])
    const reports = await made('gitlab-ci')
    const large = () => new Response(`{"test_suites":[],"x":"${'x'.repeat(67_108_864)}"}`)
    gitlab.faults = [times(1, large, '/pipelines/1001/test_report')]
    const run = await reports.run()
    expect([run.state, run.records, run.warnings[0].code]).toEqual(['done', 3, 'connector.report_too_large'])
  }, 20_000)
})
