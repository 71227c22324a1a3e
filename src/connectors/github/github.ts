/** The connector to issues of GitHub, github.com and Enterprise. */
import { type AskContext, defineConnector, type PullContext } from '../definition.ts'
import { isCensusDue } from '../gone.ts'
import { removedByScope, type ScopesCensus } from '../gone-by-scope.ts'
import { ProgressByScope } from '../http/by-scope.ts'
import { AHEAD_MS, OVERLAP_MS, updatedRecords } from '../http/updated-records.ts'
import { askGithub, checkGithub } from './github-api.ts'
import { GithubConfig } from './github-config.ts'
import { isIssueThere, issueKeys, issuesPage } from './github-issues.ts'

/** GitHub tells times by the second. */
const STEP_MS = 1_000

export const github = defineConnector({
  type: 'github',
  title: 'GitHub issues',
  summary: 'Issues of repositories on github.com or GitHub Enterprise, without pull requests.',
  config: GithubConfig,
  lines: ['ca'],
  credentials: ['token', 'none'],
  shapes: ['issues'],
  example: { repositories: ['acme/shop'], deletions: 'daily' },
  site: ({ url, ca }) => ({ url, ca }),
  check: (config: GithubConfig, context: AskContext) => checkGithub(config, context),
  pull,
})

async function* pull(config: GithubConfig, context: PullContext) {
  const { http, clock, cursor } = context
  const { url, repositories } = config
  const bounds = { keepMs: 2 * OVERLAP_MS, latestMs: clock.now() + AHEAD_MS }
  const progress = new ProgressByScope(cursor, repositories, bounds)
  yield* updatedRecords({
    ...{ url, clock, progress, stepMs: STEP_MS },
    fetch: (repository, asked) => issuesPage(http, repository, asked),
  })
  if (isCensusDue(config.deletions, progress.censusAtMs, clock.now())) {
    yield* removedByScope(censusOf(config, context), () => progress.cursor())
    progress.censusAtMs = clock.now()
  }
  yield { cursor: progress.cursor() }
}

function censusOf({ url, repositories }: GithubConfig, { http, knownKeys, warn }: PullContext): ScopesCensus {
  return {
    ...{ knownKeys, warn, host: new URL(url).host, noun: 'repository', scopes: repositories },
    look: (repository) => askGithub(http, { path: `/repos/${repository}` }),
    keysOf: (repository) => issueKeys(http, repository),
    isThere: (repository, key) => isIssueThere(http, repository, key),
  }
}
