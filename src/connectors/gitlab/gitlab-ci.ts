/** The connector to results of GitLab CI: a document for each pipeline that has ended. */
import { codeOf } from '../../base/mod.ts'
import { defineConnector, type Moved, type PullContext, type PulledPage } from '../definition.ts'
import { SitePagesEndless } from '../errors.ts'
import { Taking } from '../http/bounds.ts'
import { ProgressByScope } from '../http/by-scope.ts'
import { ciAttributes, type PulledRecord, recordsDocument } from '../http/documents.ts'
import type { SeenRecords } from '../http/seen.ts'
import { AHEAD_MS, OVERLAP_MS } from '../http/updated-records.ts'
import { pagesOfWindow } from '../http/window.ts'
import { checkGitlab } from './gitlab-api.ts'
import { GitlabCiConfig } from './gitlab-config.ts'
import { jobRecords, type Pipeline, pipelinesPage, testRecords, updatedMs } from './gitlab-pipelines.ts'

const DAY_MS = 86_400_000

export const gitlabCi = defineConnector({
  type: 'gitlab-ci',
  title: 'GitLab CI',
  summary:
    'Results of pipelines on gitlab.com or a GitLab of your own: the cases of their test reports, or their jobs.',
  config: GitlabCiConfig,
  lines: ['ca'],
  credentials: ['token', 'oauth2_client', 'none'],
  shapes: ['test-results'],
  example: { projects: ['acme/shop'], branch: 'main' },
  site: ({ url, ca }) => ({ url, ca }),
  check: (config, context) => checkGitlab(config, context),
  pull,
})

async function* pull(config: GitlabCiConfig, context: PullContext): AsyncGenerator<PulledPage | Moved, void> {
  const { clock, cursor } = context
  const nowMs = clock.now()
  const bounds = { keepMs: 2 * OVERLAP_MS, latestMs: nowMs + AHEAD_MS }
  const progress = new ProgressByScope(cursor, config.projects, bounds)
  const taking = new Taking({ url: config.url, clock })
  for (const [project, { seen }] of progress.entries()) {
    const fromMs = seen.beginsMs(OVERLAP_MS) ?? nowMs - config.historyDays * DAY_MS
    for await (const { pipelines } of pipelinesSince(config, context, { project, taking, fromMs }))
      for (const pipeline of pipelines) {
        if (!isFresh(seen, pipeline)) continue
        const records = await recordsOf(config, context, { project, taking, pipeline })
        if (records.length > 0)
          yield {
            ...recordsDocument(`pipeline-${pipeline.id}`, records),
            ...{ attributes: attributesOf(project, pipeline), cursor: progress.cursor() },
          }
      }
  }
  yield { cursor: progress.cursor() }
}

function pipelinesSince(
  { url, branch }: GitlabCiConfig,
  { http }: PullContext,
  { project, taking, fromMs }: { project: string; taking: Taking; fromMs: number },
) {
  const fetch = async (since: number | undefined, place: string | undefined) => {
    const page = await pipelinesPage(http, project, { since, place, branch })
    taking.count(page.answer)
    const times = page.pipelines.map(updatedMs)
    const reachedMs = times.length > 0 ? Math.max(...times) : undefined
    return { ...page, ids: page.pipelines.map(({ id }) => String(id)), reachedMs }
  }
  const endless = (how: string): Error =>
    new SitePagesEndless(`the pages of ${new URL(url).host} for ${project} ${how}`)
  return pagesOfWindow({ stepMs: 1, backMs: 1, isNumbered: true, fetch, endless }, fromMs)
}

/** One that was run again has another time. */
function isFresh(seen: SeenRecords, pipeline: Pipeline): boolean {
  return seen.take([{ id: String(pipeline.id), atMs: updatedMs(pipeline), mark: pipeline.status }]).length > 0
}

async function recordsOf(
  { results }: GitlabCiConfig,
  { http, warn }: PullContext,
  { project, taking, pipeline }: { project: string; taking: Taking; pipeline: Pipeline },
): Promise<PulledRecord[]> {
  if (results === 'jobs') return jobRecords(http, project, pipeline, taking)
  try {
    return await testRecords(http, project, pipeline, taking)
  } catch (error) {
    // Else it would end this run and each that follows.
    if (codeOf(error) !== 'host.answer_too_large') throw error
    warn('connector.report_too_large', 'A test report is larger than one answer may be; it was passed over.')
    return []
  }
}

function attributesOf(project: string, { id, iid, ref, sha }: Pipeline) {
  return ciAttributes({ run: `${project}/${id}`, branch: ref, commit: sha, build: String(iid ?? id) })
}
