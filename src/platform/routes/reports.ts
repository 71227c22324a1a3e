/** /v1/status, /v1/logs and /v1/audit */
import { Hono } from 'hono'
import * as v from 'valibot'
import { buildFacts } from '../../host/mod.ts'
import { parseInput } from '../../web/mod.ts'
import { Sha256Hex } from '../../wire/mod.ts'
import { deploymentViews } from '../deployments/view.ts'
import { countLogs, LOG_LINES_MAX, queryLogs } from '../reports/logs.ts'
import type { TenantRoom } from '../tenant-room.ts'
import { runtimeViews } from './runtimes.ts'
import type { Env } from './variables.ts'

/** Lines of a page when the query names no limit. */
const LIMIT_DEFAULT = 100

const Whole = v.pipe(v.string(), v.regex(/^[0-9]{1,15}$/), v.transform(Number))
const Limit = v.optional(v.pipe(Whole, v.minValue(1), v.maxValue(LOG_LINES_MAX)), String(LIMIT_DEFAULT))
const Id = v.pipe(v.string(), v.maxLength(64))
const Level = v.picklist(['debug', 'info', 'warning', 'error'])
const LogQuery = v.object({
  deployment: v.optional(Id),
  runtime: v.optional(Id),
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
/** A head that was seen before, which the trail must still hold. */
const AuditHead = v.object({ count: v.optional(Whole), hash: v.optional(Sha256Hex) })
const AuditQuery = v.object({ after: v.optional(Whole, '0'), limit: Limit })

export function reportRoutes(room: TenantRoom): Hono<Env> {
  return new Hono<Env>()
    .get('/status', async (c) =>
      c.json({
        version: buildFacts.version,
        tenant: { id: room.tenant, name: room.tenantName },
        runtimes: await runtimeViews(room),
        deployments: await deploymentViews(room.db),
      }),
    )
    .get('/logs', async (c) => {
      const { deployment, runtime, level, after, before, limit } = parseInput(LogQuery, c.req.query())
      const entries = await queryLogs(room.db, {
        limit,
        ...(deployment !== undefined && { deployment }),
        ...(runtime !== undefined && { runtime }),
        ...(level !== undefined && { levels: level }),
        ...(after !== undefined && { after }),
        ...(before !== undefined && { before }),
      })
      return c.json({ entries, count: await countLogs(room.db, deployment) })
    })
    .get('/audit', async (c) => {
      const { after, limit } = parseInput(AuditQuery, c.req.query())
      const [entries, head] = [await room.trail.list({ afterCount: after, limit }), await room.trail.head()]
      return c.json({ entries, head })
    })
    .get('/audit/verify', async (c) => {
      const { count, hash } = parseInput(AuditHead, c.req.query())
      const against = count === undefined || hash === undefined ? undefined : { count, hash }
      return c.json(await room.trail.verify(against))
    })
}
