/**
 * A trail as a file that can be checked far from where it was kept: JSON lines. The first names the form and the key, the last is
 * the signed head, and between them stands every line in order.
 *   {"trail":"sluice audit v1","key":"<65 bytes, base64url>","kid":"<RFC 7638>"}
 *   {"count":1,"atMs":…,"actor":…,"action":…,"subject":…,"detail":{…},"hash":"<hex>"}
 *   {"head":{"count":…,"hash":"<hex>","signature":"<r‖s, base64url>"}}
 * Whoever may not see every name gets an extract, which says so in its first line: each line as they may see it, in a chain of its own
 * that is signed as an extract. The hashes of the trail itself would tell what was left out to whoever guesses.
 */
import { asc, gt } from 'drizzle-orm'
import * as v from 'valibot'
import { base64url, canonicalJson, EncodingInvalid, fromBase64url } from '../base/mod.ts'
import { type SigningKey, thumbprint } from '../crypto/mod.ts'
import { auditTrail, yieldToFinalisers } from '../store/mod.ts'
import {
  type ChainKind,
  encodeSignature,
  GENESIS,
  type HeadPoint,
  lineHash,
  type SignedHead,
  signHead,
  type TrailDatabase,
  verifyHead,
} from './chain.ts'
import { asEntry, type TrailEntry } from './entry.ts'
import { AuditBroken, AuditExportInvalid } from './errors.ts'
import type { Verification } from './verification.ts'

const FORMS = { trail: 'sluice audit v1', extract: 'sluice audit extract v1' } as const
/** 250 lines of at most 4 KiB: what is made at a time stays below 1 MiB, and holds the loop for some 3 ms. */
const PAGE_LINES = 250

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0))
const hash = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/))
const First = v.strictObject({ trail: v.picklist(Object.values(FORMS)), key: v.string(), kid: v.string() })
const Line = v.strictObject({
  ...{ count, atMs: v.number(), actor: v.string(), action: v.string(), subject: v.string(), hash },
  detail: v.record(v.string(), v.union([v.string(), v.number(), v.boolean()])),
})
const Last = v.strictObject({ head: v.strictObject({ count, hash, signature: v.string() }) })

/** What to hold an export against: `kid`, the key that must have signed it; `head`, seen before, that it must still hold. */
export type ExportExpectation = { kid?: string | undefined; head?: HeadPoint | undefined }
/** Whether it is as it was written, and by which key (its RFC 7638 thumbprint) it says so. */
export type ExportVerification = Verification & { kid: string; extract?: true }
/** A line as somebody may see it. */
export type SeenAs = (entry: TrailEntry) => TrailEntry

/**
 * The trail as text, page by page, as it was when asked: what is recorded meanwhile is not in it. Where `seenAs` leaves something out,
 * an extract. Refuses `audit.broken` rather than sign over a line that was changed.
 */
export async function* exportTrail(
  db: TrailDatabase,
  signer: SigningKey,
  head: SignedHead,
  seenAs?: SeenAs,
): AsyncGenerator<string> {
  const kind = seenAs && (await leavesOut(db, head, seenAs)) ? 'extract' : 'trail'
  yield jsonLine({ trail: FORMS[kind], key: base64url(signer.publicKey), kid: signer.kid })
  if (kind === 'trail' || !seenAs) {
    for await (const page of pages(db, head)) yield page.map(entryLine).join('')
    yield jsonLine({ head: headOf(head) })
    return
  }
  let [trail, extract] = [GENESIS.hash, GENESIS.hash]
  for await (const page of pages(db, head)) {
    const lines: string[] = []
    for (const entry of page) {
      trail = hashOf(trail, entry, 'trail')
      if (trail !== entry.hash) throw new AuditBroken(`line ${entry.count} was changed`)
      const seen = seenAs(entry)
      extract = hashOf(extract, seen, kind)
      lines.push(entryLine({ ...seen, hash: extract }))
    }
    yield lines.join('')
  }
  const end = { count: head.count, hash: extract }
  yield jsonLine({ head: { ...end, signature: encodeSignature(await signHead(signer, end, kind)) } })
}

async function* pages(db: TrailDatabase, head: HeadPoint): AsyncGenerator<TrailEntry[]> {
  for (let after = 0; after < head.count; ) {
    const rows = await db
      .select()
      .from(auditTrail)
      .where(gt(auditTrail.count, after))
      .orderBy(asc(auditTrail.count))
      .limit(Math.min(PAGE_LINES, head.count - after))
    const last = rows.at(-1)
    if (last === undefined) return
    yield rows.map(asEntry)
    after = last.count
    await yieldToFinalisers()
  }
}

async function leavesOut(db: TrailDatabase, head: HeadPoint, seenAs: SeenAs): Promise<boolean> {
  for await (const page of pages(db, head)) {
    if (page.some((entry) => canonicalJson(seenAs(entry)) !== canonicalJson(entry))) return true
  }
  return false
}

function hashOf(before: string, { detail, ...line }: TrailEntry, kind: ChainKind): string {
  return lineHash(before, { ...line, detail: canonicalJson(detail) }, kind)
}

/**
 * Checks an export from its own lines. Without `kid` that shows only that it belongs together: whoever writes another whole trail
 * signs it with another key. Refuses `audit.export_invalid` what has not the form above.
 */
export async function verifyExport(
  lines: AsyncIterable<string>,
  expected: ExportExpectation = {},
): Promise<ExportVerification> {
  const iterator = lines[Symbol.asyncIterator]()
  const first = await iterator.next()
  if (first.done === true) throw new AuditExportInvalid('the export is empty')
  const { key, kid, kind } = await keyOf(parsed(First, first.value, 1), expected.kid)
  if (kind === 'extract' && expected.head) {
    throw new AuditExportInvalid('names are left out of this export: only a whole one can be held against a head')
  }
  let last: HeadPoint = GENESIS
  for (let number = 2; ; number++) {
    const next = await iterator.next()
    if (next.done === true) return { ok: false, firstBad: last.count + 1, reason: 'cut', kid }
    if (next.value.startsWith('{"head"')) {
      const { head } = parsed(Last, next.value, number)
      sameText(jsonLine({ head: headOf(head) }), next.value, number)
      if ((await iterator.next()).done !== true) throw new AuditExportInvalid('something stands behind the signed head')
      return {
        ...(await concluded({ key, kind }, head, last, expected.head)),
        kid,
        ...(kind === 'extract' && { extract: true }),
      }
    }
    const entry = parsed(Line, next.value, number)
    sameText(entryLine(entry), next.value, number)
    const { hash: said, ...line } = entry
    const place = last.count + 1
    if (line.count !== place)
      return { ok: false, firstBad: place, reason: line.count > place ? 'removed' : 'reordered', kid }
    const is = lineHash(last.hash, { ...line, detail: canonicalJson(line.detail) }, kind)
    if (is !== said) return { ok: false, firstBad: place, reason: 'changed', kid }
    last = { count: place, hash: said }
    if (expected.head?.count === place && expected.head.hash !== said) {
      return { ok: false, firstBad: place, reason: 'another_history', kid }
    }
  }
}

async function concluded(
  { key, kind }: { key: Uint8Array<ArrayBuffer>; kind: ChainKind },
  head: SignedHead,
  last: HeadPoint,
  seen: HeadPoint | undefined,
): Promise<Verification> {
  if (head.count > last.count || (seen?.count ?? 0) > last.count) {
    return { ok: false, firstBad: last.count + 1, reason: 'cut' }
  }
  if (head.count !== last.count || head.hash !== last.hash || !(await verifyHead(key, head, kind))) {
    return { ok: false, firstBad: last.count, reason: 'head' }
  }
  return { ok: true, count: last.count }
}

/** The key of an export, after making sure that it has the name it claims, and the expected one. */
async function keyOf(first: v.InferOutput<typeof First>, expected: string | undefined) {
  const key = bytesOf(first.key)
  if ((await thumbprint(key)) !== first.kid) throw new AuditExportInvalid('the key and its id do not belong together')
  if (expected !== undefined && expected !== first.kid) {
    throw new AuditExportInvalid(`the export is signed by the key ${first.kid}, not by ${expected}`)
  }
  const kind: ChainKind = first.trail === FORMS.extract ? 'extract' : 'trail'
  return { key, kid: first.kid, kind }
}

function bytesOf(text: string) {
  try {
    return fromBase64url(text)
  } catch (cause) {
    if (cause instanceof EncodingInvalid) throw new AuditExportInvalid('line 1 names no key', { cause })
    throw cause
  }
}

function parsed<S extends v.GenericSchema>(schema: S, text: string, number: number): v.InferOutput<S> {
  const result = v.safeParse(schema, jsonOf(text, number))
  if (!result.success) throw new AuditExportInvalid(`line ${number} is not of an exported audit trail`)
  return result.output
}

function jsonOf(text: string, number: number): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new AuditExportInvalid(`line ${number} is not JSON`, { cause })
  }
}

/** One form for what is written and what is taken: no member twice, none that a reader of JSON passes over, nothing beside them. */
function entryLine({ count, atMs, actor, action, subject, detail, hash }: TrailEntry): string {
  return jsonLine({ count, atMs, actor, action, subject, detail: JSON.parse(canonicalJson(detail)), hash })
}

function headOf({ count, hash, signature }: SignedHead): SignedHead {
  return { count, hash, signature }
}

/** The hashes cover what was parsed; whoever reads the file reads its text. */
function sameText(written: string, read: string, number: number): void {
  if (written !== `${read}\n`) throw new AuditExportInvalid(`line ${number} is not as this program writes it`)
}

function jsonLine(value: unknown): string {
  return `${JSON.stringify(value)}\n`
}
