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

export class Changes {
  readonly #deps: ChangesDeps
  readonly #last = new Map<string, { told: string; change: Change }>()

  constructor(deps: ChangesDeps) {
    this.#deps = deps
  }

  /** False when this was the last thing told of that version. */
  tell(change: Change): boolean {
    const key = `${change.deployment} ${change.version}`
    const told = JSON.stringify([change.state, change.reasons])
    if (this.#last.get(key)?.told === told) return false
    this.#last.set(key, { told, change })
    this.#deps.owe(this.#statusOf(change))
    this.#deps.beat()
    return true
  }

  /** Keeps nothing of a deployment that is no more. */
  forget(deployment: string): void {
    for (const [key, { change }] of this.#last) if (change.deployment === deployment) this.#last.delete(key)
  }

  /** Status of all that is alive, for the regular report. */
  report(): void {
    for (const { change } of this.#last.values()) {
      if (change.state === 'running' || change.state === 'draining' || change.state === 'failed') {
        this.#deps.owe(this.#statusOf(change))
      }
    }
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
