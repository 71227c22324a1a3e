/**
 * Which issues are gone. An id-only census of a project finds those that the dataset has and the project no longer shows; each is asked
 * for by itself then, since pages shift while they are read. A project that is not shown any more has lost nothing: who asks has lost
 * access to it, and nothing is removed.
 */
import { codeOf, utf8 } from '../../base/mod.ts'
import type { PullContext, PulledPage } from '../definition.ts'
import { SitePagesEndless } from '../errors.ts'
import type { SiteClient } from '../http/site-client.ts'
import type { JiraConfig } from './jira-config.ts'
import { apiOf, type Place, searchPage } from './jira-search.ts'
import { issueKey, project } from './jira-site.ts'

/** What datasets read as keys of records to remove. */
const REMOVALS_TYPE = 'application/vnd.sluice.removals+json'
/** Ids of one page, as Jira Cloud gives them; Data Center gives 1,000. */
const IDS_OF_PAGE = 5_000
/** Of one project: 500,000 keys × ~80 B = 40 MB. */
export const CENSUS_KEYS_MAX = 500_000
/** That each is asked for by itself; those beyond are found by the next census. */
export const REMOVALS_MAX = 1_000
/** More than half of a project at once, and more than these, is rather a permission that changed. */
const PLAUSIBLE_SHARE = 0.5
const PLAUSIBLE_REMOVALS = 20

type Census = Pick<PullContext, 'http' | 'knownKeys' | 'warn'> & { config: JiraConfig }

/** A document of removals for each project that lost some; `cursor` is that of each. */
export async function* removedIssues(census: Census, cursor: () => unknown): AsyncGenerator<PulledPage, void> {
  for (const key of census.config.projects) {
    const removed = (await isShown(census, key)) ? await goneFrom(census, key) : []
    // Who asks may have lost access meanwhile.
    if (removed.length === 0 || !(await isShown(census, key))) continue
    const document = JSON.stringify({ removals: removed.map((one) => ({ key: one })) })
    yield {
      ...{ content: utf8(document), contentType: REMOVALS_TYPE, fileName: `removals-${key}.json` },
      ...{ records: 0, removed: removed.length, cursor: cursor() },
    }
  }
}

async function isShown({ http, config, warn }: Census, key: string): Promise<boolean> {
  try {
    await project(http, config, key)
    return true
  } catch (error) {
    if (!HIDDEN.has(codeOf(error))) throw error
    warn(
      'connector.project_hidden',
      `The site does not show the project ${key} to who asks: nothing of it was removed.`,
    )
    return false
  }
}

const HIDDEN = new Set(['connector.site_has_not', 'connector.site_forbade'])

async function goneFrom(census: Census, key: string): Promise<string[]> {
  const { http, config, knownKeys, warn } = census
  // Before the census: what is found only after it is not missed by it.
  const missing = new Set<string>()
  let known = 0
  for await (const keys of knownKeys('project', key)) {
    for (const one of keys) if (missing.size < CENSUS_KEYS_MAX) missing.add(one)
    known += keys.length
  }
  if (known === 0) return []
  for await (const found of keysOf(http, config, key)) missing.delete(found)
  if (missing.size > PLAUSIBLE_REMOVALS && missing.size > known * PLAUSIBLE_SHARE) {
    warn(
      'connector.removals_implausible',
      `${missing.size} of ${known} issues of ${key} seem to be gone: nothing of it was removed.`,
    )
    return []
  }
  const removed: string[] = []
  for (const one of [...missing].slice(0, REMOVALS_MAX))
    if ((await issueKey(http, config, one)) !== one) removed.push(one)
  return removed
}

async function* keysOf(http: SiteClient, { edition, url }: JiraConfig, project: string): AsyncGenerator<string, void> {
  let place: Place | undefined
  const asked = {
    jql: `project = "${project}" ORDER BY key ASC`,
    fields: ['key'],
    issuesMax: edition === 'cloud' ? IDS_OF_PAGE : 1_000,
  }
  for (let found = 0; found <= 2 * CENSUS_KEYS_MAX; ) {
    const { issues, next } = await searchPage(http, edition, { ...asked, place })
    for (const { key } of issues) yield key
    found += issues.length
    if (!next || issues.length === 0) return
    place = next
  }
  throw new SitePagesEndless(
    `the census of ${project} at ${new URL(url).host} does not come to an end in ${apiOf(edition)}`,
  )
}
