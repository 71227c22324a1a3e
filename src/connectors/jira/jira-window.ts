/**
 * Every issue that was updated since a time, oldest update first, so that none is passed over while others are changed meanwhile.
 * JQL compares by the minute and issues move to the end as they are changed, which shifts numbered pages; so each page begins anew at
 * the minute that the last one came to, and only within one minute is a page followed by the site's own next one.
 */
import { SitePagesEndless } from '../errors.ts'
import type { SiteClient } from '../http/site-client.ts'
import type { JiraConfig } from './jira-config.ts'
import { type FoundIssue, type IssuePage, type Place, searchPage } from './jira-search.ts'
import { instantOf, jqlTime, minuteOf } from './jira-time.ts'

/** Pages of issues that were all updated within one minute: 10,000 × 100 are a bulk change of a million. */
export const PAGES_OF_MINUTE_MAX = 10_000
/** Issues by which numbered pages overlap, to see that nothing has slipped through between them. */
const STEP_BACK = 10
const RESTARTS_MAX = 5

type Asked = { http: SiteClient; config: JiraConfig; timeZone: string; filter: string }
type Minute = {
  fromMs: number | undefined
  pages: number
  restarts: number
  place: Place | undefined
  last: ReadonlySet<string>
}

/** Fails with `connector.pages_endless` when the site's pages do not go on. */
export async function* pagesSince(asked: Asked, sinceMs: number | undefined): AsyncGenerator<IssuePage, void> {
  let minute = minuteFrom(sinceMs)
  for (;;) {
    const { config, http } = asked
    const jql = `${withTime(asked, minute.fromMs)} ORDER BY updated ASC, key ASC`
    const page = await searchPage(http, config.edition, {
      jql,
      fields: fieldsOf(config),
      issuesMax: config.pageIssues,
      place: minute.place,
    })
    if (isShifted(minute, page)) {
      if (minute.restarts >= RESTARTS_MAX) throw endless(asked, 'change faster than they are read')
      minute = { ...minuteFrom(minute.fromMs), restarts: minute.restarts + 1 }
      continue
    }
    yield page
    if (!page.next) return
    minute = nextMinute(asked, minute, page, page.next)
  }
}

/** When it was last changed, as the site has it. */
export function updatedMsOf({ fields }: FoundIssue): number | undefined {
  return instantOf(fields?.['updated'])
}

/** What is always asked for, whatever was chosen. */
function fieldsOf({ fields }: JiraConfig): readonly string[] {
  return fields.includes('*all') ? fields : [...new Set([...fields, 'updated', 'project'])]
}

function withTime({ filter, timeZone }: Asked, fromMs: number | undefined): string {
  if (fromMs === undefined) return filter
  return `${filter} AND updated >= ${jqlTime(fromMs, timeZone)}`
}

function minuteFrom(fromMs: number | undefined): Minute {
  return {
    fromMs: fromMs === undefined ? undefined : minuteOf(fromMs),
    pages: 0,
    restarts: 0,
    place: undefined,
    last: new Set(),
  }
}

function nextMinute(asked: Asked, minute: Minute, { issues }: IssuePage, next: Place): Minute {
  const reachedMs = Math.max(...issues.map((issue) => updatedMsOf(issue) ?? 0))
  const reached = minuteOf(reachedMs)
  if (issues.length > 0 && (minute.fromMs === undefined || reached > minute.fromMs)) return minuteFrom(reached)
  const ids = new Set(issues.map(({ id }) => id))
  const isSame = ids.size === minute.last.size && [...ids].every((id) => minute.last.has(id))
  if (issues.length === 0 || isSame || isSamePlace(minute.place, next)) throw endless(asked, 'do not go on')
  if (minute.pages >= PAGES_OF_MINUTE_MAX) throw endless(asked, 'do not come to an end')
  const step = Math.min(STEP_BACK, Math.floor(issues.length / 2))
  const place = 'startAt' in next ? { startAt: next.startAt - step } : next
  return { ...minute, pages: minute.pages + 1, place, last: ids }
}

/** Issues left this minute meanwhile, more than the pages overlap by. */
function isShifted({ place, last }: Minute, { issues }: IssuePage): boolean {
  if (!place || !('startAt' in place) || last.size < 2) return false
  return !issues.some(({ id }) => last.has(id))
}

function isSamePlace(before: Place | undefined, next: Place): boolean {
  return before !== undefined && 'token' in before && 'token' in next && before.token === next.token
}

function endless({ config }: Asked, how: string): SitePagesEndless {
  return new SitePagesEndless(`the pages of ${new URL(config.url).host} ${how}`)
}
