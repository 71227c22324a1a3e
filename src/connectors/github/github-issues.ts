/** Issues of GitHub, as records of the shape `issues`. */
import * as v from 'valibot'
import { codeOf } from '../../base/mod.ts'
import { found, type PulledRecord } from '../http/documents.ts'
import { instantMs } from '../http/instants.ts'
import { nextLink } from '../http/links.ts'
import type { SiteClient } from '../http/site-client.ts'
import type { ListedRecord, UpdatedPage } from '../http/updated-records.ts'
import { askGithub, readGithub } from './github-api.ts'
import { PAGE_RECORDS_MAX } from './github-config.ts'

const text = v.optional(v.nullable(v.string()))
const User = v.optional(v.nullable(v.looseObject({ login: v.string() })))
const Label = v.union([v.string(), v.looseObject({ name: v.optional(v.nullable(v.string()), '') })])
const Issue = v.looseObject({
  ...{ number: v.number(), title: v.string(), state: v.string(), body: text, state_reason: text },
  ...{ user: User, assignee: User, assignees: v.optional(v.nullable(v.array(v.looseObject({ login: v.string() })))) },
  ...{
    labels: v.optional(v.array(Label), () => []),
    milestone: v.optional(v.nullable(v.looseObject({ title: v.string() }))),
  },
  type: v.optional(v.nullable(v.looseObject({ name: v.string() }))),
  ...{ created_at: text, updated_at: v.string(), closed_at: text, html_url: text, repository_url: text },
  ...{ comments: v.optional(v.number()), locked: v.optional(v.boolean()), author_association: text },
  pull_request: v.optional(v.unknown()),
})
type Issue = v.InferOutput<typeof Issue>
const Issues = v.array(Issue)

type Asked = { since: number | undefined; place: string | undefined; tag: string | undefined }

/** Those that were updated since, oldest first; what is a pull request is left out. */
export async function issuesPage(
  http: SiteClient,
  repository: string,
  { since, place, tag }: Asked,
): Promise<UpdatedPage> {
  const query = {
    ...{ state: 'all', sort: 'updated', direction: 'asc', per_page: String(PAGE_RECORDS_MAX) },
    ...(since !== undefined && { since: new Date(since).toISOString().replace(/\.\d+Z$/, 'Z') }),
  }
  const headers = { ...(tag !== undefined && { 'if-none-match': tag }) }
  const asking = place === undefined ? { path: `/repos/${repository}/issues`, query } : { path: place }
  const answer = await askGithub(http, { ...asking, headers })
  if (answer.status === 304) return { answer, found: [], next: undefined }
  const all = readGithub(answer, Issues, 'issues')
  return {
    answer,
    found: await Promise.all(all.map((issue) => foundIssue(repository, issue))),
    next: nextLink(answer.headers),
  }
}

/** Pages of the keys of all its issues. */
export async function* issueKeys(http: SiteClient, repository: string): AsyncGenerator<string[], void> {
  const query = { state: 'all', sort: 'created', direction: 'asc', per_page: String(PAGE_RECORDS_MAX) }
  for (let next: string | undefined = `/repos/${repository}/issues`; next !== undefined; ) {
    const answer = await askGithub(http, { path: next, ...(next.startsWith('/') && { query }) })
    yield readGithub(answer, Issues, 'issues').map(({ number }) => keyOf(repository, number))
    next = nextLink(answer.headers)
  }
}

/** Whether it is there still: not deleted, nor moved to another repository. */
export async function isIssueThere(http: SiteClient, repository: string, key: string): Promise<boolean> {
  try {
    const answer = await askGithub(http, { path: `/repos/${repository}/issues/${key.slice(key.lastIndexOf('#') + 1)}` })
    const { repository_url: home } = readGithub(answer, v.looseObject({ repository_url: text }), 'an issue')
    return !home || home.toLowerCase().endsWith(`/repos/${repository.toLowerCase()}`)
  } catch (error) {
    if (codeOf(error) === 'connector.site_has_not') return false
    throw error
  }
}

function keyOf(repository: string, number: number): string {
  return `${repository}#${number}`
}

async function foundIssue(repository: string, issue: Issue): Promise<ListedRecord> {
  const [id, atMs] = [String(issue.number), instantMs(issue.updated_at) ?? 0]
  const isPull = issue.pull_request !== undefined && issue.pull_request !== null
  return isPull ? { id, atMs, record: undefined } : found(recordOf(repository, issue), id, atMs)
}

function recordOf(repository: string, issue: Issue): PulledRecord {
  const { title, state, body, user, assignees, assignee, labels, milestone, type } = issue
  const isClosed = state === 'closed'
  return {
    ...{ key: keyOf(repository, issue.number), type: type?.name ?? 'Issue', status: state },
    ...{ status_category: isClosed ? 'Done' : 'To Do', summary: title, description: body ?? null, priority: null },
    ...{ assignee: assignees?.[0]?.login ?? assignee?.login ?? null, reporter: user?.login ?? null },
    ...{ created_at: issue.created_at ?? null, updated_at: issue.updated_at, resolved_at: issue.closed_at ?? null },
    ...{ components: [], labels: labels.map((label) => (typeof label === 'string' ? label : (label.name ?? ''))) },
    ...{ fix_versions: milestone ? [milestone.title] : [], project: repository },
    fields: {
      ...{ url: issue.html_url, state_reason: issue.state_reason, comments: issue.comments, locked: issue.locked },
      ...{ author_association: issue.author_association, assignees: assignees?.map(({ login }) => login) },
    },
  }
}
