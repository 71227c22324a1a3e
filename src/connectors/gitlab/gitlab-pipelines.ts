/** Pipelines of GitLab that have ended, and what they came to: the cases of their test reports, or their jobs. */
import * as v from 'valibot'
import type { Taking } from '../http/bounds.ts'
import { cutText, type PulledRecord } from '../http/documents.ts'
import { instantMs } from '../http/instants.ts'
import { nextLink } from '../http/links.ts'
import type { SiteAnswer, SiteClient } from '../http/site-client.ts'
import { projectPath, readGitlab } from './gitlab-api.ts'
import { PAGE_RECORDS_MAX } from './gitlab-config.ts'

/** As many characters as other formats keep of them. */
const DETAILS_LENGTH_MAX = 65_536
const MESSAGE_LENGTH_MAX = 8_192

const text = v.optional(v.nullable(v.string()))
const Pipeline = v.object({
  ...{
    id: v.number(),
    iid: v.optional(v.number()),
    ref: text,
    sha: text,
    status: v.string(),
    source: text,
    web_url: text,
  },
  ...{ created_at: text, updated_at: v.string() },
})
export type Pipeline = v.InferOutput<typeof Pipeline>

const Case = v.object({
  ...{
    status: v.string(),
    name: v.string(),
    classname: text,
    file: text,
    execution_time: v.optional(v.nullable(v.number())),
  },
  ...{ system_output: v.optional(v.unknown()), stack_trace: text },
})
const Report = v.object({ test_suites: v.array(v.object({ name: text, test_cases: v.array(Case) })) })
const Job = v.object({
  ...{
    name: v.string(),
    stage: text,
    status: v.string(),
    started_at: text,
    duration: v.optional(v.nullable(v.number())),
  },
  ...{ web_url: text, failure_reason: text, allow_failure: v.optional(v.nullable(v.boolean())) },
})

const STATUSES: Readonly<Record<string, string>> = {
  ...{ success: 'passed', failed: 'failed', error: 'error', skipped: 'skipped', manual: 'skipped', canceled: 'error' },
}

/** Those that ended and were updated since, oldest first. */
export async function pipelinesPage(
  http: SiteClient,
  project: string,
  { since, place, branch }: { since: number | undefined; place: string | undefined; branch: string | undefined },
): Promise<{ answer: SiteAnswer; pipelines: Pipeline[]; next: string | undefined }> {
  const query = {
    ...{ scope: 'finished', order_by: 'updated_at', sort: 'asc', per_page: String(PAGE_RECORDS_MAX) },
    ...(since !== undefined && { updated_after: new Date(since).toISOString() }),
    ...(branch !== undefined && { ref: branch }),
  }
  const answer = await http.ask(
    place === undefined ? { path: `${projectPath(project)}/pipelines`, query } : { path: place },
  )
  return { answer, pipelines: readGitlab(answer, v.array(Pipeline), 'pipelines'), next: nextLink(answer.headers) }
}

/** The cases of its test report. Refuses `host.answer_too_large`. */
export async function testRecords(
  http: SiteClient,
  project: string,
  { id, web_url }: Pipeline,
  taking: Taking,
): Promise<PulledRecord[]> {
  const answer = await http.ask({ path: `${projectPath(project)}/pipelines/${id}/test_report` })
  taking.count(answer)
  const { test_suites: suites } = readGitlab(answer, Report, 'a test report')
  return suites.flatMap(({ name: suite, test_cases: cases }) =>
    cases.map(
      ({ name, classname, file, status, execution_time: seconds, system_output: output, stack_trace: trace }) => {
        const said =
          output === null || output === undefined ? null : typeof output === 'string' ? output : JSON.stringify(output)
        return {
          ...{ suite: suite ?? null, class: classname ?? null, name, file: file ?? null },
          ...{
            status: STATUSES[status] ?? 'error',
            duration_ms: seconds === null || seconds === undefined ? null : Math.round(seconds * 1_000),
          },
          ...{
            message: said === null ? null : cutText(said.split('\n')[0] ?? '', MESSAGE_LENGTH_MAX),
            details: detailsOf(said, trace),
          },
          properties: { url: web_url ?? null },
        }
      },
    ),
  )
}

function detailsOf(said: string | null, trace: string | null | undefined): string | null {
  const lines = [said, trace].filter((one) => one)
  return lines.length > 0 ? cutText(lines.join('\n'), DETAILS_LENGTH_MAX) : null
}

/** Its jobs, those that were tried again included once. */
export async function jobRecords(
  http: SiteClient,
  project: string,
  pipeline: Pipeline,
  taking: Taking,
): Promise<PulledRecord[]> {
  const records: PulledRecord[] = []
  const query = { per_page: String(PAGE_RECORDS_MAX) }
  for (let next: string | undefined = `${projectPath(project)}/pipelines/${pipeline.id}/jobs`; next !== undefined; ) {
    const answer = await http.ask({ path: next, ...(next.startsWith('/') && { query }) })
    taking.count(answer)
    const jobs = readGitlab(answer, v.array(Job), 'jobs')
    for (const { name, stage, status, started_at, duration, web_url, failure_reason, allow_failure } of jobs)
      records.push({
        ...{ suite: stage ?? null, class: project, name, status: STATUSES[status] ?? 'error' },
        ...{ duration_ms: duration === null || duration === undefined ? null : Math.round(duration * 1_000) },
        ...{ message: failure_reason ?? null, started_at: started_at ?? null },
        properties: {
          url: web_url ?? null,
          source: pipeline.source ?? null,
          status,
          allow_failure: allow_failure ?? false,
        },
      })
    next = nextLink(answer.headers)
    taking.demandProgress(next === undefined || jobs.length > 0)
  }
  return records
}

/** When it was changed last, ms since 1970. */
export function updatedMs({ updated_at }: Pipeline): number {
  return instantMs(updated_at) ?? 0
}
