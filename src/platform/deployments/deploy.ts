/** Deploying: a Blueprint's version compiled into one signed assignment for each Runtime, as the next version of its deployment. */
import { eq } from 'drizzle-orm'
import type { Trail } from '../../audit/mod.ts'
import { newId, type Random, type Turns } from '../../base/mod.ts'
import { type Blueprint, type Target as CompileTarget, compileBlueprint } from '../../blueprint/mod.ts'
import type { AgreementKey, SigningKey, WrappingKey } from '../../crypto/mod.ts'
import { type Assignment, type DeploymentId, type RuntimeId, signAssignment, type TenantId } from '../../wire/mod.ts'
import { type BlueprintDeps, type Code, findBlueprint, openBlueprint, type StoredBlueprint } from '../blueprints.ts'
import type { TenantStore, TenantWriter } from '../database.ts'
import { DeploymentChanged } from '../errors.ts'
import { listRuntimes, runtimeById } from '../runtimes.ts'
import { applyRequest, requireFits, type SignedAssignment } from './apply-request.ts'
import { byBlueprint, type DeploymentRow } from './deployments.ts'
import { shapeOf, supersedeOlder, targetsOf, wrapAssignment } from './targets.ts'

export type DeployDeps = BlueprintDeps & {
  tenant: TenantId
  signing: SigningKey
  agreement: AgreementKey
  /** Wraps assignments at rest. */
  wrapping: WrappingKey
  trail: Pick<Trail, 'record'>
  turns: Turns
  random: Random
}

type Wanted = { blueprint: string; version?: number; author: string }
type Prepared = {
  before: DeploymentRow | undefined
  deployment: DeploymentId
  version: number
  stored: StoredBlueprint
  running: (SignedAssignment & { wrapped: Awaited<ReturnType<typeof wrapAssignment>> })[]
  /** Runtimes that had a part before and have none now: they are told to stop. */
  leaving: { runtime: string; system: string }[]
}

/**
 * Puts a version of a Blueprint (the newest by default) in force as the next version of its deployment; gives the Runtimes that are to
 * be told. Deploying an old version is the way back. Two at once get two versions, one after the other. Refuses `blueprint.not_found`,
 * `blueprint.invalid`, `blueprint.target_missing`, `deployment.too_large`, and `deployment.changed_meanwhile` if another process was faster.
 */
export function deploy(
  deps: DeployDeps,
  wanted: Wanted,
): Promise<{ deployment: DeploymentId; version: number; runtimes: string[] }> {
  return deps.turns.run(async () => {
    const prepared = await prepare(deps, wanted)
    const { deployment, version, stored, running, leaving } = prepared
    const detail = { blueprint: stored.name, version }
    await deps.trail.record({ actor: wanted.author, action: 'deployment.created', subject: deployment, detail })
    await store(deps, prepared, wanted.author)
    return {
      ...{ deployment, version },
      runtimes: [...running.map(({ assignment }) => assignment), ...leaving].map(({ runtime }) => runtime),
    }
  })
}

/** Everything that can be refused, before anything is written. */
async function prepare(deps: DeployDeps, wanted: Wanted): Promise<Prepared> {
  const stored = await findBlueprint(deps.db, wanted.blueprint, wanted.version)
  const { blueprint, code } = await openBlueprint(deps, stored)
  const before = await byBlueprint(deps.db, stored.name)
  const deployment = (before?.id ?? newId('dep', deps.clock, deps.random)) as DeploymentId
  const version = (before?.version ?? 0) + 1
  const assignments = await compile(deps, { blueprint, code, deployment, version })
  const running = await Promise.all(assignments.map((assignment) => sign(deps, assignment)))
  const leaving = before ? await leavingRuntimes(deps.db, before, assignments) : []
  return { before, deployment, version, stored, running, leaving }
}

/** Sealed once only to learn whether it will fit: a deployment that cannot be told must not be stored. */
async function sign(deps: DeployDeps, assignment: Assignment): Promise<Prepared['running'][number]> {
  const signature = await signAssignment(deps.signing, assignment)
  const { agreementKey } = await runtimeById(deps.db, assignment.runtime)
  const { request } = await applyRequest({ assignment, signature }, { sender: deps.agreement, agreementKey })
  requireFits(request, assignment.system)
  return { assignment, signature, wrapped: await wrapAssignment(deps.wrapping, assignment) }
}

async function compile(
  deps: DeployDeps,
  what: { blueprint: Blueprint; code: Code; deployment: DeploymentId; version: number },
): Promise<Assignment[]> {
  const rows = await listRuntimes(deps.db)
  const byName = new Map(rows.filter(({ state }) => state === 'enrolled').map((row) => [row.name, row]))
  const targets = new Map<string, CompileTarget>()
  for (const [system, { runtime }] of Object.entries(what.blueprint.systems)) {
    const row = byName.get(runtime)
    if (!row) continue
    const bridgeHost = new URL(row.managementUrl).hostname.replace(/^\[|\]$/g, '')
    targets.set(system, { runtime: row.id as RuntimeId, bridgeHost, bridgePort: row.bridgePort })
  }
  const { tenant, clock, random } = deps
  return compileBlueprint({ ...what, targets, tenant, clock, random })
}

/** A Runtime that was to stop before and has not heard of it yet is still to be told, else it would run on for good. */
async function leavingRuntimes(
  db: TenantStore,
  before: DeploymentRow,
  assignments: Assignment[],
): Promise<{ runtime: string; system: string }[]> {
  const staying = new Set<string>(assignments.map(({ runtime }) => runtime))
  const targets = await targetsOf(db, before.id, before.version)
  return targets.filter(
    ({ runtime, wanted, delivery }) => !staying.has(runtime) && (wanted === 'run' || delivery === 'due'),
  )
}

async function store(deps: DeployDeps, prepared: Prepared, author: string): Promise<void> {
  const { db, clock } = deps
  const { deployment, version, running, leaving } = prepared
  const common = { deployment, version, delivery: 'due', attempts: 0, changedAtMs: clock.now() } as const
  await db.transaction(async (tx) => {
    await writeVersion(deps, tx, prepared, author)
    await supersedeOlder(db, tx, deployment, version)
    await tx.insert(db.tables.tenantTargets).values([
      ...running.map(({ assignment, wrapped, signature }) => ({
        ...{ ...common, runtime: assignment.runtime, system: assignment.system, wanted: 'run' as const },
        ...{ assignment: wrapped, signature, shape: shapeOf(assignment), reasons: [] },
      })),
      ...leaving.map(({ runtime, system }) => ({
        ...{ ...common, runtime, system, wanted: 'stop' as const },
        ...{ assignment: null, signature: null, shape: { components: [], bridges: [] }, reasons: [] },
      })),
    ])
  })
}

async function writeVersion(
  deps: DeployDeps,
  tx: TenantWriter,
  { before, deployment, version, stored }: Prepared,
  author: string,
): Promise<void> {
  const { tenantDeployments: deployments, tenantDeploymentVersions: versions } = deps.db.tables
  const now = deps.clock.now()
  const [there] = await tx.select().from(deployments).where(eq(deployments.blueprint, stored.name))
  // The assignments are signed for this id and version, so they must still be the next ones.
  if (there?.id !== before?.id || there?.version !== before?.version)
    throw new DeploymentChanged('another version of the deployment was made meanwhile')
  const changes = { version, wanted: 'run', changedAtMs: now } as const
  const row = { ...changes, id: deployment, blueprint: stored.name, createdAtMs: now }
  await tx.insert(deployments).values(row).onConflictDoUpdate({ target: deployments.blueprint, set: changes })
  await tx.insert(versions).values({ deployment, version, blueprintVersion: stored.version, author, createdAtMs: now })
}
