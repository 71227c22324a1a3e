/** Issues that were updated since the last run, page by page, with what is known of them: for all that is found by issues. */
import type { PullContext } from '../definition.ts'
import type { JiraConfig } from './jira-config.ts'
import type { IssuePage } from './jira-search.ts'
import { OVERLAP_MS, Progress } from './jira-seen.ts'
import { myself } from './jira-site.ts'
import { pagesSince } from './jira-window.ts'

/** Where nobody says in which zone times are read, it may be any: they are fourteen hours ahead at most, and twelve behind. */
const ZONES_MS = 93_600_000

export type IssuesSince = { pages: AsyncIterable<IssuePage>; progress: Progress }

/** `only`: JQL beside that of the settings. Refuses `connector.unfit` for a cursor of another kind. */
export async function issuesSince(
  config: JiraConfig,
  { http, cursor, warn }: Pick<PullContext, 'http' | 'cursor' | 'warn'>,
  only?: string,
): Promise<IssuesSince> {
  const progress = new Progress(cursor)
  const { timeZone } = await myself(http, config)
  if (timeZone === undefined)
    warn('connector.time_zone_unknown', 'The site does not tell the time zone of who asks: each run looks a day back.')
  const asked = { http, config, timeZone: timeZone ?? 'UTC', filter: filterOf(config, only) }
  const sinceMs = progress.beginsMs(OVERLAP_MS + (timeZone === undefined ? ZONES_MS : 0))
  return { pages: pagesSince(asked, sinceMs), progress }
}

/** Bounded in any case: Jira Cloud refuses a search for everything. */
export function filterOf({ projects, jql }: Pick<JiraConfig, 'projects' | 'jql'>, only?: string): string {
  const parts = [
    ...(projects.length > 0 ? [`project in (${projects.map((key) => `"${key}"`).join(', ')})`] : []),
    ...(only === undefined ? [] : [only]),
    ...(jql === undefined ? [] : [`(${jql})`]),
  ]
  return parts.length > 0 ? parts.join(' AND ') : 'project is not EMPTY'
}
