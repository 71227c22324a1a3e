/**
 * Pages of issues by JQL. Jira Cloud: `POST /rest/api/3/search/jql`, which goes on by a token. Jira Data Center: `POST
 * /rest/api/2/search`, which goes on by a number.
 */
import * as v from 'valibot'
import { SiteAnswerOdd } from '../errors.ts'
import type { SiteAnswer, SiteClient } from '../http/site-client.ts'
import type { JiraConfig } from './jira-config.ts'

type Edition = JiraConfig['edition']
/** Where a page begins. */
export type Place = { token: string } | { startAt: number }
/** `next` is where the site says that it goes on; `undefined`: that was all. */
export type IssuePage = { answer: SiteAnswer; issues: readonly FoundIssue[]; next: Place | undefined }
export type FoundIssue = v.InferOutput<typeof Issue>

const Issue = v.looseObject({
  id: v.pipe(v.string(), v.maxLength(64)),
  key: v.pipe(v.string(), v.maxLength(256)),
  fields: v.optional(v.nullable(v.record(v.string(), v.unknown()))),
})
const Page = v.looseObject({
  issues: v.array(Issue),
  nextPageToken: v.optional(v.nullable(v.pipe(v.string(), v.maxLength(8_192)))),
  isLast: v.optional(v.boolean()),
  startAt: v.optional(v.number()),
  total: v.optional(v.number()),
})

/** Where the API is. */
export function apiOf(edition: Edition): string {
  return edition === 'cloud' ? '/rest/api/3' : '/rest/api/2'
}

/** Refuses `connector.answer_odd` for what is no page of issues, and what `SiteClient.ask` refuses. */
export async function searchPage(
  http: SiteClient,
  edition: Edition,
  {
    jql,
    fields,
    issuesMax,
    place,
  }: { jql: string; fields: readonly string[]; issuesMax: number; place: Place | undefined },
): Promise<IssuePage> {
  const asked = { jql, fields, maxResults: issuesMax }
  const from = place === undefined ? {} : 'token' in place ? { nextPageToken: place.token } : place
  const path = edition === 'cloud' ? '/rest/api/3/search/jql' : '/rest/api/2/search'
  const answer = await http.ask({ method: 'POST', path, body: { ...asked, ...from } })
  const page = v.safeParse(Page, answer.json)
  if (!page.success)
    throw new SiteAnswerOdd(`${new URL(answer.url).host} answered to a search with what is no page of issues`)
  const { issues, nextPageToken, isLast, startAt = 0, total } = page.output
  if (edition === 'cloud') {
    const next = nextPageToken && isLast !== true ? { token: nextPageToken } : undefined
    return { answer, issues, next }
  }
  const end = startAt + issues.length
  return { answer, issues, next: issues.length > 0 && end < (total ?? 0) ? { startAt: end } : undefined }
}
