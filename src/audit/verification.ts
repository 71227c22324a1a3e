/** Walks the whole trail and names the first line that is not as it was written. */
import { asc, eq, gt } from 'drizzle-orm'
import { importVerifyKey, type SigningKey } from '../crypto/mod.ts'
import { auditHead, auditTrail, yieldToFinalisers } from '../store/mod.ts'
import { GENESIS, type HeadPoint, headIsSigned, lineHash, type TrailDatabase, type TrailRow } from './chain.ts'

/**
 * - `changed`: what the line says is not what its hash covers · `removed`: the line is missing, lines behind it are there
 * - `reordered`: the line belongs to another place · `cut`: the trail ends before the line that a head names
 * - `head`: the signed head is missing, not signed by this key, or of another line
 * - `another_history`: the trail is sound, but at the count of the given head it has another hash
 */
export type Tampering = 'changed' | 'removed' | 'reordered' | 'cut' | 'head' | 'another_history'
/** `count`: lines that are sound · `firstBad`: the count of the first line that is not as it was written. */
export type Verification = { ok: true; count: number } | { ok: false; firstBad: number; reason: Tampering }

/** Lines are read and hashed at some 100,000 a second: 250 hold the loop for about 3 ms, then others have their turn. */
const PAGE_LINES = 250

/** Compares every line, the signed head, and the head `against` that someone else kept. */
export async function verifyTrail(db: TrailDatabase, signer: SigningKey, against?: HeadPoint): Promise<Verification> {
  const lines = await walk(db, against)
  if (!lines.ok) return lines
  const head = await db.select().from(auditHead).where(eq(auditHead.id, 1)).get()
  const named = Math.max(head?.count ?? 0, against?.count ?? 0)
  if (named > lines.last.count) return bad(lines.last.count + 1, 'cut')
  if (head === undefined && lines.last.count === 0) return { ok: true, count: 0 }
  const signed =
    head !== undefined && (await headIsSigned(await importVerifyKey(signer.publicKey), head, head.signature))
  if (!signed || head.count !== lines.last.count || head.hash !== lines.last.hash) {
    return bad(lines.last.count, 'head')
  }
  return { ok: true, count: lines.last.count }
}

type Walked = { ok: true; last: HeadPoint } | (Verification & { ok: false })

async function walk(db: TrailDatabase, against: HeadPoint | undefined): Promise<Walked> {
  let last = GENESIS
  for (;;) {
    const page = await pageAfter(db, last.count)
    for (const row of page) {
      if (row.count !== last.count + 1) return bad(last.count + 1, 'removed')
      if (row.hash !== lineHash(last.hash, row)) return bad(row.count, await whatHappened(db, row))
      last = { count: row.count, hash: row.hash }
      if (against?.count === last.count && against.hash !== last.hash) return bad(last.count, 'another_history')
    }
    if (page.length < PAGE_LINES) return { ok: true, last }
    await yieldToFinalisers()
  }
}

/** A line that follows from some other line's hash was moved; one that follows from none was changed. */
async function whatHappened(db: TrailDatabase, line: TrailRow): Promise<Tampering> {
  if (line.hash === lineHash(GENESIS.hash, line)) return 'reordered'
  for (let after = 0; ; ) {
    const page = await pageAfter(db, after)
    if (page.some((before) => line.hash === lineHash(before.hash, line))) return 'reordered'
    if (page.length < PAGE_LINES) return 'changed'
    after = page.at(-1)?.count ?? after
    await yieldToFinalisers()
  }
}

function pageAfter(db: TrailDatabase, count: number): Promise<TrailRow[]> {
  return db
    .select()
    .from(auditTrail)
    .where(gt(auditTrail.count, count))
    .orderBy(asc(auditTrail.count))
    .limit(PAGE_LINES)
}

function bad(firstBad: number, reason: Tampering): Verification & { ok: false } {
  return { ok: false, firstBad, reason }
}
