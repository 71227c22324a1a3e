/** The connector to results of GitHub Actions: a document for each workflow run, of its jobs. */
import { defineConnector, type Moved, type PullContext, type PulledPage } from '../definition.ts'
import { Taking } from '../http/bounds.ts'
import { ProgressByScope } from '../http/by-scope.ts'
import { ciAttributes, recordsDocument } from '../http/documents.ts'
import { AHEAD_MS } from '../http/updated-records.ts'
import { checkGithub } from './github-api.ts'
import { GithubActionsConfig } from './github-config.ts'
import { jobRecords } from './github-jobs.ts'
import { madeMs, runsBetween, type WorkflowRun } from './github-runs.ts'

const DAY_MS = 86_400_000

export const githubActions = defineConnector({
  type: 'github-actions',
  title: 'GitHub Actions',
  summary:
    'Results of workflow runs on github.com or GitHub Enterprise: each job is a result, with its branch and commit.',
  config: GithubActionsConfig,
  lines: ['ca'],
  credentials: ['token', 'none'],
  shapes: ['test-results'],
  example: { repositories: ['acme/shop'], branch: 'main' },
  site: ({ url, ca }) => ({ url, ca }),
  check: (config, context) => checkGithub(config, context),
  pull,
})

async function* pull(config: GithubActionsConfig, context: PullContext): AsyncGenerator<PulledPage | Moved, void> {
  const { http, clock, warn } = context
  const { url, repositories, branch, historyDays, lookBackDays } = config
  const nowMs = clock.now()
  const bounds = { keepMs: (lookBackDays + 1) * DAY_MS, latestMs: nowMs + AHEAD_MS }
  const progress = new ProgressByScope(context.cursor, repositories, bounds)
  const taking = new Taking({ url, clock })
  const cut = (): void =>
    warn(
      'connector.runs_cut',
      'GitHub lists no more than a thousand workflow runs of one minute; the others were left out.',
    )
  for (const [repository, { seen }] of progress.entries()) {
    const fromMs = seen.beginsMs(lookBackDays * DAY_MS) ?? nowMs - historyDays * DAY_MS
    for await (const runs of runsBetween({ http, repository, branch, taking }, fromMs, nowMs + AHEAD_MS, cut))
      for (const run of runs.filter(({ status }) => status === 'completed')) {
        if (seen.take([{ id: String(run.id), atMs: madeMs(run), mark: markOf(run) }]).length === 0) continue
        const records = await jobRecords(http, repository, run, taking)
        yield {
          ...recordsDocument(`run-${run.id}-${run.run_attempt}`, records),
          ...{ attributes: attributesOf(repository, run), cursor: progress.cursor() },
        }
      }
  }
  yield { cursor: progress.cursor() }
}

/** A run that was run again is another. */
function markOf({ run_attempt, updated_at }: WorkflowRun): string {
  return `${run_attempt} ${updated_at}`.slice(0, 40)
}

function attributesOf(repository: string, { id, run_attempt, run_number, head_branch, head_sha }: WorkflowRun) {
  const run = `${repository}/${id}/${run_attempt}`
  return ciAttributes({ run, branch: head_branch, commit: head_sha, build: String(run_number) })
}
