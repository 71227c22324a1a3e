/** Tells of every change of a deployment's state, once: to the Platform as a status that is owed, and by a heartbeat at once. */
import { type Clock, rfc3339 } from '../base/mod.ts'
import type { DeploymentState, DeploymentStatus, Reason } from '../wire/mod.ts'
import type { WorkerCounts } from './supervision/supervised.ts'

/** How often the status of what runs is told without a change, milliseconds. */
export const STATUS_REPORT_INTERVAL_MS = 10_000

export type Change = { deployment: string; version: number; state: DeploymentState; reasons: Reason[] }

export type ChangesDeps = {
  /** Counts of a version that has a worker now, or had one. */
  countsOf: (deployment: string, version: number) => WorkerCounts | undefined
  owe: (status: DeploymentStatus) => void
  beat: () => void
  clock: Clock
}

type Last = { told: string; change: Change }

const REPORTED: ReadonlySet<DeploymentState> = new Set(['running', 'draining', 'failed'])
const ALIVE: ReadonlySet<DeploymentState> = new Set([...REPORTED, 'preparing'])

export class Changes {
  readonly #deps: ChangesDeps
  /** By deployment and version: the newest, and what is alive beside it. */
  readonly #last = new Map<string, Map<number, Last>>()

  constructor(deps: ChangesDeps) {
    this.#deps = deps
  }

  /** False when this was the last thing told of that version, as far as that is kept. */
  tell(change: Change): boolean {
    const { deployment, version } = change
    const told = JSON.stringify([change.state, change.reasons])
    const versions = this.#last.get(deployment) ?? new Map<number, Last>()
    if (versions.get(version)?.told === told) return false
    this.#last.set(deployment, versions.set(version, { told, change }))
    forgetOlder(versions, change)
    this.#deps.owe(this.#statusOf(change))
    this.#deps.beat()
    return true
  }

  /** Keeps nothing of a deployment that is no more. */
  forget(deployment: string): void {
    this.#last.delete(deployment)
  }

  /** Status of all that is alive, for the regular report. */
  report(): void {
    const last = [...this.#last.values()].flatMap((versions) => [...versions.values()])
    for (const { change } of last) if (REPORTED.has(change.state)) this.#deps.owe(this.#statusOf(change))
  }

  #statusOf({ deployment, version, state, reasons }: Change): DeploymentStatus {
    const counts = this.#deps.countsOf(deployment, version)
    return {
      at: rfc3339(this.#deps.clock.now()),
      deployment: deployment as DeploymentStatus['deployment'],
      ...{ version, state, reasons: reasons.slice(0, 32) },
      components: counts?.components ?? [],
      bridges: counts?.bridges ?? [],
    }
  }
}

/** Of what is not the newest version only what is alive is kept, and once a newer one is in force only what drains. */
function forgetOlder(versions: Map<number, Last>, { version, state }: Change): void {
  const newest = Math.max(...versions.keys())
  const inForce = state === 'preparing' || state === 'running'
  for (const [each, { change }] of versions) {
    const isOver = inForce && each < version && change.state !== 'draining'
    if (isOver || (each < newest && !ALIVE.has(change.state))) versions.delete(each)
  }
}
