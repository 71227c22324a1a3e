/** A deployment as the API and the pages show it: what was wanted, what each Runtime made of it, what they last told. */
import { rfc3339 } from '../../base/mod.ts'
import type { DeploymentState, DeploymentStatus, Reason } from '../../wire/mod.ts'
import type { TenantStore } from '../database.ts'
import { statusOf } from '../reports/status.ts'
import { listRuntimes } from '../runtimes.ts'
import { type DeploymentRow, listDeployments } from './deployments.ts'
import { olderInForce } from './far-sides.ts'
import { type OlderInForce, type PeerOutOfForce, peersOutOfForce, reasonsOf } from './peers-out-of-force.ts'
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
  reasons: Reason[]
  attempts: number
  /** Peers between which and it nothing crosses, since their part is not in force as its own is. */
  peers: (PeerOutOfForce & { name: string })[]
  /** Its sources came to their end by themselves: since when, and what left its part of the flow. */
  finished?: Finished
}
/** `sinks`: into how many the records went; each counts what it took. `refused`: by its components. */
export type Finished = { at: string; records: number; sinks: number; refused: number }

export type DeploymentView = {
  deployment: string
  blueprint: string
  version: number
  wanted: 'run' | 'stop'
  state: DeploymentState
  createdAt: string
  changedAt: string
  runtimes: TargetView[]
  /** All of it came to its end by itself: since when, and how many records reached its sinks. */
  finished?: Finished
}

export type RuntimeStatus = DeploymentStatus & { runtime: string; name: string }
export type DeploymentDetail = DeploymentView & { status: RuntimeStatus[] }

/** One deployment in its newest version. */
export async function deploymentView(db: TenantStore, row: DeploymentRow): Promise<DeploymentView> {
  return viewOf(row, await aroundOf(db, row, await namesOf(db)))
}

/** All of them, the last changed first. */
export async function deploymentViews(db: TenantStore): Promise<DeploymentView[]> {
  const names = await namesOf(db)
  const views: DeploymentView[] = []
  for (const row of await listDeployments(db)) views.push(viewOf(row, await aroundOf(db, row, names)))
  return views
}

/** The same with the last status of each Runtime. A status of an older version is left out. */
export async function deploymentDetail(
  db: TenantStore,
  row: DeploymentRow,
): Promise<{ view: DeploymentDetail; targets: Standing[] }> {
  const around = await aroundOf(db, row, await namesOf(db), await statusOf(db, row.id))
  const { targets, names, told } = around
  const status = targets.flatMap(({ runtime }) => {
    const entry = told.get(runtime)
    return entry ? [{ runtime, name: names.get(runtime) ?? runtime, ...entry }] : []
  })
  return { view: { ...viewOf(row, around), status }, targets }
}

/** What a deployment is shown with. `told`: the last status of its newest version, by Runtime. */
type Around = {
  targets: Standing[]
  names: ReadonlyMap<string, string>
  older: OlderInForce
  told: ReadonlyMap<string, DeploymentStatus>
}

/** The status is read only where somebody looks at it, or where all has ended and its counts are told. */
async function aroundOf(
  db: TenantStore,
  row: DeploymentRow,
  names: ReadonlyMap<string, string>,
  known?: ReadonlyMap<string, DeploymentStatus>,
): Promise<Around> {
  const targets = await targetsOf(db, row.id, row.version)
  const status = known ?? (targets.some(hasEnded) ? await statusOf(db, row.id) : new Map<string, DeploymentStatus>())
  const told = new Map([...status].filter(([, { version }]) => version === row.version))
  return { targets, names, told, older: await olderInForce(db, targets) }
}

function viewOf(row: DeploymentRow, around: Around): DeploymentView {
  const runtimes = around.targets.map((target) => targetView(target, around))
  // Runtimes that left with this version count only where everything is to stop.
  const counted = row.wanted === 'stop' ? runtimes : runtimes.filter(({ wanted }) => wanted === 'run')
  const finished = finishedOf(around)
  return {
    ...{ deployment: row.id, blueprint: row.blueprint, version: row.version, wanted: row.wanted, runtimes },
    state: overallOf(counted.map(({ state }) => state)),
    createdAt: rfc3339(row.createdAtMs),
    changedAt: rfc3339(row.changedAtMs),
    ...(finished && { finished }),
  }
}

function targetView(target: Standing, { targets, names, older, told }: Around): TargetView {
  const { runtime, system, wanted, attempts, outcome, changedAtMs } = target
  const { state, reasons } = standingOf(target)
  const peers = peersOutOfForce(target, targets, older)
  const nameOf = (id: string): string => names.get(id) ?? id
  return {
    ...{ runtime, system, wanted, attempts, name: nameOf(runtime), told: target.delivery === 'told' },
    ...{ state, reasons: [...reasons, ...reasonsOf(target, peers, names)] },
    peers: peers.map((peer) => ({ ...peer, name: nameOf(peer.runtime) })),
    ...(outcome !== null && { outcome }),
    ...(hasEnded(target) && {
      finished: { at: rfc3339(changedAtMs), ...movedBy(target, told.get(runtime), 'all') },
    }),
  }
}

/** Of the whole: since its last part came to its end, with the records that reached sinks; what crossed a bridge is counted there. */
function finishedOf({ targets, told }: Around): Finished | undefined {
  const parts = targets.filter(({ wanted }) => wanted === 'run')
  if (parts.length === 0 || !parts.every(hasEnded)) return undefined
  const moved = parts.map((part) => movedBy(part, told.get(part.runtime), 'sinks'))
  const sum = (count: 'records' | 'sinks' | 'refused'): number => moved.reduce((all, one) => all + one[count], 0)
  return {
    at: rfc3339(Math.max(...parts.map(({ changedAtMs }) => changedAtMs))),
    ...{ records: sum('records'), sinks: sum('sinks'), refused: sum('refused') },
  }
}

/** Its sources came to their end, and nobody stopped it. */
function hasEnded(target: Standing): boolean {
  const { state, reasons } = standingOf(target)
  return state === 'stopped' && reasons[0]?.code === 'flow.ended'
}

/** Records that left a part of the flow: by components that none here takes from, and `all` of them or only those that are `sinks`. */
function movedBy(
  { shape }: Standing,
  status: DeploymentStatus | undefined,
  which: 'all' | 'sinks',
): Omit<Finished, 'at'> {
  const taken = new Set(shape.components.flatMap(({ from }) => from))
  const crossing = new Set(shape.bridges.flatMap(({ direction, from }) => (direction === 'out' ? [from] : [])))
  const own = new Set(shape.components.map(({ name }) => name))
  const last = new Set([...own].filter((name) => !taken.has(name)))
  const sinks = new Set([...last].filter((name) => !crossing.has(name)))
  const ends = which === 'all' ? last : sinks
  const counted = status?.components ?? []
  return {
    records: counted.reduce((sum, { name, messagesOut }) => sum + (ends.has(name) ? messagesOut : 0), 0),
    sinks: sinks.size,
    refused: counted.reduce((sum, { name, refused }) => sum + (own.has(name) ? refused : 0), 0),
  }
}

async function namesOf(db: TenantStore): Promise<Map<string, string>> {
  return new Map((await listRuntimes(db)).map(({ id, name }) => [id, name]))
}
