/** How GitHub's REST API is asked, and what it says of who asks. */
import * as v from 'valibot'
import { printable } from '../../base/mod.ts'
import type { AskContext } from '../definition.ts'
import { readAnswer } from '../http/read-answer.ts'
import type { Asking, SiteAnswer, SiteClient } from '../http/site-client.ts'
import { clockWords } from '../http/site-clock.ts'

const HEADERS = { accept: 'application/vnd.github+json', 'x-github-api-version': '2022-11-28' }
const REPOSITORIES_CHECKED_MAX = 8

/** Refuses what `SiteClient.ask` refuses. */
export function askGithub(http: SiteClient, { headers, ...asking }: Asking): Promise<SiteAnswer> {
  return http.ask({ ...asking, headers: { ...HEADERS, ...headers } })
}

/** Refuses `connector.answer_odd`. */
export function readGithub<const Schema extends v.GenericSchema>(answer: SiteAnswer, schema: Schema, what: string) {
  return readAnswer(answer, schema, `about ${what} as GitHub does`)
}

const Repository = v.looseObject({ full_name: v.string(), private: v.optional(v.boolean(), false) })
const LIMIT = 'x-ratelimit-limit'

/** Whether it shows the repositories, and how often it may be asked. */
export async function checkGithub(
  { url, repositories }: { url: string; repositories: readonly string[] },
  { http }: AskContext,
): Promise<string[]> {
  const said: string[] = []
  let answer: SiteAnswer | undefined
  for (const repository of repositories.slice(0, REPOSITORIES_CHECKED_MAX)) {
    answer = await askGithub(http, { path: `/repos/${repository}` })
    const found = readGithub(answer, Repository, 'a repository')
    said.push(
      `${new URL(url).host} shows ${printable(found.full_name).slice(0, 256)}${found.private ? ', which is private' : ''}.`,
    )
  }
  const limit = answer?.headers[LIMIT]
  if (limit !== undefined && /^\d{1,9}$/.test(limit)) said.push(`It may be asked ${limit} times an hour.`)
  return [...said, ...clockWords(http)]
}
