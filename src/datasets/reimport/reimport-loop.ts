/** Carries a re-import on, turn by turn beside the uploads of all tenants, again after every failure until it has ended. */
import { writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { backoffMs, type Clock, describeError, type Log, pause, type Random } from '../../base/mod.ts'
import { makePrivateFolder, removeFolder } from '../../host/mod.ts'
import { WorkerGone } from '../../wire/mod.ts'
import type { TakeTurn } from '../intake/import-loop.ts'

/** A document that ended so many processes in a row is passed over. The first of them may have ended over another's. */
const CRASHES_MAX = 4
/** How long an import that is under way is waited for at a time. */
const WAIT_MS = 500
const BACKOFF = { firstMs: 200, longestMs: 30_000 }

export type ReimportLoopDeps = {
  tenant: string
  /** A file that is there while something may be left, so that a start need not open a database to know. */
  mark: string
  worker: {
    /** As far as it goes until others wait; `waiting`: for an import that is under way. */
    goOn(othersWait: AbortSignal): Promise<{ left: 'nothing' | 'more' | 'waiting' }>
    /** Passes over the import that is under way. */
    passOver(): Promise<unknown>
  }
  turn: TakeTurn
  clock: Clock
  random: Random
  log: Log
}

export class ReimportLoop {
  readonly #deps: ReimportLoopDeps
  readonly #over = new AbortController()
  #running: Promise<void> | undefined
  #isWoken = false

  constructor(deps: ReimportLoopDeps) {
    this.#deps = deps
  }

  /** Before one is begun: a start goes on with it from then on. */
  async mark(): Promise<void> {
    await makePrivateFolder(dirname(this.#deps.mark))
    await writeFile(this.#deps.mark, '')
  }

  /** Something is left, perhaps. */
  wake(): void {
    this.#isWoken = true
    if (this.#running || this.#over.signal.aborted) return
    this.#running = this.#run().finally(() => {
      this.#running = undefined
      if (this.#isWoken) this.wake()
    })
  }

  get isRunning(): boolean {
    return this.#running !== undefined
  }

  /** Begins nothing more. */
  stop(): void {
    this.#over.abort()
  }

  /** Resolves when nothing is under way. */
  async close(): Promise<void> {
    this.stop()
    await this.#running
  }

  async #run(): Promise<void> {
    const { clock, random, log, tenant, turn, mark } = this.#deps
    const { signal } = this.#over
    let crashes = 0
    for (let failures = 0; !signal.aborted; ) {
      this.#isWoken = false
      try {
        const gone: { left: 'nothing' | 'more' | 'waiting' } = { left: 'more' }
        // After a process ended, alone: then it is known over what.
        await turn(crashes > 0, async (othersWait) => {
          if (signal.aborted) return
          if (crashes >= CRASHES_MAX) await this.#deps.worker.passOver()
          gone.left = (await this.#deps.worker.goOn(othersWait)).left
        })
        crashes = 0
        failures = 0
        if (gone.left === 'waiting') await pause(clock, WAIT_MS, signal)
        if (gone.left !== 'nothing') continue
        if (!this.#isWoken) await removeFolder(mark)
        return
      } catch (error) {
        if (signal.aborted) return
        failures++
        if (error instanceof WorkerGone) crashes = crashes >= CRASHES_MAX ? 1 : crashes + 1
        log.error('a re-import was cut off and is tried again', { tenant, error: describeError(error) })
        await pause(clock, backoffMs(failures, BACKOFF, random), signal)
      }
    }
  }
}
