/** Deployments: what is in force, which versions there were, and how one is stopped. */
import { and, desc, eq } from 'drizzle-orm'
import * as v from 'valibot'
import type { Trail } from '../../audit/mod.ts'
import { type Clock, rfc3339, type Turns } from '../../base/mod.ts'
import { DeploymentId } from '../../wire/mod.ts'
import type { TenantStore } from '../database.ts'
import { DeploymentNotFound } from '../errors.ts'

export type DeploymentRow = TenantStore['tables']['tenantDeployments']['$inferSelect']
export type DeploymentVersion = { version: number; blueprintVersion: number; author: string; createdAt: string }

/**
 * Asks every Runtime of a deployment to stop it, on behalf of `actor`; gives those that are to be told. Refuses `deployment.unknown`.
 */
export async function stopDeployment(
  deps: { db: TenantStore; trail: Pick<Trail, 'record'>; turns: Turns; clock: Clock },
  idOrBlueprint: string,
  actor: string,
): Promise<string[]> {
  const { db, trail, turns, clock } = deps
  const { tenantDeployments: deployments, tenantTargets: targets } = db.tables
  const { id } = await findDeployment(db, idOrBlueprint)
  return turns.run(async () => {
    await trail.record({ actor, action: 'deployment.stopped', subject: id })
    const now = clock.now()
    return db.transaction(async (tx) => {
      const stopped = { wanted: 'stop', changedAtMs: now } as const
      const [row] = await tx.update(deployments).set(stopped).where(eq(deployments.id, id)).returning()
      if (!row) throw new DeploymentNotFound(`there is no deployment ${id}`)
      const stopping = await tx
        .update(targets)
        .set({ wanted: 'stop', delivery: 'due', problem: null, changedAtMs: now })
        .where(and(eq(targets.deployment, id), eq(targets.version, row.version), eq(targets.wanted, 'run')))
        .returning({ runtime: targets.runtime })
      return stopping.map(({ runtime }) => runtime)
    })
  })
}

/** By id, or by the name of its Blueprint; what has the form of an id is nothing else. Refuses `deployment.unknown`. */
export async function findDeployment(db: TenantStore, idOrBlueprint: string): Promise<DeploymentRow> {
  const table = db.tables.tenantDeployments
  const column = v.is(DeploymentId, idOrBlueprint) ? table.id : table.blueprint
  const [found] = await db.select().from(table).where(eq(column, idOrBlueprint))
  if (!found) throw new DeploymentNotFound(`there is no deployment ${idOrBlueprint}`)
  return found
}

/** All deployments, the last changed first. */
export async function listDeployments(db: TenantStore): Promise<DeploymentRow[]> {
  const table = db.tables.tenantDeployments
  return db.select().from(table).orderBy(desc(table.changedAtMs)).limit(1_000)
}

/** The versions of a deployment, newest first. */
export async function versionsOf(db: TenantStore, deployment: string): Promise<DeploymentVersion[]> {
  const table = db.tables.tenantDeploymentVersions
  const rows = await db
    .select()
    .from(table)
    .where(eq(table.deployment, deployment))
    .orderBy(desc(table.version))
    .limit(1_000)
  return rows.map(({ version, blueprintVersion, author, createdAtMs }) => ({
    ...{ version, blueprintVersion, author },
    createdAt: rfc3339(createdAtMs),
  }))
}

/** Which version of the Blueprint a version of the deployment is. Refuses `deployment.unknown`. */
export async function blueprintVersionOf(db: TenantStore, deployment: string, version: number): Promise<number> {
  const table = db.tables.tenantDeploymentVersions
  const [row] = await db
    .select()
    .from(table)
    .where(and(eq(table.deployment, deployment), eq(table.version, version)))
  if (!row) throw new DeploymentNotFound(`the deployment has no version ${version}`)
  return row.blueprintVersion
}

/** The deployment of a Blueprint, if it was ever deployed. */
export async function byBlueprint(db: TenantStore, blueprint: string): Promise<DeploymentRow | undefined> {
  const table = db.tables.tenantDeployments
  const [row] = await db.select().from(table).where(eq(table.blueprint, blueprint))
  return row
}
