/** Finds lines of the trail by who, what, to what and when, the newest first, without holding the loop over a long trail. */
import { and, desc, eq, gt, gte, lte, type SQL } from 'drizzle-orm'
import { auditTrail, yieldToFinalisers } from '../store/mod.ts'
import type { TrailDatabase } from './chain.ts'
import { asEntry, type TrailEntry } from './entry.ts'

/** All that is named must hold. `action` may end with `*`: `credential.*`. Times are ms since 1970, both ends included. */
export type TrailFilter = {
  actor?: string | undefined
  action?: string | undefined
  subject?: string | undefined
  sinceMs?: number | undefined
  untilMs?: number | undefined
}
/** `before`: only lines with a lower count; without it from the newest. `limit` is at most 1,000. */
export type TrailQuery = TrailFilter & { before?: number | undefined; limit: number }
/** `next`: there may be older ones; ask with `before: next`. A page may be shorter than asked, even empty, and still have one. */
export type TrailPage = { entries: TrailEntry[]; next?: number }

export const SEARCH_LINES_MAX = 1_000
/** One step looks at so many lines: some 2 ms on the loop, then others have their turn. */
const STEP_LINES = 2_000
/** One search looks at so many: 25 steps, some 50 ms in all. Whoever wants more asks again from `next`. */
export const SEARCHED_LINES_MAX = 50_000

export async function searchTrail(db: TrailDatabase, query: TrailQuery): Promise<TrailPage> {
  const limit = Math.min(query.limit, SEARCH_LINES_MAX)
  const entries: TrailEntry[] = []
  let top = await highest(db, (query.before ?? Number.MAX_SAFE_INTEGER) - 1)
  for (let looked = 0; top > 0 && looked < SEARCHED_LINES_MAX; looked += STEP_LINES) {
    const rows = await db
      .select()
      .from(auditTrail)
      .where(and(lte(auditTrail.count, top), gt(auditTrail.count, top - STEP_LINES), ...conditions(query)))
      .orderBy(desc(auditTrail.count))
      .limit(limit - entries.length)
    entries.push(...rows.map(asEntry))
    const last = entries.at(-1)
    if (last !== undefined && entries.length === limit) return { entries, ...(last.count > 1 && { next: last.count }) }
    await yieldToFinalisers()
    top = await highest(db, top - STEP_LINES)
  }
  return { entries, ...(top > 0 && { next: top + 1 }) }
}

/** The last line up to a place, 0 when there is none: a trail with a gap, which is no honest one, is searched no longer than others. */
async function highest(db: TrailDatabase, upTo: number): Promise<number> {
  const found = await db
    .select({ count: auditTrail.count })
    .from(auditTrail)
    .where(lte(auditTrail.count, upTo))
    .orderBy(desc(auditTrail.count))
    .limit(1)
  return Math.max(found[0]?.count ?? 0, 0)
}

function conditions({ actor, action, subject, sinceMs, untilMs }: TrailFilter): SQL[] {
  return [
    ...(actor === undefined ? [] : [eq(auditTrail.actor, actor)]),
    ...(action === undefined ? [] : [actionIs(action)]),
    ...(subject === undefined ? [] : [eq(auditTrail.subject, subject)]),
    ...(sinceMs === undefined ? [] : [gte(auditTrail.atMs, sinceMs)]),
    ...(untilMs === undefined ? [] : [lte(auditTrail.atMs, untilMs)]),
  ]
}

function actionIs(action: string): SQL {
  if (!action.endsWith('*')) return eq(auditTrail.action, action)
  // Between the first text with this beginning and the last one: no pattern, so nothing in it needs escaping.
  const beginning = action.slice(0, -1)
  return and(gte(auditTrail.action, beginning), lte(auditTrail.action, `${beginning}\u{10ffff}`)) as SQL
}
