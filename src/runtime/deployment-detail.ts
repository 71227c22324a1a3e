/** What is known of a deployment here, joined: the version in force and its counts, the version that waits and what it adds. */
import { rfc3339 } from '../base/mod.ts'
import type { BridgeStatus, ComponentStatus, DeploymentState, PeerStanding } from '../wire/mod.ts'
import { hasEnded } from './deployments/ended.ts'
import type { Additions } from './deployments/needs.ts'
import { type ExplainedReason, explained } from './deployments/reasons.ts'
import { DeploymentNotFound, RowNotAuthentic } from './errors.ts'
import { type Flow, flowOf, type Kept, type KeptDeployments } from './kept-deployments.ts'
import type { RuntimeState } from './open-state.ts'
import type { KeptAssignment } from './state/assignments.ts'
import type { Workers } from './supervision/crew.ts'
import type { WorkerCounts } from './supervision/supervised.ts'
import { endsOf } from './throughput.ts'

export type DeploymentSummary = {
  deployment: string
  blueprint: string
  system: string
  /** The version in force; the one that waits, if none is. */
  version: number
  state: DeploymentState
  /** What the Platform is told, and what is said here only. */
  reasons: ExplainedReason[]
  changedAtMs: number
  /** The version that waits for the owner, and what approving it would allow beyond what is allowed now. */
  waiting?: { version: number; receivedAtMs: number; adds: Additions }
}

/** `sinks`: components that the records went into, each counting what it took. `refused`: by all components. */
type Moved = { records: number; sinks: number; refused: number }

export type DeploymentDetail = DeploymentSummary & {
  /**
   * Counts since the Runtime started; rates between the last two reports, where there are two; since when a live worker has had a
   * reason for it, RFC 3339.
   */
  components: (ComponentStatus & { inPerSecond?: number; outPerSecond?: number; reasonSince?: string })[]
  bridges: (BridgeStatus & { from: string; to: string[]; direction: 'in' | 'out'; peerName: string })[]
  /** Where each component's records come from, as the assignment has it. */
  wiring: { name: string; type: string; from: string[] }[]
  /** `memoryBytesMax`: beyond it the worker is ended and started again. */
  worker?: { pid: number | undefined; rssBytes: number; memoryBytesMax: number; restarts: number }
  /** Refused records that wait for the owner, as its worker told last. */
  deadLetters: number
  /**
   * Peers between which and this Runtime nothing crosses, since their part is not in force as ours is: as the Platform says, and only
   * while no bridge to them is up. `inForce`: the version that is in force there, if one is; `state` is that of the `version` that was
   * asked of it last, since when.
   */
  peers: (Omit<PeerStanding, 'deployment' | 'peer'> & { runtime: string; name: string })[]
  /** Its sources came to their end by themselves: since when, and what left the flow, into sinks and over bridges. */
  finished?: { atMs: number } & Moved
}

export type DetailDeps = {
  workers: Workers
  /** What the Platform last said of the other ends of bridges. */
  farSides: () => readonly PeerStanding[]
  keptDeployments: KeptDeployments
  state: Pick<RuntimeState, 'counts'>
}

/** Every deployment that is in force or waits, newest first. */
export async function deploymentList(station: DetailDeps): Promise<DeploymentSummary[]> {
  const around = await aroundOf(station)
  return Promise.all([...around.kept.rows.keys()].map((deployment) => summaryOf(around, deployment)))
}

/** Refuses `deployment.not_found` for one that neither is in force nor waits. */
export async function deploymentDetail(station: DetailDeps, deployment: string): Promise<DeploymentDetail> {
  return detailOf(station, await aroundOf(station), deployment)
}

/** Every deployment in full; what cannot be opened of one is told as its reason, and takes none of the others along. */
export async function deploymentDetails(station: DetailDeps): Promise<DeploymentDetail[]> {
  const around = await aroundOf(station)
  const idle = [...around.kept.rows.values()].flatMap((own) => {
    const shown = shownOf(own)
    return shown && around.running.get(shown.deployment)?.assignment.version !== shown.version ? [shown] : []
  })
  await around.kept.openAll(idle)
  return Promise.all([...around.kept.rows.keys()].map((deployment) => detailOf(station, around, deployment)))
}

type Running = ReturnType<DetailDeps['workers']['list']>[number]
/** What all deployments are looked at with. */
type Around = { kept: Kept; running: ReadonlyMap<string, Running> }

async function aroundOf({ keptDeployments, workers }: DetailDeps): Promise<Around> {
  const kept = await keptDeployments.look()
  return { kept, running: new Map(workers.list().map((one) => [one.assignment.deployment, one])) }
}

async function detailOf(station: DetailDeps, around: Around, deployment: string): Promise<DeploymentDetail> {
  const running = around.running.get(deployment)
  const { flow, ...summary } = await openedSummary(around, await summaryOf(around, deployment), running)
  const live = running?.assignment.version === summary.version ? running.counts : undefined
  const counts = live ?? (await station.state.counts.load(deployment, summary.version))
  const status = new Map<string, BridgeStatus>(counts.bridges.map((bridge) => [bridge.bridge, bridge]))
  const names = flow.bridges.length > 0 ? await around.kept.peerNames() : new Map<string, string>()
  const isUp = (peer: string): boolean => counts.bridges.some((bridge) => bridge.peer === peer && bridge.state === 'up')
  return {
    ...summary,
    peers: station
      .farSides()
      .filter((one) => one.deployment === deployment && !isUp(one.peer))
      .map(({ deployment: _deployment, peer, ...stands }) => ({
        ...{ runtime: peer, name: names.get(peer) ?? peer },
        ...stands,
      })),
    ...(hasEnded(summary) && {
      finished: { atMs: summary.changedAtMs, ...movedBy(flow, counts.components) },
    }),
    components: counts.components.map((one) => ({ ...one, ...live?.rates.get(one.name), ...sinceOf(one, live) })),
    bridges: flow.bridges.map(({ bridge, peer, from, to, direction }) => ({
      ...(status.get(bridge) ?? {
        bridge,
        peer,
        state: summary.state === 'stopped' ? 'closed' : 'down',
        suite: '',
        frames: 0,
        bytes: 0,
        rotations: 0,
      }),
      ...{ from, to, direction, peerName: names.get(peer) ?? peer },
    })),
    wiring: flow.wiring,
    ...(running && { worker: workerOf(running) }),
    deadLetters: counts.deadLetters,
  }
}

function sinceOf({ name }: ComponentStatus, live: WorkerCounts | undefined): { reasonSince?: string } {
  const sinceMs = live?.reasonsSince.get(name)
  return sinceMs === undefined ? {} : { reasonSince: rfc3339(sinceMs) }
}

/** The ends of bridges, which count what they carry as well, are none of the components. */
function movedBy({ wiring, bridges }: Pick<Flow, 'wiring' | 'bridges'>, counted: readonly ComponentStatus[]): Moved {
  const { out } = endsOf(wiring)
  const own = new Set(wiring.map(({ name }) => name))
  const crossing = new Set(bridges.flatMap(({ direction, from }) => (direction === 'out' ? [from] : [])))
  return {
    records: counted.reduce((sum, { name, messagesOut }) => sum + (out.has(name) ? messagesOut : 0), 0),
    sinks: [...out].filter((name) => !crossing.has(name)).length,
    refused: counted.reduce((sum, { name, refused }) => sum + (own.has(name) ? refused : 0), 0),
  }
}

function workerOf({ pid, counts, restarts, memoryBytesMax }: Running): NonNullable<DeploymentDetail['worker']> {
  return { pid, rssBytes: counts.rssBytes, memoryBytesMax, restarts }
}

async function openedSummary(
  { kept }: Around,
  summary: DeploymentSummary,
  running: Running | undefined,
): Promise<DeploymentSummary & { flow: Flow }> {
  // What runs was opened when it was started, and is what counts while it does.
  if (running?.assignment.version === summary.version) return { ...summary, flow: flowOf(running.assignment) }
  const shown = shownOf(kept.rows.get(summary.deployment) ?? [])
  try {
    return { ...summary, flow: shown ? await kept.flow(shown) : NOTHING }
  } catch (error) {
    if (!(error instanceof RowNotAuthentic)) throw error
    return { ...failed(summary, error), flow: NOTHING }
  }
}

const NOTHING: Flow = { wiring: [], bridges: [] }

/** A row that something else wrote: its deployment is `failed`, whatever the row says of it. */
function failed(summary: DeploymentSummary, { code }: RowNotAuthentic): DeploymentSummary {
  const known = summary.reasons.some((reason) => reason.code === code)
  return { ...summary, state: 'failed', reasons: known ? summary.reasons : [{ code }, ...summary.reasons] }
}

/** The version in force; the one that waits, if none is. */
function shownOf(own: readonly KeptAssignment[]): KeptAssignment | undefined {
  return own.find((one) => one.place === 'current') ?? own.find((one) => one.place === 'waiting')
}

async function summaryOf(around: Around, deployment: string): Promise<DeploymentSummary> {
  const own = around.kept.rows.get(deployment) ?? []
  const waiting = own.find((one) => one.place === 'waiting')
  const shown = shownOf(own)
  if (!shown) throw new DeploymentNotFound(`there is no deployment ${deployment}`)
  const { blueprint, system, version, changedAtMs } = shown
  const { state, reasons } = liveState(shown, around.running.get(deployment))
  const summary = { deployment, blueprint, system, version, state, reasons, changedAtMs }
  if (!waiting) return summary
  try {
    return { ...summary, waiting: await waitingOf(around, waiting) }
  } catch (error) {
    if (!(error instanceof RowNotAuthentic)) throw error
    // What it adds cannot be said, so nobody is asked to approve it. What is in force goes on beside it.
    return shown === waiting ? failed(summary, error) : { ...summary, reasons: [{ code: error.code }, ...reasons] }
  }
}

/** What its supervisor knows: on a disk that is full a state is not kept, and that is just when it has to be seen. */
function liveState(shown: KeptAssignment, running: Running | undefined): Pick<DeploymentSummary, 'state' | 'reasons'> {
  const live = running?.assignment.version === shown.version && running.state !== 'stopped'
  const { state, reasons } = !live || shown.place !== 'current' || shown.state === 'stopped' ? shown : running
  return { state, reasons: reasons.map((reason) => explained(reason, live ? running.failure : undefined)) }
}

async function waitingOf(
  { kept }: Around,
  waiting: KeptAssignment,
): Promise<NonNullable<DeploymentSummary['waiting']>> {
  const { version, receivedAtMs } = waiting
  return { version, receivedAtMs, adds: await kept.adds(waiting) }
}
