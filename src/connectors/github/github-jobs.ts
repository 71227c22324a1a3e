/** Jobs of a workflow run, as records of the shape `test-results`: each job is a result. */
import * as v from 'valibot'
import type { Taking } from '../http/bounds.ts'
import type { PulledRecord } from '../http/documents.ts'
import { instantMs } from '../http/instants.ts'
import { nextLink } from '../http/links.ts'
import type { SiteClient } from '../http/site-client.ts'
import { askGithub, readGithub } from './github-api.ts'
import { PAGE_RECORDS_MAX } from './github-config.ts'
import type { WorkflowRun } from './github-runs.ts'

const text = v.optional(v.nullable(v.string()))
const Step = v.object({ name: v.string(), conclusion: text })
const Job = v.object({
  ...{ name: v.string(), conclusion: text, started_at: text, completed_at: text, html_url: text, runner_name: text },
  ...{ labels: v.optional(v.nullable(v.array(v.string()))), steps: v.optional(v.nullable(v.array(Step))) },
})
type Job = v.InferOutput<typeof Job>
const Jobs = v.object({ jobs: v.array(Job) })

const STATUSES: Readonly<Record<string, 'passed' | 'failed' | 'skipped'>> = {
  ...{ success: 'passed', failure: 'failed', skipped: 'skipped', neutral: 'skipped', stale: 'skipped' },
}

/** Of its last attempt; of a run that came to no job the run itself. */
export async function jobRecords(
  http: SiteClient,
  repository: string,
  run: WorkflowRun,
  taking: Taking,
): Promise<PulledRecord[]> {
  const path = `/repos/${repository}/actions/runs/${run.id}/attempts/${run.run_attempt}/jobs`
  const records: PulledRecord[] = []
  const query = { per_page: String(PAGE_RECORDS_MAX) }
  for (let next: string | undefined = path; next !== undefined; ) {
    const answer = await askGithub(http, { path: next, ...(next.startsWith('/') && { query }) })
    taking.count(answer)
    const { jobs } = readGithub(answer, Jobs, 'jobs')
    records.push(...jobs.map((job) => recordOf(repository, run, job)))
    next = nextLink(answer.headers)
    taking.demandProgress(next === undefined || jobs.length > 0)
  }
  if (records.length > 0) return records
  const { name, conclusion, run_started_at, updated_at, html_url } = run
  const whole = { name: name ?? 'workflow', conclusion, started_at: run_started_at, completed_at: updated_at, html_url }
  return [recordOf(repository, run, whole)]
}

function recordOf(repository: string, run: WorkflowRun, job: Job): PulledRecord {
  const { name, conclusion, started_at, completed_at, html_url, runner_name, labels, steps } = job
  const [beganMs, endedMs] = [instantMs(started_at), instantMs(completed_at)]
  const broken = (steps ?? []).filter((step) => step.conclusion === 'failure').map((step) => step.name)
  return {
    ...{ suite: run.name ?? run.path ?? null, class: repository, name },
    status: STATUSES[conclusion ?? ''] ?? 'error',
    duration_ms: beganMs === undefined || endedMs === undefined ? null : Math.max(0, endedMs - beganMs),
    message:
      broken.length > 0 ? `failed at: ${broken.join(', ')}` : STATUSES[conclusion ?? ''] ? null : (conclusion ?? null),
    ...{ file: run.path ?? null, started_at: started_at ?? null, retries: run.run_attempt - 1 },
    properties: {
      ...{
        url: html_url ?? null,
        event: run.event ?? null,
        conclusion: conclusion ?? null,
        runner: runner_name ?? null,
      },
      ...(labels && labels.length > 0 && { labels }),
    },
  }
}
