/**
 * A double of Jira's REST API, from Atlassian's published documents: Cloud (`POST /rest/api/3/search/jql`, pages by token, Basic by
 * e-mail address and API token) and Data Center (`POST /rest/api/2/search`, pages by number, Bearer). Of JQL it knows what a pull asks;
 * anything else is 400, as there. It may be told to throttle, to fail, to cut what it says, to have another clock, to hide a project.
 */
import { type Answerable, type DoubleServer, doubleServer } from './double-server.ts'
import { type JiraAround, listOfSite, nothingAround, partOfIssue } from './jira-around.ts'

export { type Fault, times } from './double-server.ts'

export type JiraIssue = { key: string; updatedMs: number; fields?: Record<string, unknown> }
export type JiraDouble = DoubleServer & {
  put(...issues: JiraIssue[]): void
  remove(...keys: string[]): void
  /** Keys that issues had before they were moved, and those that they have now. */
  moved: Map<string, string>
  /** Projects that who asks may not see any more. */
  hidden: Set<string>
  /** Of who asks. */
  timeZone: string
  /** Called before each search, which may change issues meanwhile. */
  onSearch: (() => void) | undefined
  /** Whatever is not an issue; of issues by their keys. */
  around: JiraAround
}

export const CLOUD_USER = 'mary@acme.example'
export const CLOUD_TOKEN = 'api-token-of-mary'
export const SERVER_TOKEN = 'personal-access-token'

const FIELDS = [
  { id: 'summary', name: 'Summary', custom: false, schema: { type: 'string' } },
  { id: 'updated', name: 'Updated', custom: false, schema: { type: 'datetime' } },
  { id: 'project', name: 'Project', custom: false, schema: { type: 'project' } },
  { id: 'customfield_10042', name: 'Team', custom: true, schema: { type: 'string' } },
  { id: 'customfield_10050', name: 'Severity', custom: true, schema: { type: 'array', items: 'option' } },
]

export async function jiraDouble(edition: 'cloud' | 'data-center' = 'cloud'): Promise<JiraDouble> {
  const issues = new Map<string, JiraIssue & { id: string }>()
  let ids = 10_000
  const authorization = edition === 'cloud' ? `Basic ${btoa(`${CLOUD_USER}:${CLOUD_TOKEN}`)}` : `Bearer ${SERVER_TOKEN}`
  const api = edition === 'cloud' ? '/rest/api/3' : '/rest/api/2'

  function search(body: Record<string, unknown>): Response {
    double.onSearch?.()
    const found = matching(String(body['jql']), [...issues.values()], double)
    if (typeof found === 'string') return json(400, { errorMessages: [found], errors: {} })
    const fields = (body['fields'] as string[] | undefined) ?? ['id']
    const idsOnly = fields.every((name) => name === 'id' || name === 'key')
    const most = Math.min(
      Number(body['maxResults'] ?? 50),
      edition === 'cloud' && idsOnly ? 5_000 : edition === 'cloud' ? 100 : 1_000,
    )
    const token = body['nextPageToken']
    const from =
      edition === 'cloud' ? Number(token === undefined ? 0 : atob(String(token))) : Number(body['startAt'] ?? 0)
    const page = found.slice(from, from + most).map((issue) => shown(issue, fields, idsOnly))
    const isLast = from + most >= found.length
    if (edition === 'data-center')
      return json(200, { expand: 'schema,names', startAt: from, maxResults: most, total: found.length, issues: page })
    return json(200, { issues: page, isLast, ...(!isLast && { nextPageToken: btoa(String(from + most)) }) })
  }

  function answer({ path, method, headers, body, query: asked }: Answerable): Response {
    if (headers.get('authorization') !== authorization)
      return json(401, { message: 'Client must be authenticated to access this resource.' })
    const query = new URLSearchParams(asked)
    if (path === `${api}/myself`) return json(200, { displayName: 'Mary Example', timeZone: double.timeZone })
    if (path === `${api}/field`) return json(200, FIELDS)
    const listed = listOfSite(edition, double.around, path, query)
    if (listed) return listed
    const [, issueId, part = ''] = /^\/rest\/api\/2\/issue\/(\d+)(\/\w+)?$/.exec(path) ?? []
    if (issueId !== undefined) {
      const issue = [...issues.values()].find(({ id }) => id === issueId)
      const answered = issue && partOfIssue(edition, double.around, issue.key, part, query)
      return answered ?? json(404, { errorMessages: ['Issue does not exist or you do not have permission to see it.'] })
    }
    const project = /^\/project\/([A-Z][A-Z0-9_]*)$/.exec(path.slice(api.length))?.[1]
    if (project !== undefined && path.startsWith(api)) {
      if (double.hidden.has(project))
        return json(404, { errorMessages: [`No project could be found with key '${project}'.`] })
      return json(200, { key: project, name: `Project ${project}` })
    }
    const key = /^\/issue\/([A-Z][A-Z0-9_]*)-(\d+)$/.exec(path.slice(api.length))
    if (key) {
      const named = `${key[1]}-${key[2]}`
      const found = issues.get(double.moved.get(named) ?? named)
      if (!found || double.hidden.has(found.key.split('-')[0] ?? ''))
        return json(404, { errorMessages: ['Issue does not exist or you do not have permission to see it.'] })
      return json(200, { id: found.id, key: found.key, fields: {} })
    }
    const searchPath = edition === 'cloud' ? '/rest/api/3/search/jql' : '/rest/api/2/search'
    if (path === searchPath && method === 'POST') return search(JSON.parse(body))
    return json(404, { errorMessages: ['not here'] })
  }

  const server = await doubleServer('jira', answer)
  const double: JiraDouble = Object.assign(server, {
    ...{ moved: new Map<string, string>(), hidden: new Set<string>(), timeZone: 'Europe/Berlin' },
    ...{ onSearch: undefined, around: nothingAround() },
    put(...given: JiraIssue[]) {
      for (const issue of given) issues.set(issue.key, { id: issues.get(issue.key)?.id ?? String(ids++), ...issue })
    },
    remove: (...keys: string[]) => void keys.map((key) => issues.delete(key)),
  })
  return double
}

function json(status: number, body: unknown, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: { 'content-type': 'application/json;charset=UTF-8', ...headers },
  })
}

function shown(
  { id, key, updatedMs, fields = {} }: JiraIssue & { id: string },
  wanted: readonly string[],
  idsOnly: boolean,
) {
  if (idsOnly) return { id, key }
  const own = {
    summary: `Issue ${key}`,
    // As Jira writes it: an offset without a colon.
    updated: new Date(updatedMs + 3_600_000).toISOString().replace('Z', '+0100'),
    project: { key: key.split('-')[0] },
    issuetype: { name: 'Story' },
    status: { name: 'Open', statusCategory: { name: 'To Do' } },
    ...fields,
  }
  const chosen = wanted.includes('*all')
    ? own
    : Object.fromEntries(Object.entries(own).filter(([name]) => wanted.includes(name)))
  return { id, key, fields: chosen }
}

/** The issues that JQL finds, in its order, or what is said of JQL that is not known here. */
function matching(
  jql: string,
  all: (JiraIssue & { id: string })[],
  { hidden, timeZone }: Pick<JiraDouble, 'hidden' | 'timeZone'>,
) {
  const [where = '', order = ''] = jql.split(/ ORDER BY /)
  let found = all.filter(({ key }) => !hidden.has(key.split('-')[0] ?? ''))
  for (const clause of where.split(' AND ')) {
    const projects = /^project (?:in \((.+)\)|= (".+"))$/.exec(clause)
    const since = /^updated >= "(\d{4}-\d\d-\d\d) (\d\d:\d\d)"$/.exec(clause)
    if (projects) {
      const keys = (projects[1] ?? projects[2] ?? '').split(', ').map((key) => key.replaceAll('"', ''))
      const gone = keys.find((key) => hidden.has(key))
      if (gone !== undefined) return `The value '${gone}' does not exist for the field 'project'.`
      found = found.filter(({ key }) => keys.includes(key.split('-')[0] ?? ''))
    } else if (since) {
      const fromText = `${since[1]} ${since[2]}`
      found = found.filter(({ updatedMs }) => localMinute(updatedMs, timeZone) >= fromText)
    } else if (/^issuetype = "Test"$/.test(clause)) {
      found = found.filter(({ fields }) => (fields?.['issuetype'] as { name?: string } | undefined)?.name === 'Test')
    } else if (clause !== 'project is not EMPTY') return `Error in the JQL Query: '${clause}'`
  }
  if (order === 'updated ASC, key ASC')
    found.sort((a, b) => a.updatedMs - b.updatedMs || a.key.localeCompare(b.key, 'en', { numeric: true }))
  else if (order === 'key ASC') found.sort((a, b) => a.key.localeCompare(b.key, 'en', { numeric: true }))
  else if (order !== '') return `Field '${order}' does not exist.`
  return found
}

const formats = new Map<string, Intl.DateTimeFormat>()

function localMinute(ms: number, timeZone: string): string {
  const format =
    formats.get(timeZone) ?? new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'short' })
  formats.set(timeZone, format)
  return format.format(ms)
}
