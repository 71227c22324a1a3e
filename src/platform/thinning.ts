/** What is removed once an hour, so that no table of a tenant only ever grows, however long it lives. */
import { and, asc, count, eq, lt, lte, max, ne, sql } from 'drizzle-orm'
import type { Clock } from '../base/mod.ts'
import { yieldToFinalisers } from '../store/mod.ts'
import type { TenantStore } from './database.ts'
import { forgetUnconfirmed } from './enrolment/enrol.ts'
import { thinHistory } from './reports/status.ts'

const DAY_MS = 86_400_000

/** Audit logs of a tenant: 1,000,000 lines × ~400 B with their indexes = 400 MB, and none older than 400 days. */
export const LOG_LINES_KEPT = 1_000_000
export const LOG_AGE_MAX_MS = 400 * DAY_MS
/** Lines of one look and one deletion: ~5 ms in which nobody else writes. */
const LOG_LINES_AT_ONCE = 1_000
/** What each Runtime made of a version, without its assignment: 16 versions × 256 Runtimes × ~1 KiB = 4 MiB of a deployment. */
export const TARGET_VERSIONS_KEPT = 16
/** As many as a deployment's list shows: 1,000 × ~150 B = 150 kB of a deployment. Going back ends where the list does. */
export const DEPLOYMENT_VERSIONS_KEPT = 1_000
/**
 * Of each Blueprint: 256 × ~10 KiB of text ≈ 2.5 MiB; with the most text (1 MiB) and other code (4 MiB) each time 1.25 GiB. The version
 * that is in force is kept however old it is; code goes with the last version that names it.
 */
export const BLUEPRINT_VERSIONS_KEPT = 256
/** Enrolment codes after their time, for those who ask what became of one: ~500 B each. */
export const CODE_KEPT_MS = 90 * DAY_MS

/** Removes from a tenant's tables what is past its keeping. Ends early, between two steps, when the signal says so. */
export async function thinTenant(deps: { db: TenantStore; clock: Clock; signal: AbortSignal }): Promise<void> {
  const { db, clock } = deps
  for (const step of [thinHistory, thinVersions, thinBlueprints, thinCodes]) {
    if (deps.signal.aborted) return
    await step(db, clock)
  }
  await thinLogs(deps)
}

/** From the oldest on, in the order in which they came: so those that are left have numbers without a gap. */
async function thinLogs({ db, clock, signal }: { db: TenantStore; clock: Clock; signal: AbortSignal }): Promise<void> {
  const table = db.tables.tenantLogs
  const [newest] = await db.select({ sequence: max(table.sequence) }).from(table)
  const surplusThrough = (newest?.sequence ?? 0) - LOG_LINES_KEPT
  const tooOldMs = clock.now() - LOG_AGE_MAX_MS
  while (!signal.aborted) {
    const oldest = await db
      .select({ sequence: table.sequence, atMs: table.atMs })
      .from(table)
      .orderBy(asc(table.sequence))
      .limit(LOG_LINES_AT_ONCE)
    const kept = oldest.findIndex(({ sequence, atMs }) => sequence > surplusThrough && atMs >= tooOldMs)
    const last = oldest.at(kept < 0 ? -1 : kept - 1)
    if (kept === 0 || !last) return
    await db.delete(table).where(lte(table.sequence, last.sequence))
    if (kept > 0) return
    await yieldToFinalisers()
  }
}

async function thinVersions(db: TenantStore): Promise<void> {
  const { tenantDeployments, tenantDeploymentVersions: versions, tenantTargets: targets } = db.tables
  for (const { id, version } of await db.select().from(tenantDeployments)) {
    const oldTargets = lte(targets.version, version - TARGET_VERSIONS_KEPT)
    await db.delete(targets).where(and(eq(targets.deployment, id), oldTargets))
    const oldVersions = lte(versions.version, version - DEPLOYMENT_VERSIONS_KEPT)
    await db.delete(versions).where(and(eq(versions.deployment, id), oldVersions))
    await yieldToFinalisers()
  }
}

async function thinBlueprints(db: TenantStore): Promise<void> {
  const { tenantBlueprints: blueprints, tenantCode: code } = db.tables
  const grown = await db
    .select({ name: blueprints.name, newest: max(blueprints.version) })
    .from(blueprints)
    .groupBy(blueprints.name)
    .having(sql`${count()} > ${BLUEPRINT_VERSIONS_KEPT}`)
  for (const { name, newest } of grown) {
    const old = lte(blueprints.version, (newest ?? 0) - BLUEPRINT_VERSIONS_KEPT)
    const inForce = await versionInForce(db, name)
    const spared = inForce === undefined ? undefined : ne(blueprints.version, inForce)
    await db.delete(blueprints).where(and(eq(blueprints.name, name), old, spared))
  }
  const named = sql`(select json_extract(file.value, '$.sha256') from ${blueprints}, json_each(${blueprints.code}) as file)`
  await db.delete(code).where(sql`${code.sha256} not in ${named}`)
}

async function versionInForce(db: TenantStore, blueprint: string): Promise<number | undefined> {
  const { tenantDeployments: deployments, tenantDeploymentVersions: versions } = db.tables
  const [row] = await db
    .select({ version: versions.blueprintVersion })
    .from(deployments)
    .innerJoin(versions, and(eq(versions.deployment, deployments.id), eq(versions.version, deployments.version)))
    .where(eq(deployments.blueprint, blueprint))
  return row?.version
}

async function thinCodes(db: TenantStore, clock: Clock): Promise<void> {
  const table = db.tables.tenantEnrolmentCodes
  // First: by its code alone is a registration known that nothing ever confirmed.
  await forgetUnconfirmed(db, clock)
  await db.delete(table).where(lt(table.expiresAtMs, clock.now() - CODE_KEPT_MS))
}
