/** The record of what people and keys did: one line for each act, chained by hashes, with a signed head. */
import { asc, desc, eq, gt } from 'drizzle-orm'
import { type Clock, canonicalJson, type Random, Turns } from '../base/mod.ts'
import { importVerifyKey, type SigningKey } from '../crypto/mod.ts'
import { auditHead, auditTrail } from '../store/mod.ts'
import {
  encodeSignature,
  GENESIS,
  type HeadPoint,
  headIsSigned,
  lineHash,
  type SignedHead,
  signHead,
  type TrailDatabase,
  type TrailRow,
} from './chain.ts'
import { type Act, asEntry, type TrailEntry } from './entry.ts'
import { AuditBroken, AuditEntryTooLarge } from './errors.ts'
import { exportTrail, type SeenAs } from './export.ts'
import { searchTrail, type TrailPage, type TrailQuery } from './search.ts'
import { type Verification, verifyTrail } from './verification.ts'

/** `signer` signs the heads. */
export type TrailDeps = { db: TrailDatabase; signer: SigningKey; clock: Clock; random: Random }

/** An open trail. `record` and `head` are transactions of their own: never call them within one of the same database. */
export type Trail = {
  /** Resolves when the line and the head over it are durable. Refuses `audit.entry_too_large` (4 KiB), `audit.broken`. */
  record(act: Act): Promise<void>
  /** The count and hash of the last line, signed. Refuses `audit.broken`. */
  head(): Promise<SignedHead>
  /** Up to `limit` (at most 1,000) lines with a count above `afterCount`, in order. */
  list(page: { afterCount?: number; limit: number }): Promise<TrailEntry[]>
  /** Lines that a filter lets through, the newest first, a page at a time. */
  search(query: TrailQuery): Promise<TrailPage>
  /** The trail as JSON lines with its signed head, which `verifyExport` checks; whole, or as `seenAs` has it. Refuses `audit.broken`. */
  export(seenAs?: SeenAs): Promise<AsyncIterable<string>>
  /** Checks every line and the head, and that the trail still holds the head `against` that someone else kept. */
  verify(against?: HeadPoint): Promise<Verification>
}

/** A line of 4 KiB: 1,000 of them, the longest page, stay below 4 MiB. */
const LINE_CHARACTERS_MAX = 4_096
const LIST_LINES_MAX = 1_000

/** Opens the trail in `db`; `signer` signs its heads. A rotation of that key will sign the head anew. */
export async function openTrail(deps: TrailDeps): Promise<Trail> {
  const verifyKey = await importVerifyKey(deps.signer.publicKey)
  // One at a time, and one for all who ask the same meanwhile: each walks the whole trail.
  const verifying = new Turns()
  const underWay = new Map<string, Promise<Verification>>()
  const verify = (against?: HeadPoint): Promise<Verification> => {
    const asked = against ? `${against.count} ${against.hash}` : ''
    const same = underWay.get(asked)
    if (same) return same
    const verification = verifying
      .run(() => verifyTrail(deps.db, deps.signer, against))
      .finally(() => underWay.delete(asked))
    underWay.set(asked, verification)
    return verification
  }
  const head = () => deps.db.transaction((tx) => signedHead(tx, deps.signer, verifyKey))
  return {
    record: (act) => record(deps, verifyKey, act),
    head,
    list: (page) => list(deps.db, page),
    search: (query) => searchTrail(deps.db, query),
    export: async (seenAs) => exportTrail(deps.db, deps.signer, await head(), seenAs),
    verify,
  }
}

/**
 * Names come from outside. Half a character, over which no hash is defined, and NUL, at which the database ends a text, become
 * \ufffd: a line with either would look changed to whoever reads it.
 */
function lineOf({ actor, action, subject, detail = {} }: Act): Omit<TrailRow, 'count' | 'atMs' | 'hash'> {
  const whole = (text: string): string => text.replaceAll('\0', '\ufffd').replace(/\p{Cs}/gu, '\ufffd')
  const facts = Object.entries(detail).map(([name, fact]) => [
    whole(name),
    typeof fact === 'string' ? whole(fact) : fact,
  ])
  const said = { actor: whole(actor), action: whole(action), subject: whole(subject) }
  return { ...said, detail: canonicalJson(Object.fromEntries(facts)) }
}

type Transaction = Parameters<Parameters<TrailDatabase['transaction']>[0]>[0]

async function record(deps: TrailDeps, verifyKey: CryptoKey, act: Act): Promise<void> {
  const line = lineOf(act)
  const characters = Object.values(line).reduce((sum, text) => sum + text.length, 0)
  if (characters > LINE_CHARACTERS_MAX) {
    throw new AuditEntryTooLarge(`a line of the audit trail has at most ${LINE_CHARACTERS_MAX} characters`)
  }
  await deps.db.transaction(async (tx) => {
    const { head: before } = await soundHead(tx, verifyKey)
    const timed = { ...line, atMs: deps.clock.now() }
    const row = { ...timed, count: before.count + 1, hash: lineHash(before.hash, timed) }
    await tx.insert(auditTrail).values(row)
    const signature = await signHead(deps.signer, row)
    const head = { id: 1, count: row.count, hash: row.hash, signature, kid: deps.signer.kid }
    await tx.insert(auditHead).values(head).onConflictDoUpdate({ target: auditHead.id, set: head })
  })
}

/** The head, after making sure that it is signed and is that of the last line. */
async function soundHead(
  tx: Transaction,
  verifyKey: CryptoKey,
): Promise<{ head: HeadPoint; signature?: Uint8Array<ArrayBuffer> }> {
  const head = await tx.select().from(auditHead).where(eq(auditHead.id, 1)).get()
  const last = await tx.select().from(auditTrail).orderBy(desc(auditTrail.count)).limit(1).get()
  if (head === undefined && last === undefined) return { head: GENESIS }
  const together = head !== undefined && head.count === last?.count && head.hash === last.hash
  if (!together || !(await headIsSigned(verifyKey, head, head.signature))) {
    throw new AuditBroken('the signed head is not that of the last line')
  }
  return { head: { count: head.count, hash: head.hash }, signature: head.signature }
}

async function signedHead(tx: Transaction, signer: SigningKey, verifyKey: CryptoKey): Promise<SignedHead> {
  const { head, signature } = await soundHead(tx, verifyKey)
  return { ...head, signature: encodeSignature(signature ?? (await signHead(signer, head))) }
}

async function list(db: TrailDatabase, page: { afterCount?: number; limit: number }): Promise<TrailEntry[]> {
  const rows = await db
    .select()
    .from(auditTrail)
    .where(gt(auditTrail.count, page.afterCount ?? 0))
    .orderBy(asc(auditTrail.count))
    .limit(Math.min(page.limit, LIST_LINES_MAX))
  return rows.map(asEntry)
}
