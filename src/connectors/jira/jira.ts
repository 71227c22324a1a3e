/** The connector to Jira, Cloud and Data Center: issues of every type with their fields by name. */
import { type Bytes, concatBytes, utf8 } from '../../base/mod.ts'
import { type AskContext, defineConnector, type PullContext } from '../definition.ts'
import { SiteAnswerOdd } from '../errors.ts'
import { removedIssues } from './jira-census.ts'
import { JiraConfig } from './jira-config.ts'
import type { FoundIssue } from './jira-search.ts'
import { OVERLAP_MS, Progress } from './jira-seen.ts'
import { fieldsOfSite, myself, project } from './jira-site.ts'
import { pagesSince } from './jira-window.ts'

/** What datasets read as Jira's issues, however far behind its beginning the first of them stands. */
export const JIRA_ISSUES_TYPE = 'application/vnd.sluice.jira-issues+json'
/** Where nobody says in which zone times are read, it may be any: they are fourteen hours ahead at most, and twelve behind. */
const ZONES_MS = 93_600_000
/** Clocks that differ by more are worth a word. */
const SKEW_MS = 120_000
const HOUR_MS = 3_600_000
const DAY_MS = 86_400_000

export const jira = defineConnector({
  type: 'jira',
  title: 'Jira',
  summary: 'Issues of Jira Cloud or Data Center: epics, stories, defects, all with their fields.',
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

async function check(config: JiraConfig, { http, clock }: AskContext): Promise<string[]> {
  const { name, timeZone, answer } = await myself(http, config)
  const said = [`Signed in as ${name}, whose time zone is ${timeZone ?? 'not told'}.`]
  for (const key of config.projects.slice(0, 8))
    said.push(`Project ${key} is ${(await project(http, config, key)).name}.`)
  const skewMs = Date.parse(answer.headers['date'] ?? '') - clock.now()
  if (Math.abs(skewMs) > SKEW_MS)
    said.push(
      `The site’s clock is ${Math.round(Math.abs(skewMs) / 1_000)} s ${skewMs > 0 ? 'ahead of' : 'behind'} this one. Pulls go by the site’s own.`,
    )
  return said
}

async function* pull(config: JiraConfig, { http, clock, cursor, warn, knownKeys }: PullContext) {
  const progress = new Progress(cursor)
  const { timeZone } = await myself(http, config)
  if (timeZone === undefined)
    warn('connector.time_zone_unknown', 'The site does not tell the time zone of who asks: each run looks a day back.')
  const names = new Map((await fieldsOfSite(http, config)).map(({ id, name }) => [id, name]))
  const asked = { http, config, timeZone: timeZone ?? 'UTC', filter: filterOf(config) }
  const sinceMs = progress.beginsMs(OVERLAP_MS + (timeZone === undefined ? ZONES_MS : 0))
  let number = 0
  for await (const { answer, issues } of pagesSince(asked, sinceMs)) {
    if (progress.take(issues) === 0) continue
    yield {
      ...{ content: withNames(answer.bytes, issues, names), contentType: JIRA_ISSUES_TYPE },
      ...{ fileName: `issues-${++number}.json`, records: issues.length, cursor: progress.cursor() },
    }
  }
  if (!isCensusDue(config, progress, clock.now())) return
  yield* removedIssues({ http, config, knownKeys, warn }, () => progress.cursor())
  progress.censusAtMs = clock.now()
  yield { cursor: progress.cursor() }
}

/** Whether it is to be looked for what is gone. A run of every day begins a little earlier or later. */
function isCensusDue({ deletions }: JiraConfig, { censusAtMs }: Progress, nowMs: number): boolean {
  if (deletions === 'never') return false
  return deletions === 'every-run' || censusAtMs === undefined || nowMs - censusAtMs >= DAY_MS - HOUR_MS
}

/** Bounded in any case: Jira Cloud refuses a search for everything. */
function filterOf({ projects, jql }: JiraConfig): string {
  const parts = [
    ...(projects.length > 0 ? [`project in (${projects.map((key) => `"${key}"`).join(', ')})`] : []),
    ...(jql === undefined ? [] : [`(${jql})`]),
  ]
  return parts.length > 0 ? parts.join(' AND ') : 'project is not EMPTY'
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
