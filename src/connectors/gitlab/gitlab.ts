/** The connector to issues of GitLab, gitlab.com and self-managed. */
import { defineConnector, type PullContext } from '../definition.ts'
import { isCensusDue } from '../gone.ts'
import { removedByScope, type ScopesCensus } from '../gone-by-scope.ts'
import { ProgressByScope } from '../http/by-scope.ts'
import { AHEAD_MS, OVERLAP_MS, updatedRecords } from '../http/updated-records.ts'
import { checkGitlab, projectOf } from './gitlab-api.ts'
import { GitlabConfig } from './gitlab-config.ts'
import { isIssueThere, issueKeys, issuesPage } from './gitlab-issues.ts'

export const gitlab = defineConnector({
  type: 'gitlab',
  title: 'GitLab issues',
  summary: 'Issues of projects on gitlab.com or a GitLab of your own.',
  config: GitlabConfig,
  lines: ['ca'],
  credentials: ['token', 'oauth2_client', 'none'],
  shapes: ['issues'],
  example: { projects: ['acme/shop'], deletions: 'daily' },
  site: ({ url, ca }) => ({ url, ca }),
  check: (config, context) => checkGitlab(config, context),
  pull,
})

async function* pull(config: GitlabConfig, context: PullContext) {
  const { http, clock, cursor } = context
  const { url, projects } = config
  const bounds = { keepMs: 2 * OVERLAP_MS, latestMs: clock.now() + AHEAD_MS }
  const progress = new ProgressByScope(cursor, projects, bounds)
  // GitLab tells times by the millisecond.
  yield* updatedRecords({
    ...{ url, clock, progress, stepMs: 1 },
    fetch: (project, asked) => issuesPage(http, project, asked),
  })
  if (isCensusDue(config.deletions, progress.censusAtMs, clock.now())) {
    yield* removedByScope(censusOf(config, context), () => progress.cursor())
    progress.censusAtMs = clock.now()
  }
  yield { cursor: progress.cursor() }
}

function censusOf({ url, projects }: GitlabConfig, { http, knownKeys, warn }: PullContext): ScopesCensus {
  return {
    ...{ knownKeys, warn, host: new URL(url).host, noun: 'project', scopes: projects },
    look: (project) => projectOf(http, project),
    keysOf: (project) => issueKeys(http, project),
    isThere: (project, key) => isIssueThere(http, project, key),
  }
}
