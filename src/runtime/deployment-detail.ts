/** What is known of a deployment here, joined: the version in force and its counts, the version that waits and what it adds. */
import { rfc3339 } from '../base/mod.ts'
import type { Assignment, BridgeStatus, ComponentStatus, DeploymentState, Reason } from '../wire/mod.ts'
import { type Additions, additionsByKind } from './deployments/needs.ts'
import { DeploymentNotFound, RowNotAuthentic } from './errors.ts'
import type { RuntimeState } from './open-state.ts'
import type { KeptAssignment } from './state/assignments.ts'
import type { Station } from './station.ts'

export type DeploymentSummary = {
  deployment: string
  blueprint: string
  system: string
  /** The version in force; the one that waits, if none is. */
  version: number
  state: DeploymentState
  reasons: Reason[]
  changedAt: string
  /** The version that waits for the owner, and what approving it would allow beyond what is allowed now. */
  waiting?: { version: number; receivedAt: string; adds: Additions }
}

export type DeploymentDetail = DeploymentSummary & {
  /** Counts since the Runtime started; rates between the last two reports, where there are two. */
  components: (ComponentStatus & { inPerSecond?: number; outPerSecond?: number })[]
  bridges: (BridgeStatus & { from: string; to: string[]; direction: 'in' | 'out'; peerName: string })[]
  /** Where each component's records come from, as the assignment has it. */
  wiring: { name: string; type: string; from: string[] }[]
  /** `memoryBytesMax`: beyond it the worker is ended and started again. */
  worker?: { pid: number | undefined; rssBytes: number; memoryBytesMax: number; restarts: number }
  /** Refused records that wait for the owner, as its worker told last. */
  deadLetters: number
}

export type DetailDeps = Pick<Station, 'workers' | 'deployments'> & {
  state: Pick<RuntimeState, 'assignments' | 'counts' | 'peers'>
}

/** Every deployment that is in force or waits, newest first. */
export async function deploymentList(station: DetailDeps): Promise<DeploymentSummary[]> {
  const around = await aroundOf(station)
  return Promise.all([...around.kept.keys()].map((deployment) => summaryOf(station, around, deployment)))
}

/** Refuses `deployment.not_found` for one that neither is in force nor waits. */
export async function deploymentDetail(station: DetailDeps, deployment: string): Promise<DeploymentDetail> {
  return detailOf(station, await aroundOf(station), deployment)
}

/** Every deployment in full; what cannot be opened of one is told as its reason, and takes none of the others along. */
export async function deploymentDetails(station: DetailDeps): Promise<DeploymentDetail[]> {
  const around = await aroundOf(station)
  const idle = [...around.kept.values()].flatMap((own) => {
    const shown = shownOf(own)
    return shown && around.running.get(shown.deployment)?.assignment.version !== shown.version ? [shown] : []
  })
  const open = await station.state.assignments.opener(idle)
  return Promise.all([...around.kept.keys()].map((deployment) => detailOf(station, { ...around, open }, deployment)))
}

type Running = ReturnType<DetailDeps['workers']['list']>[number]
/** What all deployments are looked at with: read once, however many there are. */
type Around = {
  kept: ReadonlyMap<string, readonly KeptAssignment[]>
  running: ReadonlyMap<string, Running>
  peerNames: () => Promise<ReadonlyMap<string, string>>
  open: (deployment: string, version: number) => Promise<Assignment>
}

async function aroundOf(station: DetailDeps): Promise<Around> {
  const kept = new Map<string, KeptAssignment[]>()
  for (const one of await station.state.assignments.list(['current', 'waiting']))
    kept.set(one.deployment, [...(kept.get(one.deployment) ?? []), one])
  let names: Promise<ReadonlyMap<string, string>> | undefined
  return {
    kept,
    running: new Map(station.workers.list().map((one) => [one.assignment.deployment, one])),
    open: (deployment, version) => station.state.assignments.open(deployment, version),
    peerNames() {
      names ??= peerNames(station)
      return names
    },
  }
}

async function detailOf(station: DetailDeps, around: Around, deployment: string): Promise<DeploymentDetail> {
  const running = around.running.get(deployment)
  const told = await summaryOf(station, around, deployment)
  const { assignment, ...summary } = await openedSummary(around, told, running)
  const live = running?.assignment.version === summary.version ? running.counts : undefined
  const counts = live ?? (await station.state.counts.load(deployment, summary.version))
  const status = new Map<string, BridgeStatus>(counts.bridges.map((bridge) => [bridge.bridge, bridge]))
  const names = assignment?.bridges.length ? await around.peerNames() : new Map<string, string>()
  return {
    ...summary,
    components: counts.components.map((one) => ({ ...one, ...live?.rates.get(one.name) })),
    bridges: (assignment?.bridges ?? []).map(({ bridge, peer, from, to, direction }) => ({
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
    wiring: (assignment?.components ?? []).map(({ name, type, from }) => ({ name, type, from })),
    ...(running && { worker: workerOf(running) }),
    deadLetters: counts.deadLetters,
  }
}

function workerOf({ pid, counts, restarts, memoryBytesMax }: Running): NonNullable<DeploymentDetail['worker']> {
  return { pid, rssBytes: counts.rssBytes, memoryBytesMax, restarts }
}

/** What the owner's own list calls the Runtimes at the other ends of bridges. */
async function peerNames({ state }: DetailDeps): Promise<Map<string, string>> {
  return new Map((await state.peers.list()).accepted.map(({ runtime, name }) => [runtime, name]))
}

async function openedSummary(
  { open }: Pick<Around, 'open'>,
  summary: DeploymentSummary,
  running: Running | undefined,
): Promise<DeploymentSummary & { assignment: Assignment | undefined }> {
  // What runs was opened when it was started, and is what counts while it does.
  if (running?.assignment.version === summary.version) return { ...summary, assignment: running.assignment }
  try {
    return { ...summary, assignment: await open(summary.deployment, summary.version) }
  } catch (error) {
    if (!(error instanceof RowNotAuthentic)) throw error
    return { ...failed(summary, error), assignment: undefined }
  }
}

/** A row that something else wrote: its deployment is `failed`, whatever the row says of it. */
function failed(summary: DeploymentSummary, { code }: RowNotAuthentic): DeploymentSummary {
  const known = summary.reasons.some((reason) => reason.code === code)
  return { ...summary, state: 'failed', reasons: known ? summary.reasons : [{ code }, ...summary.reasons] }
}

/** The version in force; the one that waits, if none is. */
function shownOf(own: readonly KeptAssignment[]): KeptAssignment | undefined {
  return own.find((one) => one.place === 'current') ?? own.find((one) => one.place === 'waiting')
}

async function summaryOf(station: DetailDeps, around: Around, deployment: string): Promise<DeploymentSummary> {
  const own = around.kept.get(deployment) ?? []
  const waiting = own.find((one) => one.place === 'waiting')
  const shown = shownOf(own)
  if (!shown) throw new DeploymentNotFound(`there is no deployment ${deployment}`)
  const { blueprint, system, version, changedAtMs } = shown
  const { state, reasons } = liveState(shown, around.running.get(deployment))
  const summary = { deployment, blueprint, system, version, state, reasons, changedAt: rfc3339(changedAtMs) }
  if (!waiting) return summary
  try {
    return { ...summary, waiting: await waitingOf(station, waiting) }
  } catch (error) {
    if (!(error instanceof RowNotAuthentic)) throw error
    // What it adds cannot be said, so nobody is asked to approve it. What is in force goes on beside it.
    return shown === waiting ? failed(summary, error) : { ...summary, reasons: [{ code: error.code }, ...reasons] }
  }
}

/** What its supervisor knows: on a disk that is full a state is not kept, and that is just when it has to be seen. */
function liveState(shown: KeptAssignment, running: Running | undefined): { state: DeploymentState; reasons: Reason[] } {
  const live = running?.assignment.version === shown.version && running.state !== 'stopped'
  if (!live || shown.place !== 'current' || shown.state === 'stopped') return shown
  return { state: running.state, reasons: [...running.reasons] }
}

async function waitingOf(station: DetailDeps, { deployment, version, receivedAtMs }: KeptAssignment) {
  const { adds } = await station.deployments.waiting(deployment)
  return { version, receivedAt: rfc3339(receivedAtMs), adds: additionsByKind(adds) }
}
