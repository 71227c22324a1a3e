import { afterAll, afterEach, beforeAll, beforeEach, describe, expect } from 'bun:test'
import { connectorHost } from '../support/connector-host.ts'
import { type ConnectorSite, connectorSite } from '../support/connectors.ts'
import { passingFaults, times } from '../support/doubles/double-server.ts'
import { GITHUB_TOKEN, type GithubDouble, githubDouble } from '../support/doubles/github.ts'
import { isQuick, slowTest as test } from '../support/quick.ts'
import type { ManagementHost } from '../support/runtime/management-host.ts'

const T0 = Date.UTC(2026, 0, 2, 3, 4, 5)
const MINUTE = 60_000
const DAY = 86_400_000

let host: ManagementHost
let github: GithubDouble
beforeAll(async () => {
  if (!isQuick) host = await connectorHost()
})
beforeEach(async () => {
  if (!isQuick) github = await githubDouble()
})
afterEach(async () => {
  await github?.[Symbol.asyncDispose]()
})
afterAll(async () => {
  await host?.[Symbol.asyncDispose]()
})

const made = (type: string, config: object = {}): Promise<ConnectorSite> =>
  connectorSite(
    host,
    { url: `${github.url}/api/v3`, ca: github.ca },
    { type, shape: type === 'github' ? 'issues' : 'test-results', token: GITHUB_TOKEN },
    { repositories: ['acme/shop'], ...config },
  )
const lists = () => github.asked.filter(({ path }) => path.endsWith('/issues'))

describe('a connector to issues of GitHub', () => {
  const put = (number: number, updatedMs: number, more: object = {}) =>
    github.issues.set(number, { number, updatedMs, ...more })

  test('pulls every issue and no pull request, then only what has changed, and asks for nothing twice', async () => {
    for (let n = 1; n <= 250; n++) put(n, T0 + n * MINUTE, { pull: n % 5 === 0, closed: n % 2 === 0 })
    const site = await made('github')
    expect(await site.run()).toMatchObject({ state: 'done', records: 200, rowsRefused: 0, warnings: [] })
    const rows = await site.rows(['key', 'status', 'status_category', 'assignee', 'labels', 'fix_versions', 'project'])
    expect(rows.find(([key]) => key === 'acme/shop#2')?.slice(1)).toEqual([
      ...['closed', 'Done', 'john', ['bug'], ['v1'], 'acme/shop'],
    ])
    // Nothing has come: the site is asked whether the last five minutes are as they were, and says so at no cost.
    expect(await site.run()).toMatchObject({ state: 'done', records: 0 })
    expect(await site.run()).toMatchObject({ state: 'done', records: 0 })
    expect(lists().at(-1)?.status).toBe(304)
    put(3, T0 + 260 * MINUTE, { title: 'changed' })
    // Of the same second as the last: its time tells nothing of it, what it says does.
    put(249, T0 + 249 * MINUTE, { title: 'changed as well' })
    expect(await site.run()).toMatchObject({ state: 'done', records: 2, rowsReplaced: 2 })
    expect((await site.rows(['key'])).length).toBe(200)
  }, 20_000)

  test('takes an issue whose title was cut within an emoji', async () => {
    put(1, T0, { title: 'cut \ud83d' })
    const site = await made('github')
    expect(await site.run()).toMatchObject({ state: 'done', records: 1, rowsRefused: 0 })
    expect(await site.rows(['summary'])).toEqual([['cut \ufffd']])
  })

  test('takes hundreds of one second, and passes over none while issues are changed between two pages', async () => {
    for (let n = 1; n <= 350; n++) put(n, T0 + n)
    const site = await made('github')
    let asked = 0
    github.onList = () => {
      // Those that were read already move to the end, so that all behind them move up.
      if (++asked === 4) for (let n = 1; n <= 30; n++) put(n, T0 + 30 * MINUTE)
    }
    expect(await site.run()).toMatchObject({ state: 'done' })
    expect((await site.rows(['key'])).length).toBe(350)
  }, 20_000)

  test('is throttled by either limit and fails in the middle without losing any; its clock may be an hour off', async () => {
    for (let n = 1; n <= 250; n++) put(n, T0 + n * MINUTE)
    github.skewMs = 3_600_000
    const site = await made('github')
    const { body } = await site.ask('POST', `${site.path}/check`)
    expect(body.said).toEqual([
      `${new URL(github.url).host} shows acme/shop, which is private.`,
      'It may be asked 5000 times an hour.',
      expect.stringMatching(/^The site’s clock is 3\d{3} s ahead of this one/),
    ])
    const reset = () => String(Math.ceil((Date.now() + github.skewMs + 1_000) / 1_000))
    const spent = () => ({ 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': reset() })
    github.faults = [
      times(1, () => Response.json({ message: 'API rate limit exceeded' }, { status: 403, headers: spent() })),
      times(1, () =>
        Response.json({ message: 'secondary rate limit' }, { status: 403, headers: { 'retry-after': '1' } }),
      ),
      ...passingFaults(github, '/issues').slice(2),
    ]
    expect(await site.run()).toMatchObject({ state: 'done', records: 250 })
    github.faults = [() => (lists().length % 2 === 0 ? undefined : new Response('{}', { status: 422 }))]
    for (let n = 251; n <= 600; n++) put(n, T0 + n * MINUTE)
    let run = await site.run()
    for (let runs = 0; runs < 10 && run.state === 'failed'; runs++) run = await site.run()
    expect((await site.rows(['key'])).length).toBe(600)
    github.faults = [times(99, () => Response.json({ message: 'Bad credentials' }, { status: 401 }))]
    expect((await site.run()).failure.code).toBe('connector.credential_refused')
  }, 60_000)

  test('removes what was deleted or moved away, and nothing when only the access is lost', async () => {
    for (let n = 1; n <= 120; n++) put(n, T0 + n * MINUTE)
    const site = await made('github', { deletions: 'every-run' })
    expect(await site.run()).toMatchObject({ state: 'done', removed: 0 })
    for (const n of [7, 9]) github.issues.delete(n)
    github.deleted.add(7)
    github.moved.add(9)
    expect(await site.run()).toMatchObject({ state: 'done', removed: 2, rowsRefused: 0, warnings: [] })
    expect((await site.rows(['key'])).length).toBe(118)
    github.faults = [
      ({ path }) => (path.endsWith('/repos/acme/shop') ? new Response('{}', { status: 404 }) : undefined),
    ]
    const { removed, warnings } = await site.run()
    expect([removed, warnings[0].code]).toEqual([0, 'connector.repository_hidden'])
  }, 20_000)

  test('a cursor of another type and a repository that is none are refused by name', async () => {
    const site = await made('github')
    await site.ask('PUT', `${site.path}/cursor`, { cursor: { seen: [] } })
    expect((await site.run()).failure.code).toBe('connector.unfit')
    for (const one of ['shop', 'acme/shop/issues', '../shop', 'acme/..', 'acme/shop?x=1'])
      expect([one, (await site.change({ repositories: [one] })).body.code]).toEqual([one, 'connector.unfit'])
  }, 20_000)
})

describe('a connector to GitHub Actions', () => {
  const today = Math.floor(Date.now() / 1_000) * 1_000
  const job = (name: string, conclusion: string) => ({
    ...{
      name,
      conclusion,
      started_at: '2026-01-02T03:00:00Z',
      completed_at: '2026-01-02T03:01:30Z',
      html_url: 'https://x',
    },
    ...{
      steps: [
        { name: 'checkout', conclusion: 'success' },
        { name: 'npm test', conclusion },
      ],
      labels: ['ubuntu'],
    },
  })
  const put = (id: number, createdMs: number, more: object = {}) =>
    github.runs.set(id, {
      id,
      createdMs,
      jobs: [job('build', 'success'), job('test', id % 2 ? 'failure' : 'success')],
      ...more,
    })

  test('takes each finished run once with its branch and commit, those that end later, and those that are run again', async () => {
    for (let n = 1; n <= 5; n++) put(n, today - (10 - n) * DAY)
    put(6, today - 3_600_000, { status: 'in_progress', conclusion: null })
    put(7, today, { conclusion: 'startup_failure', jobs: [] })
    put(8, today - 200 * DAY)
    const site = await made('github-actions')
    expect(await site.run()).toMatchObject({ state: 'done', pages: 6, records: 11, rowsRefused: 0 })
    const rows = await site.rows(['name', 'status', 'run', 'branch', 'commit', 'duration_ms', 'message'])
    expect(rows).toContainEqual([
      'test',
      'failed',
      'acme/shop/3/1',
      'main',
      'a'.repeat(40),
      90_000,
      'failed at: npm test',
    ])
    expect(rows).toContainEqual(['CI', 'error', 'acme/shop/7/1', 'main', 'a'.repeat(40), null, 'startup_failure'])
    expect(await site.run()).toMatchObject({ state: 'done', pages: 0 })
    put(6, today - 3_600_000)
    put(5, today - 5 * DAY, { attempt: 2, jobs: [job('test', 'success')] })
    expect(await site.run()).toMatchObject({ state: 'done', pages: 1 })
    await site.change({ repositories: ['acme/shop'], lookBackDays: 10 })
    // Those that it had forgotten come again and take their own places.
    const wider = await site.run()
    expect([wider.state, wider.rowsTaken - wider.rowsReplaced]).toEqual(['done', 1])
    expect((await site.rows(['run'])).filter(([run]) => run === 'acme/shop/5/2')).toHaveLength(1)
  }, 20_000)

  test('asks for ever shorter stretches where there are more runs than GitHub lists', async () => {
    github.listedMax = 1_000
    for (let n = 1; n <= 1_200; n++)
      put(n, today - 12 * 3_600_000 + n * 10_000, {
        jobs: [job('build', 'success')],
        status: n % 40 ? 'queued' : 'completed',
      })
    const site = await made('github-actions', { historyDays: 1 })
    expect(await site.run()).toMatchObject({ state: 'done', records: 30, warnings: [] })
  }, 30_000)
})
