/** Streams of a Runtime, told by position: taken once, in order, acknowledged up to what is durable. */
import { and, eq } from 'drizzle-orm'
import { logOf, rfc3339 } from '../../base/mod.ts'
import type { TenantStore, TenantWriter } from '../database.ts'

export type Stream = 'audit-logs' | 'status'
export type Positioned<Entry> = { position: number; entry: Entry }

const log = logOf('platform')

/**
 * Stores what is new of a batch whose first entry has position `first` and the others follow, in one transaction with the position
 * reached; gives that position. What was taken before is skipped, so a batch may come again.
 */
export async function takeBatch<Entry>(
  db: TenantStore,
  from: { runtime: string; stream: Stream },
  batch: { first: number; entries: readonly Entry[] },
  store: (tx: TenantWriter, fresh: Positioned<Entry>[]) => Promise<void>,
): Promise<number> {
  const table = db.tables.tenantStreams
  const mine = and(eq(table.runtime, from.runtime), eq(table.stream, from.stream))
  return db.transaction(async (tx) => {
    const [row] = await tx.select().from(table).where(mine)
    const taken = row?.through ?? 0
    const fresh = batch.entries
      .map((entry, index) => ({ position: batch.first + index, entry }))
      .filter(({ position }) => position > taken)
    const last = fresh.at(-1)
    if (!last) return taken
    // A Runtime tells from its own first unacknowledged position, so what lies before is gone on both sides: nothing to wait for.
    if (batch.first > taken + 1)
      log.warn('positions of a stream are missing', { ...from, after: taken, before: batch.first })
    await store(tx, fresh)
    const through = last.position
    await tx
      .insert(table)
      .values({ ...from, through })
      .onConflictDoUpdate({ target: [table.runtime, table.stream], set: { through } })
    return through
  })
}

/**
 * Entries with no time later than now: a Runtime whose clock is ahead, or that says so, would leave a history in the future that no
 * thinning ever reaches. Earlier times stay as they are: what waited for days is told late.
 */
export function notAhead<Entry extends { at: string }>(
  batch: { first: number; entries: Entry[] },
  nowMs: number,
): { first: number; entries: Entry[] } {
  const now = rfc3339(nowMs)
  return {
    ...batch,
    entries: batch.entries.map((entry) => (Date.parse(entry.at) > nowMs ? { ...entry, at: now } : entry)),
  }
}
