/**
 * Workflow runs of a repository by when they were made, oldest first. GitHub lists the newest first, and at most a thousand for one
 * question; so it is asked for a stretch of time after another, each so short that it has fewer.
 */
import * as v from 'valibot'
import type { Taking } from '../http/bounds.ts'
import { instantMs } from '../http/instants.ts'
import { nextLink } from '../http/links.ts'
import type { SiteClient } from '../http/site-client.ts'
import { askGithub, readGithub } from './github-api.ts'
import { PAGE_RECORDS_MAX } from './github-config.ts'

/** What GitHub gives of one question. */
export const RUNS_LISTED_MAX = 1_000
const FEW_RUNS = 250
const MINUTE_MS = 60_000
const DAY_MS = 86_400_000
const STRETCH_MS_MAX = 32 * DAY_MS

const text = v.optional(v.nullable(v.string()))
const Run = v.object({
  ...{ id: v.number(), name: text, status: text, conclusion: text, path: text, event: text, html_url: text },
  ...{
    head_branch: text,
    head_sha: text,
    run_number: v.optional(v.number(), 0),
    run_attempt: v.optional(v.number(), 1),
  },
  ...{ created_at: v.string(), updated_at: v.string(), run_started_at: text },
})
export type WorkflowRun = v.InferOutput<typeof Run>
const Runs = v.object({ total_count: v.number(), workflow_runs: v.array(Run) })

type Asked = { http: SiteClient; repository: string; branch: string | undefined; taking: Taking }

/** When it was made, ms since 1970. */
export function madeMs({ created_at }: WorkflowRun): number {
  return instantMs(created_at) ?? 0
}

/** Those of the stretches from `fromMs` to `toMs`; `cut` is told of a minute that has more than GitHub lists. */
export async function* runsBetween(
  asked: Asked,
  fromMs: number,
  toMs: number,
  cut: () => void,
): AsyncGenerator<WorkflowRun[], void> {
  let widthMs = DAY_MS
  for (let beginsMs = fromMs; beginsMs <= toMs; ) {
    const endsMs = Math.min(beginsMs + widthMs, toMs)
    const { runs, isCut } = await stretch(asked, beginsMs, endsMs)
    if (isCut && widthMs > MINUTE_MS) {
      widthMs = Math.max(MINUTE_MS, Math.floor(widthMs / 4))
      continue
    }
    if (isCut) cut()
    yield runs.sort((a, b) => madeMs(a) - madeMs(b) || a.id - b.id)
    beginsMs = endsMs + 1_000
    if (runs.length <= FEW_RUNS) widthMs = Math.min(STRETCH_MS_MAX, widthMs * 2)
  }
}

async function stretch({ http, repository, branch, taking }: Asked, fromMs: number, toMs: number) {
  const query = {
    ...{ created: `${secondOf(fromMs)}..${secondOf(toMs)}`, per_page: String(PAGE_RECORDS_MAX) },
    ...(branch !== undefined && { branch }),
  }
  const runs = new Map<number, WorkflowRun>()
  for (let next: string | undefined = `/repos/${repository}/actions/runs`; next !== undefined; ) {
    const answer = await askGithub(http, { path: next, ...(next.startsWith('/') && { query }) })
    taking.count(answer)
    const page = readGithub(answer, Runs, 'workflow runs')
    // What it counts may be less than there is once it is much: a whole list is one too many.
    if (page.total_count >= RUNS_LISTED_MAX && toMs - fromMs > MINUTE_MS) return { runs: [], isCut: true }
    const before = runs.size
    for (const run of page.workflow_runs) runs.set(run.id, run)
    next = nextLink(answer.headers)
    if (next !== undefined) taking.demandProgress(runs.size > before)
  }
  return { runs: [...runs.values()], isCut: runs.size >= RUNS_LISTED_MAX }
}

function secondOf(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z')
}
