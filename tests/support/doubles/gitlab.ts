/**
 * A double of GitLab's REST API, from its published documents: issues by `updated_after`, pages by keys of the last one where they are
 * asked for and by number else, pipelines that have ended, their test reports and jobs.
 */
import { type Answerable, type DoubleServer, doubleServer } from './double-server.ts'
import { linked } from './linked.ts'

export const GITLAB_TOKEN = 'glpat-of-mary'

export type GitlabIssue = { iid: number; updatedMs: number; title?: string; closed?: boolean }
export type GitlabPipeline = {
  id: number
  updatedMs: number
  status?: string
  ref?: string
  suites?: object[]
  jobs?: object[]
}

export type GitlabDouble = DoubleServer & {
  issues: Map<number, GitlabIssue>
  pipelines: Map<number, GitlabPipeline>
  /** Older ones page issues by number alone. */
  keyset: boolean
  /** Called before each list of issues. */
  onList: (() => void) | undefined
}

const PROJECT = '/api/v4/projects/acme%2Fshop'

type Asked = Answerable

export async function gitlabDouble(): Promise<GitlabDouble> {
  const server = await doubleServer('gitlab', (asked) => {
    if (asked.headers.get('authorization') !== `Bearer ${GITLAB_TOKEN}`)
      return Response.json({ message: '401 Unauthorized' }, { status: 401 })
    return answer(double, asked)
  })
  const double: GitlabDouble = Object.assign(server, {
    ...{ issues: new Map(), pipelines: new Map(), keyset: true, onList: undefined },
  })
  return double
}

function answer(double: GitlabDouble, asked: Asked): Response {
  const { path } = asked
  if (path === PROJECT) return Response.json({ id: 1, path_with_namespace: 'acme/shop' })
  if (path === `${PROJECT}/issues`) return listIssues(double, asked)
  if (path === `${PROJECT}/pipelines`) return listPipelines(double, asked)
  const issue = /\/issues\/(\d+)$/.exec(path)
  if (issue) {
    const found = double.issues.get(Number(issue[1]))
    return found ? Response.json(shownIssue(found)) : missing()
  }
  const [, id, what] = /\/pipelines\/(\d+)\/(test_report|jobs)$/.exec(path) ?? []
  const pipeline = double.pipelines.get(Number(id))
  if (!pipeline) return missing()
  if (what === 'test_report') return Response.json({ total_count: 1, test_suites: pipeline.suites ?? [] })
  return linked(asked, double.url, pipeline.jobs ?? [])
}

function listIssues(double: GitlabDouble, asked: Asked): Response {
  double.onList?.()
  const { query } = asked
  const after = Date.parse(query['updated_after'] ?? '') || 0
  const isByUpdate = query['order_by'] === 'updated_at'
  const all = [...double.issues.values()].filter(({ updatedMs }) => updatedMs >= after)
  all.sort((a, b) => (isByUpdate ? a.updatedMs - b.updatedMs : 0) || a.iid - b.iid)
  if (query['sort'] !== 'asc') all.reverse()
  if (!double.keyset || query['pagination'] !== 'keyset') return linked(asked, double.url, all.map(shownIssue))
  const [lastMs = 0, lastIid = 0] = query['cursor'] === undefined ? [] : JSON.parse(atob(query['cursor']))
  const isBehind = ({ updatedMs, iid }: GitlabIssue): boolean =>
    isByUpdate && updatedMs !== lastMs ? updatedMs > lastMs : iid > lastIid
  const left = all.filter(isBehind)
  const size = Math.min(100, Number(query['per_page'] ?? 20))
  const page = left.slice(0, size)
  const last = page.at(-1)
  const headers: Record<string, string> = {}
  if (left.length > size && last) {
    const cursor = btoa(JSON.stringify([last.updatedMs, last.iid]))
    headers['link'] = `<${double.url}${asked.path}?${new URLSearchParams({ ...query, cursor })}>; rel="next"`
  }
  return Response.json(page.map(shownIssue), { headers })
}

function listPipelines(double: GitlabDouble, asked: Asked): Response {
  const { query } = asked
  const after = Date.parse(query['updated_after'] ?? '') || 0
  const found = [...double.pipelines.values()]
    .filter(
      ({ status = 'success' }) => query['scope'] !== 'finished' || ['success', 'failed', 'canceled'].includes(status),
    )
    .filter(({ updatedMs, ref = 'main' }) => updatedMs > after && (query['ref'] === undefined || query['ref'] === ref))
    .sort((a, b) => a.updatedMs - b.updatedMs)
  const shown = found.map(({ id, updatedMs, status = 'success', ref = 'main' }) => ({
    ...{ id, iid: id - 1_000, project_id: 1, status, source: 'push', ref, sha: 'b'.repeat(40) },
    ...{ web_url: `https://gitlab.example/${id}`, created_at: '2026-01-01T00:00:00.000Z' },
    updated_at: new Date(updatedMs).toISOString(),
  }))
  return linked(asked, double.url, shown)
}

function shownIssue({ iid, updatedMs, title, closed }: GitlabIssue) {
  return {
    ...{ id: 9_000 + iid, iid, project_id: 1, title: title ?? `issue ${iid}`, description: 'Body', weight: 3 },
    ...{ state: closed ? 'closed' : 'opened', issue_type: 'issue', severity: 'UNKNOWN', labels: ['bug'] },
    ...{ author: { username: 'mary', name: 'Mary' }, assignees: [{ username: 'john' }], milestone: { title: 'v1' } },
    ...{ created_at: '2026-01-01T00:00:00.000Z', updated_at: new Date(updatedMs).toISOString() },
    ...{ closed_at: closed ? '2026-01-03T00:00:00.000Z' : null, web_url: `https://gitlab.example/${iid}` },
  }
}

function missing(): Response {
  return Response.json({ message: '404 Not found' }, { status: 404 })
}
