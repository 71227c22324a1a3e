/**
 * Watches the heads of the Runtimes' audit trails, which their heartbeats carry. A Runtime whose database was put back to an earlier
 * state, or exchanged, tells a head that does not follow from the one before: nothing on its own disk could show that.
 */
import { eq } from 'drizzle-orm'
import type { Trail } from '../audit/mod.ts'
import { rfc3339 } from '../base/mod.ts'
import type { Heartbeat, Received } from '../wire/mod.ts'
import type { TenantStore } from './database.ts'

type Row = TenantStore['tables']['tenantRuntimes']['$inferSelect']
type HeadPoint = { count: number; hash: string }
export type TrailWentBack = NonNullable<Row['trailWentBack']>
/** As the API shows it: what was told before, what was told then, and when. */
export type WentBackView = { from: HeadPoint; to: HeadPoint; at: string }
/** Two that run from one data folder's copies tell their heads in turn: one entry an hour says it as well as one each ten seconds. */
const TOLD_AGAIN_MS = 3_600_000

type HeadHeard = { trail?: Row['trail']; trailWentBack?: TrailWentBack }

/** What a heartbeat changes of what is known of its Runtime's trail; nothing, if a later one was heard already. */
export async function headHeard(
  db: TenantStore,
  head: Heartbeat['trail'],
  { from, incarnation, seq, sentAtMs }: Received,
  now: number,
): Promise<HeadHeard> {
  const table = db.tables.tenantRuntimes
  const known = { trail: table.trail, incarnation: table.incarnation, wentBack: table.trailWentBack }
  const [row] = await db.select(known).from(table).where(eq(table.id, from))
  const heard: HeadHeard = { trail: { ...head, seq, sentAtMs } }
  if (!row?.trail) return heard
  const before = row.trail
  const later = row.incarnation === incarnation ? seq > (before.seq ?? -1) : sentAtMs >= (before.sentAtMs ?? 0)
  if (!later) return {}
  const follows = head.count > before.count || (head.count === before.count && head.hash === before.hash)
  const toldLately = now - (row.wentBack?.atMs ?? Number.NEGATIVE_INFINITY) < TOLD_AGAIN_MS
  return follows || toldLately
    ? heard
    : { ...heard, trailWentBack: { from: headPoint(before), to: headPoint(head), atMs: now } }
}

/** Puts it into the tenant's own trail, where the Runtime cannot take it away again. */
export function recordWentBack(
  trail: Pick<Trail, 'record'>,
  runtime: string,
  { from, to }: TrailWentBack,
): Promise<void> {
  const detail = { fromCount: from.count, fromHash: from.hash, toCount: to.count, toHash: to.hash }
  return trail.record({ actor: 'system', action: 'runtime.trail_went_back', subject: runtime, detail })
}

export function headPoint({ count, hash }: HeadPoint): HeadPoint {
  return { count, hash }
}

export function wentBackView({ from, to, atMs }: TrailWentBack): WentBackView {
  return { from, to, at: rfc3339(atMs) }
}
