/**
 * A double of GitHub's REST API as an Enterprise server has it, from its published documents: issues with their pull requests by `since`,
 * pages by `Link`, `ETag` and 304, 410 for what was deleted, 301 for what was moved, workflow runs by when they were made, the newest
 * first and a thousand at most, and the jobs of their attempts.
 */
import { type Answerable, type DoubleServer, doubleServer } from './double-server.ts'
import { linked } from './linked.ts'

export const GITHUB_TOKEN = 'github_pat_of_mary'

export type GithubIssue = {
  number: number
  updatedMs: number
  title?: string
  closed?: boolean
  pull?: boolean
  more?: object
}
export type GithubRun = {
  id: number
  createdMs: number
  attempt?: number
  status?: string
  conclusion?: string
  jobs: object[]
}

export type GithubDouble = DoubleServer & {
  issues: Map<number, GithubIssue>
  /** Numbers of those that were deleted, or moved to another repository. */
  deleted: Set<number>
  moved: Set<number>
  runs: Map<number, GithubRun>
  /** How many of one question it lists. */
  listedMax: number
  hidden: boolean
  /** Called before each list of issues. */
  onList: (() => void) | undefined
}

const API = '/api/v3'
const REPOSITORY = `${API}/repos/acme/shop`

export async function githubDouble(): Promise<GithubDouble> {
  const server = await doubleServer('github', (asked) => {
    if (asked.headers.get('authorization') !== `Bearer ${GITHUB_TOKEN}`)
      return Response.json({ message: 'Bad credentials' }, { status: 401 })
    if (asked.headers.get('accept') !== 'application/vnd.github+json') return said(415, 'Unsupported accept header')
    const response = answer(double, asked)
    response.headers.set('x-ratelimit-limit', '5000')
    return response
  })
  const double: GithubDouble = Object.assign(server, {
    ...{ issues: new Map(), deleted: new Set<number>(), moved: new Set<number>(), runs: new Map() },
    ...{ listedMax: 1_000, hidden: false, onList: undefined },
  })
  return double
}

function answer(double: GithubDouble, asked: Answerable): Response {
  const { path } = asked
  if (double.hidden) return said(404, 'Not Found')
  if (path === REPOSITORY) return Response.json({ full_name: 'acme/shop', private: true })
  if (path === `${REPOSITORY}/issues`) return listIssues(double, asked)
  if (path.startsWith(`${REPOSITORY}/issues/`)) return oneIssue(double, Number(path.split('/').at(-1)))
  if (path === `${API}/repositories/2/issues/1`)
    return Response.json({ number: 1, repository_url: `${double.url}${API}/repos/acme/other` })
  if (path === `${REPOSITORY}/actions/runs`) return listRuns(double, asked)
  const [, id, attempt] = /\/actions\/runs\/(\d+)\/attempts\/(\d+)\/jobs$/.exec(path) ?? []
  const run = double.runs.get(Number(id))
  if (!run || Number(attempt) !== (run.attempt ?? 1)) return said(404, 'Not Found')
  return linked(asked, double.url, run.jobs, (jobs) => ({ total_count: run.jobs.length, jobs }))
}

function listIssues(double: GithubDouble, asked: Answerable): Response {
  double.onList?.()
  const { query, headers } = asked
  const since = query['since'] === undefined ? 0 : Date.parse(query['since'])
  const found = [...double.issues.values()].filter(({ updatedMs }) => secondOf(updatedMs) >= since)
  const isByUpdate = query['sort'] === 'updated'
  found.sort((a, b) => (isByUpdate ? a.updatedMs - b.updatedMs : 0) || a.number - b.number)
  if (query['direction'] !== 'asc') found.reverse()
  const all = found.map((issue) => shown(double, issue))
  const tag = `"${Bun.hash(JSON.stringify([all, query])).toString(16)}"`
  if (headers.get('if-none-match') === tag) return new Response(null, { status: 304, headers: { etag: tag } })
  const response = linked(asked, double.url, all)
  response.headers.set('etag', tag)
  return response
}

function oneIssue(double: GithubDouble, number: number): Response {
  if (double.deleted.has(number)) return said(410, 'This issue was deleted')
  if (double.moved.has(number))
    return new Response('', { status: 301, headers: { location: `${double.url}${API}/repositories/2/issues/1` } })
  const issue = double.issues.get(number)
  return issue ? Response.json(shown(double, issue)) : said(404, 'Not Found')
}

function listRuns(double: GithubDouble, asked: Answerable): Response {
  const [from = '', to = ''] = (asked.query['created'] ?? '').split('..')
  const found = [...double.runs.values()]
    .filter(({ createdMs }) => secondOf(createdMs) >= Date.parse(from) && secondOf(createdMs) <= Date.parse(to))
    .sort((a, b) => b.createdMs - a.createdMs)
  const runs = found
    .slice(0, double.listedMax)
    .map(({ id, createdMs, attempt = 1, status = 'completed', conclusion = 'success' }) => ({
      ...{ id, name: 'CI', path: '.github/workflows/ci.yml', status, conclusion, event: 'push', run_number: id },
      ...{
        head_branch: 'main',
        head_sha: 'a'.repeat(40),
        run_attempt: attempt,
        html_url: `https://github.example/${id}`,
      },
      ...{
        created_at: new Date(createdMs).toISOString(),
        updated_at: new Date(createdMs + attempt * 60_000).toISOString(),
      },
    }))
  return linked(asked, double.url, runs, (page) => ({ total_count: found.length, workflow_runs: page }))
}

function shown({ url }: GithubDouble, { number, updatedMs, title, closed, pull, more }: GithubIssue) {
  return {
    ...{
      id: 9_000 + number,
      number,
      title: title ?? `issue ${number}`,
      state: closed ? 'closed' : 'open',
      body: 'Body',
    },
    ...{
      user: { login: 'mary' },
      assignees: [{ login: 'john' }],
      labels: [{ name: 'bug' }],
      milestone: { title: 'v1' },
    },
    ...{
      created_at: '2026-01-01T00:00:00Z',
      updated_at: new Date(secondOf(updatedMs)).toISOString().replace('.000', ''),
    },
    ...{ closed_at: closed ? '2026-01-03T00:00:00Z' : null, comments: 2, repository_url: `${url}${REPOSITORY}` },
    ...(pull && { pull_request: { url: 'https://github.example/pull' } }),
    ...more,
  }
}

function secondOf(ms: number): number {
  return Math.floor(ms / 1_000) * 1_000
}

function said(status: number, message: string): Response {
  return Response.json({ message, documentation_url: 'https://docs.github.com/rest' }, { status })
}
