/** Enrolment as the tenant sees it: a sealed request with the secret of an open code becomes a registration (PROTOCOL.md, Enrolment). */
import { and, eq, inArray, isNull, lt } from 'drizzle-orm'
import * as v from 'valibot'
import { base64url, type Clock, fromBase64url, newId, type Turns } from '../../base/mod.ts'
import { importAgreementPublicKey, thumbprint } from '../../crypto/mod.ts'
import {
  EnrolmentRefused,
  type EnrolmentRequest,
  openEnrolmentRequest,
  RuntimeId,
  sealEnrolmentAnswer,
} from '../../wire/mod.ts'
import type { TenantStore } from '../database.ts'
import { EnrolmentCodeExpired, EnrolmentCodeUsed, RuntimeNameTaken, RuntimeNameUnfit } from '../errors.ts'
import { type CodeDeps, hashOfSecret } from './codes.ts'

export type EnrolDeps = CodeDeps & { tenantName: string; heartbeatIntervalMs: number; turns: Turns }

type Asked = { request: EnrolmentRequest; kid: string }

/**
 * Answers a sealed request by a sealed registration. It counts from the Runtime's first signed heartbeat; until the code expires, the
 * same code with the same keys gets the same registration again. A stranger gets `enrolment.refused` for everything; who knows the
 * secret is told `enrolment_code.expired`, `enrolment_code.used`, `runtime.name_unfit` or `runtime.name_taken`.
 */
export async function enrol(deps: EnrolDeps, body: string): Promise<string> {
  const { request, digest } = await openEnrolmentRequest(body, deps)
  const recipient = fromBase64url(request.agreementKey)
  await importAgreementPublicKey(recipient).catch((cause) => {
    throw new EnrolmentRefused('the enrolment was refused', { cause })
  })
  const asked = { request, kid: await thumbprint(fromBase64url(request.signingKey)) }
  const runtime = await deps.turns.run(() => register(deps, asked))
  const registration = {
    runtime,
    tenant: deps.tenant,
    tenantName: deps.tenantName,
    signingKey: base64url(deps.signing.publicKey),
    agreementKey: base64url(deps.agreement.publicKey),
    heartbeatIntervalMs: deps.heartbeatIntervalMs,
  }
  const { signing: key, agreement } = deps
  return sealEnrolmentAnswer(registration, { key, agreement, recipient, digest })
}

async function register(deps: EnrolDeps, asked: Asked): Promise<RuntimeId> {
  const { db, clock } = deps
  const { tenantEnrolmentCodes: codes, tenantRuntimes: runtimes } = db.tables
  const [code] = await db
    .select()
    .from(codes)
    .where(eq(codes.secretHash, await hashOfSecret(asked.request.secret)))
  if (!code) throw new EnrolmentRefused('the enrolment was refused')
  if (code.revokedAtMs !== null || code.expiresAtMs <= clock.now())
    throw new EnrolmentCodeExpired('the enrolment code has expired')
  if (code.usedBy !== null) {
    const [known] = await db.select().from(runtimes).where(eq(runtimes.id, code.usedBy))
    const same = known?.signingKid === asked.kid && known.agreementKey === asked.request.agreementKey
    if (!same) throw new EnrolmentCodeUsed('the enrolment code was used by another Runtime')
    return known.id as RuntimeId
  }
  await forgetUnconfirmed(db, clock)
  return insertRuntime(deps, asked, code)
}

async function insertRuntime(
  deps: EnrolDeps,
  { request, kid }: Asked,
  code: { id: string; labels: Record<string, string> },
): Promise<RuntimeId> {
  const { db, trail, clock, random } = deps
  const { tenantEnrolmentCodes: codes, tenantRuntimes: runtimes } = db.tables
  const id = newId('rt', clock, random)
  const now = clock.now()
  await refuseTaken(db, runtimes, { name: request.name, kid })
  await trail.record({ actor: `runtime:${id}`, action: 'runtime.enrolled', subject: id })
  await db.transaction(async (tx) => {
    await refuseTaken(tx, runtimes, { name: request.name, kid })
    const claimed = await tx
      .update(codes)
      .set({ usedBy: id, usedAtMs: now })
      .where(and(eq(codes.id, code.id), isNull(codes.usedBy)))
      .returning({ id: codes.id })
    if (claimed.length === 0) throw new EnrolmentCodeUsed('the enrolment code was used by another Runtime')
    const { name, signingKey, agreementKey, managementUrl, bridgePort, authority, version, inventory } = request
    const registered = { name, signingKey, agreementKey, managementUrl, bridgePort, authority, version, inventory }
    const fresh = { id, state: 'pending', signingKid: kid, labels: code.labels, enrolledAtMs: now } as const
    await tx.insert(runtimes).values({ ...registered, ...fresh, inventoryAtMs: now, heartbeats: 0, left: false })
  })
  return id
}

/** A name that reads like the id of another Runtime could be taken for that one. */
async function refuseTaken(
  from: Pick<TenantStore, 'select'>,
  runtimes: TenantStore['tables']['tenantRuntimes'],
  { name, kid }: { name: string; kid: string },
): Promise<void> {
  if (v.is(RuntimeId, name)) throw new RuntimeNameUnfit('a Runtime’s name must not have the form of an id')
  const taken = await from.select({ id: runtimes.id }).from(runtimes).where(eq(runtimes.name, name))
  if (taken.length > 0) throw new RuntimeNameTaken(`a Runtime named ${name} is enrolled already`)
  const keys = await from.select({ id: runtimes.id }).from(runtimes).where(eq(runtimes.signingKid, kid))
  if (keys.length > 0) throw new EnrolmentCodeUsed('a Runtime with these keys is enrolled already')
}

/** Registrations that no heartbeat confirmed before their code expired give their names back. */
export async function forgetUnconfirmed(db: TenantStore, clock: Clock): Promise<void> {
  const { tenantEnrolmentCodes: codes, tenantRuntimes: runtimes } = db.tables
  const expired = db.select({ id: codes.usedBy }).from(codes).where(lt(codes.expiresAtMs, clock.now()))
  await db.delete(runtimes).where(and(eq(runtimes.state, 'pending'), inArray(runtimes.id, expired)))
}
