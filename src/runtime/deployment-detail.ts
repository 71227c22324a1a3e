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
  bridges: (BridgeStatus & { from: string; to: string[]; direction: 'in' | 'out' })[]
  /** Where each component's records come from, as the assignment has it. */
  wiring: { name: string; type: string; from: string[] }[]
  worker?: { pid: number | undefined; rssBytes: number; restarts: number }
  /** Refused records that wait for the owner, as its worker told last. */
  deadLetters: number
}

export type DetailDeps = Pick<Station, 'workers' | 'deployments'> & {
  state: Pick<RuntimeState, 'assignments' | 'counts'>
}

/** Every deployment that is in force or waits, newest first. */
export async function deploymentList(station: DetailDeps): Promise<DeploymentSummary[]> {
  const kept = await station.state.assignments.list(['current', 'waiting'])
  const ids = [...new Set(kept.map((one) => one.deployment))]
  return Promise.all(ids.map((deployment) => summaryOf(station, kept, deployment)))
}

/** Refuses `deployment.not_found` for one that neither is in force nor waits. */
export async function deploymentDetail(station: DetailDeps, deployment: string): Promise<DeploymentDetail> {
  const kept = await station.state.assignments.list(['current', 'waiting'])
  const { assignment, ...summary } = await openedSummary(station, await summaryOf(station, kept, deployment))
  const running = station.workers.list().find((one) => one.assignment.deployment === deployment)
  const live = running?.assignment.version === summary.version ? running.counts : undefined
  const counts = live ?? (await station.state.counts.load(deployment, summary.version))
  const status = new Map<string, BridgeStatus>(counts.bridges.map((bridge) => [bridge.bridge, bridge]))
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
      ...{ from, to, direction },
    })),
    wiring: (assignment?.components ?? []).map(({ name, type, from }) => ({ name, type, from })),
    ...(running && { worker: { pid: running.pid, rssBytes: running.counts.rssBytes, restarts: running.restarts } }),
    deadLetters: counts.deadLetters,
  }
}

/** Every deployment in full; what cannot be opened of one is told as its reason, and takes none of the others along. */
export async function deploymentDetails(station: DetailDeps): Promise<DeploymentDetail[]> {
  const list = await deploymentList(station)
  return Promise.all(list.map(({ deployment }) => deploymentDetail(station, deployment)))
}

async function openedSummary(
  { state }: DetailDeps,
  summary: DeploymentSummary,
): Promise<DeploymentSummary & { assignment: Assignment | undefined }> {
  try {
    return { ...summary, assignment: await state.assignments.open(summary.deployment, summary.version) }
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

async function summaryOf(
  station: DetailDeps,
  kept: readonly KeptAssignment[],
  deployment: string,
): Promise<DeploymentSummary> {
  const own = kept.filter((one) => one.deployment === deployment)
  const waiting = own.find((one) => one.place === 'waiting')
  const shown = own.find((one) => one.place === 'current') ?? waiting
  if (!shown) throw new DeploymentNotFound(`there is no deployment ${deployment}`)
  const { blueprint, system, version, state, reasons, changedAtMs } = shown
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

async function waitingOf(station: DetailDeps, { deployment, version, receivedAtMs }: KeptAssignment) {
  const { adds } = await station.deployments.waiting(deployment)
  return { version, receivedAt: rfc3339(receivedAtMs), adds: additionsByKind(adds) }
}
