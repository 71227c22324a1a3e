/** /v1/status and /v1/logs: what the tenant's Runtimes told. */
import * as v from 'valibot'
import { buildFacts } from '../../host/mod.ts'
import { ApiRoutes, Whole } from '../../server/mod.ts'
import { AuditLog } from '../../wire/mod.ts'
import { deploymentViews } from '../deployments/view.ts'
import { countLogs, LOG_LINES_MAX, queryLogs } from '../reports/logs.ts'
import type { TenantRoom } from '../tenant-room.ts'
import { DeploymentJson } from './deployments.ts'
import { RuntimeJson, runtimeViews } from './runtimes.ts'

export type ReportRoutesDeps = Pick<TenantRoom, 'db' | 'clock' | 'heartbeatIntervalMs' | 'tenant' | 'tenantName'>

/** Lines of a page when the query names no limit. */
const LIMIT_DEFAULT = 100

const Limit = v.optional(v.pipe(Whole, v.minValue(1), v.maxValue(LOG_LINES_MAX)), String(LIMIT_DEFAULT))
const Id = v.pipe(v.string(), v.maxLength(64))
const Level = v.picklist(['debug', 'info', 'warning', 'error'])
const LogQuery = v.object({
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

export function reportRoutes(room: ReportRoutesDeps): ApiRoutes {
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
        summary: 'Audit logs of deployments, the newest or around a line.',
        role: 'viewer',
        query: LogQuery,
        answer: Lines,
      },
      async ({ query: { deployment, runtime, level, after, before, limit } }) => {
        const entries = await queryLogs(room.db, {
          limit,
          ...(deployment !== undefined && { deployment }),
          ...(runtime !== undefined && { runtime }),
          ...(level !== undefined && { levels: level }),
          ...(after !== undefined && { after }),
          ...(before !== undefined && { before }),
        })
        return { entries, count: await countLogs(room.db, deployment) }
      },
    )
}
