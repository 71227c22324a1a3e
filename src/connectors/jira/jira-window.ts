/** Every issue that was updated since a time, oldest update first. JQL compares by the minute, in the time zone of who asks. */
import { SitePagesEndless } from '../errors.ts'
import type { SiteClient } from '../http/site-client.ts'
import { pagesOfWindow } from '../http/window.ts'
import type { JiraConfig } from './jira-config.ts'
import { type FoundIssue, type IssuePage, type Place, searchPage } from './jira-search.ts'
import { instantOf, jqlTime, MINUTE_MS } from './jira-time.ts'

/** Issues by which numbered pages overlap. */
const STEP_BACK = 10

type Asked = { http: SiteClient; config: JiraConfig; timeZone: string; filter: string }

/** Fails with `connector.pages_endless` when the site's pages do not go on. */
export function pagesSince(asked: Asked, sinceMs: number | undefined): AsyncGenerator<IssuePage, void> {
  const { config } = asked
  const walk = {
    stepMs: MINUTE_MS,
    fetch: (fromMs: number | undefined, place: Place | undefined) => pageOf(asked, fromMs, place),
    endless: (how: string) => new SitePagesEndless(`the pages of ${new URL(config.url).host} ${how}`),
  }
  return pagesOfWindow(config.edition === 'cloud' ? walk : { ...walk, before: steppedBack }, sinceMs)
}

/** When it was last changed, as the site has it. */
export function updatedMsOf({ fields }: FoundIssue): number | undefined {
  return instantOf(fields?.['updated'])
}

async function pageOf(asked: Asked, fromMs: number | undefined, place: Place | undefined) {
  const { config, http } = asked
  const jql = `${withTime(asked, fromMs)} ORDER BY updated ASC, key ASC`
  const wanted = { jql, fields: fieldsOf(config), issuesMax: config.pageIssues, place }
  const page = await searchPage(http, config.edition, wanted)
  const ids = page.issues.map(({ id }) => id)
  return { ...page, ids, reachedMs: Math.max(...page.issues.map((issue) => updatedMsOf(issue) ?? 0)) }
}

function steppedBack(next: Place, issues: number): Place {
  return 'startAt' in next ? { startAt: next.startAt - Math.min(STEP_BACK, Math.floor(issues / 2)) } : next
}

/** What is always asked for, whatever was chosen. */
function fieldsOf({ fields }: JiraConfig): readonly string[] {
  return fields.includes('*all') ? fields : [...new Set([...fields, 'updated', 'project'])]
}

function withTime({ filter, timeZone }: Asked, fromMs: number | undefined): string {
  if (fromMs === undefined) return filter
  return `${filter} AND updated >= ${jqlTime(fromMs, timeZone)}`
}
