/** Enrolment codes: made by a user, shown once, kept as a hash, good for one Runtime until they expire. */
import { and, desc, eq, isNull } from 'drizzle-orm'
import type { Trail } from '../../audit/mod.ts'
import { base64url, type Clock, newId, type Random, rfc3339, utf8 } from '../../base/mod.ts'
import { type AgreementKey, type SigningKey, sha256Hex } from '../../crypto/mod.ts'
import { encodeEnrolmentCode, type TenantId } from '../../wire/mod.ts'
import type { TenantStore } from '../database.ts'
import { EnrolmentCodeNotFound } from '../errors.ts'

/** One hour by default, 30 days at most. */
const CODE_LIFETIME_MS = 3_600_000
export const CODE_LIFETIME_MAX_MS = 30 * 86_400_000

export type CodeDeps = {
  db: TenantStore
  tenant: TenantId
  /** Where Runtimes reach this Platform. */
  url: string
  /** PEM of its own CA, where it has one. */
  authority: string | undefined
  signing: SigningKey
  agreement: AgreementKey
  trail: Pick<Trail, 'record'>
  clock: Clock
  random: Random
}

type CodeState = 'open' | 'used' | 'expired' | 'revoked'
export type CodeSummary = {
  id: string
  state: CodeState
  labels: Record<string, string>
  createdBy: string
  createdAt: string
  expires: string
  usedBy?: string
}

/** Makes a code. Its text is given this once; `lifetimeMs` is bounded by `CODE_LIFETIME_MAX_MS`. */
export async function makeCode(
  deps: CodeDeps,
  options: { createdBy: string; labels?: Record<string, string>; lifetimeMs?: number },
): Promise<{ id: string; code: string; expires: string }> {
  const now = deps.clock.now()
  const expiresAtMs = now + Math.min(options.lifetimeMs ?? CODE_LIFETIME_MS, CODE_LIFETIME_MAX_MS)
  const secret = base64url(deps.random(32))
  const id = newId('enc', deps.clock, deps.random)
  await deps.trail.record({ actor: options.createdBy, action: 'enrolment_code.created', subject: id })
  await deps.db.insert(deps.db.tables.tenantEnrolmentCodes).values({
    id,
    secretHash: await hashOfSecret(secret),
    labels: options.labels ?? {},
    createdBy: options.createdBy,
    createdAtMs: now,
    expiresAtMs,
  })
  const code = encodeEnrolmentCode({
    v: 1,
    platform: deps.url,
    tenant: deps.tenant,
    signingKid: deps.signing.kid,
    agreementKey: base64url(deps.agreement.publicKey),
    ...(deps.authority !== undefined && { authority: deps.authority }),
    secret,
    expires: rfc3339(expiresAtMs),
  })
  return { id, code, expires: rfc3339(expiresAtMs) }
}

/** All codes, newest first, never their secrets. */
export async function listCodes(db: TenantStore, clock: Clock): Promise<CodeSummary[]> {
  const table = db.tables.tenantEnrolmentCodes
  const rows = await db.select().from(table).orderBy(desc(table.createdAtMs)).limit(1_000)
  return rows.map((row) => ({
    id: row.id,
    state: stateOfCode(row, clock.now()),
    labels: row.labels,
    createdBy: row.createdBy,
    createdAt: rfc3339(row.createdAtMs),
    expires: rfc3339(row.expiresAtMs),
    ...(row.usedBy !== null && { usedBy: row.usedBy }),
  }))
}

/** Takes a code back before its time, on behalf of `actor`. A code that was used stays as it is. Refuses `enrolment_code.not_found`. */
export async function revokeCode(
  { db, trail, clock }: Pick<CodeDeps, 'db' | 'trail' | 'clock'>,
  id: string,
  actor: string,
): Promise<void> {
  const table = db.tables.tenantEnrolmentCodes
  const [row] = await db.select().from(table).where(eq(table.id, id))
  if (!row) throw new EnrolmentCodeNotFound(`there is no enrolment code ${id}`)
  await trail.record({ actor, action: 'enrolment_code.revoked', subject: id })
  await db
    .update(table)
    .set({ revokedAtMs: clock.now() })
    .where(and(eq(table.id, id), isNull(table.revokedAtMs), isNull(table.usedBy)))
}

function stateOfCode(
  row: { usedBy: string | null; revokedAtMs: number | null; expiresAtMs: number },
  now: number,
): CodeState {
  if (row.usedBy !== null) return 'used'
  if (row.revokedAtMs !== null) return 'revoked'
  return row.expiresAtMs <= now ? 'expired' : 'open'
}

/** The secret has 256 random bits, so a plain hash is enough: there is nothing to guess. */
export function hashOfSecret(secret: string): Promise<string> {
  return sha256Hex(utf8(secret))
}
