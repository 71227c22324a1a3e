/** Which issues of Jira are gone: an id-only census of each project, and each issue that is missing asked for by itself. */
import type { PullContext, PulledPage } from '../definition.ts'
import { removedByScope } from '../gone-by-scope.ts'
import type { SiteClient } from '../http/site-client.ts'
import type { JiraConfig } from './jira-config.ts'
import { type Place, searchPage } from './jira-search.ts'
import { issueKey, project } from './jira-site.ts'

/** Ids of one page, as each edition gives them. */
const IDS_OF_PAGE = { cloud: 5_000, 'data-center': 1_000 }

type Census = Pick<PullContext, 'http' | 'knownKeys' | 'warn'> & { config: JiraConfig }

/** A document of removals for each project that lost some; `cursor` is that of each. */
export function removedIssues(
  { http, config, knownKeys, warn }: Census,
  cursor: () => unknown,
): AsyncGenerator<PulledPage, void> {
  const census = {
    ...{ knownKeys, warn, host: new URL(config.url).host, noun: 'project' as const, scopes: config.projects },
    look: (key: string) => project(http, config, key),
    keysOf: (key: string) => keysOf(http, config, key),
    isThere: async (_project: string, key: string) => (await issueKey(http, config, key)) === key,
  }
  return removedByScope(census, cursor)
}

async function* keysOf(http: SiteClient, { edition }: JiraConfig, key: string): AsyncGenerator<string[], void> {
  const asked = { jql: `project = "${key}" ORDER BY key ASC`, fields: ['key'], issuesMax: IDS_OF_PAGE[edition] }
  let place: Place | undefined
  do {
    const { issues, next } = await searchPage(http, edition, { ...asked, place })
    yield issues.map((issue) => issue.key)
    place = issues.length === 0 ? undefined : next
  } while (place)
}
