/** Issues of GitLab, as records of the shape `issues`. */
import * as v from 'valibot'
import { codeOf } from '../../base/mod.ts'
import { found, type PulledRecord } from '../http/documents.ts'
import { instantMs } from '../http/instants.ts'
import { nextLink } from '../http/links.ts'
import type { SiteClient } from '../http/site-client.ts'
import type { UpdatedPage } from '../http/updated-records.ts'
import { projectPath, readGitlab } from './gitlab-api.ts'
import { PAGE_RECORDS_MAX } from './gitlab-config.ts'

const text = v.optional(v.nullable(v.string()))
const User = v.optional(v.nullable(v.looseObject({ username: v.string(), name: text })))
const Titled = v.optional(v.nullable(v.looseObject({ title: v.string() })))
const Issue = v.looseObject({
  ...{ iid: v.number(), title: v.string(), state: v.string(), description: text, issue_type: text, severity: text },
  ...{
    author: User,
    assignee: User,
    assignees: v.optional(v.nullable(v.array(v.looseObject({ username: v.string() })))),
  },
  ...{ labels: v.optional(v.array(v.string()), () => []), milestone: Titled, iteration: Titled, epic: Titled },
  ...{ created_at: text, updated_at: v.string(), closed_at: text, due_date: text, web_url: text },
  ...{ weight: v.optional(v.nullable(v.number())), confidential: v.optional(v.nullable(v.boolean())) },
})
type Issue = v.InferOutput<typeof Issue>
const Issues = v.array(Issue)

type Asked = { since: number | undefined; place: string | undefined; tag: string | undefined }

/** What every list of issues is asked for: keys of the last one where GitLab pages by them, else by number. */
const LIST = { scope: 'all', sort: 'asc', per_page: String(PAGE_RECORDS_MAX), pagination: 'keyset' }

/** Those that were updated since, oldest first. */
export async function issuesPage(
  http: SiteClient,
  project: string,
  { since, place, tag }: Asked,
): Promise<UpdatedPage> {
  const query = {
    ...{ ...LIST, order_by: 'updated_at' },
    ...(since !== undefined && { updated_after: new Date(since).toISOString() }),
  }
  const headers = { ...(tag !== undefined && { 'if-none-match': tag }) }
  const asking = place === undefined ? { path: `${projectPath(project)}/issues`, query } : { path: place }
  const answer = await http.ask({ ...asking, headers })
  if (answer.status === 304) return { answer, found: [], next: undefined }
  const issues = readGitlab(answer, Issues, 'issues')
  const all = issues.map((issue) =>
    found(recordOf(project, issue), String(issue.iid), instantMs(issue.updated_at) ?? 0),
  )
  return { answer, found: await Promise.all(all), next: nextLink(answer.headers) }
}

/** Pages of the keys of all its issues. */
export async function* issueKeys(http: SiteClient, project: string): AsyncGenerator<string[], void> {
  const query = { ...LIST, order_by: 'created_at' }
  for (let next: string | undefined = `${projectPath(project)}/issues`; next !== undefined; ) {
    const answer = await http.ask({ path: next, ...(next.startsWith('/') && { query }) })
    const all = readGitlab(answer, v.array(v.looseObject({ iid: v.number() })), 'issues')
    yield all.map(({ iid }) => `${project}#${iid}`)
    next = nextLink(answer.headers)
  }
}

/** Whether it was not deleted. One that was moved stays, closed. */
export async function isIssueThere(http: SiteClient, project: string, key: string): Promise<boolean> {
  try {
    await http.ask({ path: `${projectPath(project)}/issues/${key.slice(key.lastIndexOf('#') + 1)}` })
    return true
  } catch (error) {
    if (codeOf(error) === 'connector.site_has_not') return false
    throw error
  }
}

function recordOf(project: string, issue: Issue): PulledRecord {
  const { title, state, description, author, assignee, assignees, labels, milestone, iteration, epic } = issue
  return {
    ...{ key: `${project}#${issue.iid}`, type: issue.issue_type ?? 'issue', status: state },
    ...{ status_category: state === 'closed' ? 'Done' : 'To Do', summary: title, description: description ?? null },
    // GitLab has no priority; incidents have a severity.
    priority: issue.severity && issue.severity !== 'UNKNOWN' ? issue.severity : null,
    ...{ assignee: assignees?.[0]?.username ?? assignee?.username ?? null, reporter: author?.username ?? null },
    ...{ created_at: issue.created_at ?? null, updated_at: issue.updated_at, resolved_at: issue.closed_at ?? null },
    ...{ components: [], labels, fix_versions: milestone ? [milestone.title] : [], parent: epic?.title ?? null },
    ...{ sprint: iteration?.title ?? null, points: issue.weight ?? null, project },
    fields: {
      ...{ url: issue.web_url, due_date: issue.due_date, confidential: issue.confidential },
      assignees: assignees?.map(({ username }) => username),
    },
  }
}
