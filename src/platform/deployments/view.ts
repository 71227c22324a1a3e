/** A deployment as the API and the pages show it: what was wanted, what each Runtime made of it, what they last told. */
import { rfc3339 } from '../../base/mod.ts'
import type { DeploymentState, DeploymentStatus } from '../../wire/mod.ts'
import type { TenantStore } from '../database.ts'
import { statusOf } from '../reports/status.ts'
import { listRuntimes } from '../runtimes.ts'
import { type DeploymentRow, listDeployments } from './deployments.ts'
import { peersOutOfForce } from './peers-out-of-force.ts'
import { overallOf, type Standing, standingOf, targetsOf } from './targets.ts'

export type TargetView = {
  runtime: string
  name: string
  system: string
  wanted: 'run' | 'stop'
  /** Whether the Runtime has answered what was last asked of it. */
  told: boolean
  state: DeploymentState
  outcome?: string
  reasons: { code: string; item?: string | undefined }[]
  attempts: number
}

export type DeploymentView = {
  deployment: string
  blueprint: string
  version: number
  wanted: 'run' | 'stop'
  state: DeploymentState
  createdAt: string
  changedAt: string
  runtimes: TargetView[]
}

export type RuntimeStatus = DeploymentStatus & { runtime: string; name: string }
export type DeploymentDetail = DeploymentView & { status: RuntimeStatus[] }

/** One deployment in its newest version. */
export async function deploymentView(db: TenantStore, row: DeploymentRow): Promise<DeploymentView> {
  return viewOf(row, await targetsOf(db, row.id, row.version), await namesOf(db))
}

/** All of them, the last changed first. */
export async function deploymentViews(db: TenantStore): Promise<DeploymentView[]> {
  const names = await namesOf(db)
  const views: DeploymentView[] = []
  for (const row of await listDeployments(db)) views.push(viewOf(row, await targetsOf(db, row.id, row.version), names))
  return views
}

/** The same with the last status of each Runtime. A status of an older version is left out. */
export async function deploymentDetail(
  db: TenantStore,
  row: DeploymentRow,
): Promise<{ view: DeploymentDetail; targets: Standing[] }> {
  const [targets, names, told] = [
    await targetsOf(db, row.id, row.version),
    await namesOf(db),
    await statusOf(db, row.id),
  ]
  const status = targets.flatMap(({ runtime }) => {
    const entry = told.get(runtime)
    return entry?.version === row.version ? [{ runtime, name: names.get(runtime) ?? runtime, ...entry }] : []
  })
  return { view: { ...viewOf(row, targets, names), status }, targets }
}

function viewOf(row: DeploymentRow, targets: Standing[], names: ReadonlyMap<string, string>): DeploymentView {
  const runtimes = targets.map((target): TargetView => {
    const { runtime, system, wanted, attempts, outcome } = target
    const { state, reasons } = standingOf(target)
    return {
      ...{ runtime, system, wanted, attempts, name: names.get(runtime) ?? runtime, told: target.delivery === 'told' },
      ...{ state, reasons: [...reasons, ...peersOutOfForce(target, targets, names)] },
      ...(outcome !== null && { outcome }),
    }
  })
  // Runtimes that left with this version count only where everything is to stop.
  const counted = row.wanted === 'stop' ? runtimes : runtimes.filter(({ wanted }) => wanted === 'run')
  return {
    ...{ deployment: row.id, blueprint: row.blueprint, version: row.version, wanted: row.wanted, runtimes },
    state: overallOf(counted.map(({ state }) => state)),
    createdAt: rfc3339(row.createdAtMs),
    changedAt: rfc3339(row.changedAtMs),
  }
}

async function namesOf(db: TenantStore): Promise<Map<string, string>> {
  return new Map((await listRuntimes(db)).map(({ id, name }) => [id, name]))
}
