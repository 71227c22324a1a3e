/** /v1/status and /v1/logs: what the tenant's Runtimes told. */
import * as v from 'valibot'
import { buildFacts } from '../../host/mod.ts'
import { ApiRoutes, followedFrom, type Site, Whole } from '../../server/mod.ts'
import { AuditLog } from '../../wire/mod.ts'
import { deploymentViews } from '../deployments/view.ts'
import { type LogQuery as Asked, countLogs, LOG_LINES_MAX, queryLogs } from '../reports/logs.ts'
import type { TenantRoom } from '../tenant-room.ts'
import { DeploymentJson } from './deployments.ts'
import { RuntimeJson, runtimeViews } from './runtimes.ts'

export type ReportRoutesDeps = Pick<TenantRoom, 'db' | 'clock' | 'heartbeatIntervalMs' | 'tenant' | 'tenantName'>

/** Lines of a page when the query names no limit. */
const LIMIT_DEFAULT = 100

const Limit = v.optional(v.pipe(Whole, v.minValue(1), v.maxValue(LOG_LINES_MAX)), String(LIMIT_DEFAULT))
const Id = v.pipe(v.string(), v.maxLength(64))
const Level = v.picklist(['debug', 'info', 'warning', 'error'])
/** Strict: what a Runtime's log can be asked beside, such as `since`, would pass for an answer here. */
const LogQuery = v.strictObject({
  deployment: v.optional(Id),
  runtime: v.optional(Id),
  /** Several are separated by commas. */
  level: v.optional(
    v.pipe(
      v.string(),
      v.transform((text) => text.split(',')),
      v.array(Level),
    ),
  ),
  after: v.optional(Whole),
  before: v.optional(Whole),
  limit: Limit,
})

const Status = v.object({
  version: v.string(),
  tenant: v.object({ id: v.string(), name: v.string() }),
  runtimes: v.array(RuntimeJson),
  deployments: v.array(DeploymentJson),
})
const Line = v.object({
  sequence: v.number(),
  at: v.string(),
  runtime: v.string(),
  deployment: v.string(),
  component: v.optional(v.string()),
  level: AuditLog.entries.level,
  template: v.string(),
  fields: v.record(v.string(), v.union([v.string(), v.number(), v.boolean()])),
})
const Lines = v.object({ entries: v.array(Line), count: v.number() })

export function reportRoutes(room: ReportRoutesDeps, site: Pick<Site, 'follow'>): ApiRoutes {
  return new ApiRoutes('Status')
    .get(
      '/status',
      { summary: 'The tenant, its Runtimes and its deployments.', role: 'viewer', answer: Status },
      async () => ({
        version: buildFacts.version,
        tenant: { id: room.tenant, name: room.tenantName },
        runtimes: await runtimeViews(room),
        deployments: await deploymentViews(room.db),
      }),
    )
    .get(
      '/logs',
      {
        summary: 'Audit logs of deployments, the newest or around a line; or followed.',
        ...{ role: 'viewer', query: LogQuery, answer: Lines },
        events:
          'Each line that matches: the newest, or those after `after` or `Last-Event-ID`, then every one that comes. Its `id` is the sequence, its `data` the line as JSON.',
      },
      async ({ c, query: { deployment, runtime, level, after, before, limit } }) => {
        const words: Asked = {
          limit,
          ...(deployment !== undefined && { deployment }),
          ...(runtime !== undefined && { runtime }),
          ...(level !== undefined && { levels: level }),
        }
        const followed = followedFrom(c, after)
        if (followed) return site.follow(c, { next: linesFrom(room.db, words, followed.after) })
        const around = { ...(after !== undefined && { after }), ...(before !== undefined && { before }) }
        return {
          entries: await queryLogs(room.db, { ...words, ...around }),
          count: await countLogs(room.db, deployment),
        }
      },
    )
}

/** What came since the last call; at the first, what came after a line, or the newest `limit` that match. */
function linesFrom(db: TenantRoom['db'], words: Asked, from: number | undefined) {
  let after = from
  return async () => {
    const limit = after === undefined ? words.limit : LOG_LINES_MAX
    const lines = await queryLogs(db, { ...words, limit, ...(after !== undefined && { after }) })
    // Whoever follows a log without a line yet is told of the first.
    after = lines.at(-1)?.sequence ?? after ?? 0
    const events = lines.map((line) => ({ id: String(line.sequence), data: JSON.stringify(line) }))
    return { events, more: lines.length === LOG_LINES_MAX }
  }
}
