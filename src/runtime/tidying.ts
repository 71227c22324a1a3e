/** Forgets what nobody needs any more, so that no table and no folder only grows: deployments long ended, code and contents of none. */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { describeError, type Log } from '../base/mod.ts'
import type { Changes } from './changes.ts'
import type { DeadLetterDesk } from './dead-letters/dead-letter-desk.ts'
import type { Deployments } from './deployments/deployments.ts'
import type { History } from './history/history.ts'
import type { HistoryStore } from './history/history-store.ts'
import type { RuntimeState } from './open-state.ts'
import type { KeptAssignment } from './state/assignments.ts'

/**
 * As many as a heartbeat tells of. Each takes a sealed assignment, 20 past versions without theirs and its counts, ≈ 50 KiB, a folder
 * with an empty journal, and a row of ≈ 200 B for each of its partitions: some 50 MiB in all and not more.
 */
export const DEPLOYMENTS_KEPT_MAX = 1_024

/** What the keyring keeps the keys of refused records for. */
const LETTERS = 'dead-letters'

export type TidyingDeps = {
  state: Pick<RuntimeState, 'folder' | 'assignments' | 'checkpoints' | 'counts' | 'code'> & {
    libraries: Pick<RuntimeState['libraries'], 'sweep'>
    keyring: Pick<RuntimeState['keyring'], 'destroy'>
  }
  deployments: Pick<Deployments, 'forget'>
  deadLetters: Pick<DeadLetterDesk, 'list' | 'exclusively'>
  changes: Pick<Changes, 'forget'>
  history: Pick<History, 'forget'>
  keptHistory: Pick<HistoryStore, 'forget'>
  log: Log
}

export class Tidying {
  readonly #deps: TidyingDeps

  constructor(deps: TidyingDeps) {
    this.#deps = deps
  }

  async tidy(): Promise<void> {
    const kept = await this.#deps.state.assignments.list()
    for (const deployment of longEnded(kept)) {
      try {
        await this.#forget(deployment)
      } catch (error) {
        this.#deps.log.error('a deployment that ended long ago was not forgotten', {
          ...{ deployment, error: describeError(error) },
        })
      }
    }
    await this.#deps.state.libraries.sweep()
    await this.#forgetCode()
  }

  /** One whose refused records still wait for the owner is kept, however old it is. */
  async #forget(deployment: string): Promise<void> {
    const { state, deployments, deadLetters, changes, history, keptHistory } = this.#deps
    const letters = await deadLetters.list(deployment, { from: 1, limit: 0 })
    if (letters.next > letters.first) return
    // Its own rows go last: what a crash leaves behind is found again by them.
    await deployments.forget(deployment, async () => {
      await state.checkpoints.forget(deployment)
      await state.counts.forget(deployment)
      history.forget(deployment)
      await keptHistory.forget(deployment)
      await deadLetters.exclusively(deployment, async () => {
        await rm(join(state.folder, 'deployments', deployment), { recursive: true, force: true })
        await state.keyring.destroy(LETTERS, deployment)
      })
      changes.forget(deployment)
    })
  }

  /** Code that neither what is in force nor what waits names, for a whole interval. While one of these cannot be read, none goes. */
  async #forgetCode(): Promise<void> {
    const { assignments, code } = this.#deps.state
    const named = new Set<string>()
    for (const { deployment, version } of await assignments.list(['current', 'waiting'])) {
      const { components } = await assignments.open(deployment, version)
      for (const component of components) if (component.code) named.add(component.code.sha256)
    }
    await code.forgetAllBut(named)
  }
}

/** Of more deployments than are kept those that ended or were turned down longest ago; what runs or waits always stays. */
function longEnded(kept: readonly KeptAssignment[]): string[] {
  const lastChange = new Map<string, number>()
  const alive = new Set<string>()
  for (const { deployment, place, state, changedAtMs } of kept) {
    lastChange.set(deployment, Math.max(changedAtMs, lastChange.get(deployment) ?? 0))
    const ended = state === 'stopped' || state === 'refused'
    if (place === 'waiting' || (place === 'current' && !ended)) alive.add(deployment)
  }
  const ended = [...lastChange].filter(([deployment]) => !alive.has(deployment)).sort(([, a], [, b]) => a - b)
  return ended.slice(0, Math.max(0, lastChange.size - DEPLOYMENTS_KEPT_MAX)).map(([deployment]) => deployment)
}
