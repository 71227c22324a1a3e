/** The connector to Jira, Cloud and Data Center: issues of every type with their fields by name, and what is around them. */
import { type Bytes, concatBytes, utf8 } from '../../base/mod.ts'
import { type AskContext, defineConnector, type PullContext } from '../definition.ts'
import { SiteAnswerOdd } from '../errors.ts'
import { isCensusDue } from '../gone.ts'
import { clockWords } from '../http/site-clock.ts'
import { type IssuesSince, issuesSince } from './issues-since.ts'
import { removedIssues } from './jira-census.ts'
import { JiraConfig } from './jira-config.ts'
import { isOfIssues } from './jira-objects.ts'
import { pullList, pullOfIssues } from './jira-pull-objects.ts'
import type { FoundIssue } from './jira-search.ts'
import { fieldsOfSite, myself, project } from './jira-site.ts'

/** What datasets read as Jira's issues, however far behind its beginning the first of them stands. */
export const JIRA_ISSUES_TYPE = 'application/vnd.sluice.jira-issues+json'

export const jira = defineConnector({
  type: 'jira',
  title: 'Jira',
  summary:
    'Issues of Jira Cloud or Data Center with all their fields; or comments, worklogs, changes, projects, versions, boards, sprints, users.',
  config: JiraConfig,
  lines: ['jql', 'ca'],
  credentials: ['password', 'token', 'oauth2_client'],
  shapes: ['issues'],
  example: { url: 'https://example.atlassian.net', projects: ['ABC'], deletions: 'daily' },
  site: ({ url, ca }) => ({ url, ca }),
  check,
  discover: { setting: 'fields', fields: (config, { http }) => fieldsOfSite(http, config) },
  pull,
})

async function check(config: JiraConfig, { http }: AskContext): Promise<string[]> {
  const { name, timeZone } = await myself(http, config)
  const said = [`Signed in as ${name}, whose time zone is ${timeZone ?? 'not told'}.`]
  for (const key of config.projects.slice(0, 8))
    said.push(`Project ${key} is ${(await project(http, config, key)).name}.`)
  said.push(...clockWords(http))
  return said
}

async function* pull(config: JiraConfig, context: PullContext) {
  const { objects } = config
  if (objects !== 'issues' && !isOfIssues(objects)) return yield* pullList({ ...context, config }, objects)
  const wanted = objects === 'issues' ? config : { ...config, fields: ['updated'] }
  const since = await issuesSince(wanted, context)
  if (objects === 'issues') yield* pullIssues({ ...context, config }, since)
  else yield* pullOfIssues({ ...context, config }, objects, since)
}

async function* pullIssues(
  { http, clock, warn, knownKeys, config }: PullContext & { config: JiraConfig },
  { pages, progress }: IssuesSince,
) {
  const names = new Map((await fieldsOfSite(http, config)).map(({ id, name }) => [id, name]))
  let number = 0
  for await (const { answer, issues } of pages) {
    if (progress.fresh(issues).length === 0) continue
    yield {
      ...{ content: withNames(answer.bytes, issues, names), contentType: JIRA_ISSUES_TYPE },
      ...{ fileName: `issues-${++number}.json`, records: issues.length, cursor: progress.cursor() },
    }
  }
  if (!isCensusDue(config.deletions, progress.censusAtMs, clock.now())) return
  yield* removedIssues({ http, config, knownKeys, warn }, () => progress.cursor())
  progress.censusAtMs = clock.now()
  yield { cursor: progress.cursor() }
}

/** The answer as it came, with the names of its fields put in front: readers need them before the issues. */
function withNames(bytes: Bytes, issues: readonly FoundIssue[], names: ReadonlyMap<string, string>): Bytes {
  const used = new Set(issues.flatMap(({ fields }) => Object.keys(fields ?? {})))
  const own = [...used].flatMap((id) => (names.has(id) ? [[id, names.get(id)] as const] : []))
  const begins = bytes.indexOf(0x7b)
  // It was parsed as an object, so there is one; what may stand before it is white space.
  if (begins < 0) throw new SiteAnswerOdd('an answer without an object')
  const head = `{"names":${JSON.stringify(Object.fromEntries(own))}`
  const isEmpty = /^\{\s*\}/.test(new TextDecoder().decode(bytes.subarray(begins, begins + 64)))
  return concatBytes(utf8(isEmpty ? head : `${head},`), bytes.subarray(begins + 1))
}
