/**
 * One writer at a time within this process.
 * libSQL's file client is synchronous: a second writer would spin inside SQLite's busy wait and block the very loop on which
 * the first one has to finish, until both time out. So writers queue here, before libSQL sees them.
 */
import { type Clock, systemClock } from '../base/mod.ts'
import { StoreBusy } from './errors.ts'

/** A writer that waits longer than this has most likely written outside of the transaction that it is in. */
const WRITE_WAIT_MS = 10_000

export class WriteLock {
  readonly #waitMs: number
  readonly #clock: Clock
  #held = false
  readonly #waiting: (() => void)[] = []
  #patient = false

  constructor(waitMs = WRITE_WAIT_MS, clock = systemClock) {
    this.#waitMs = waitMs
    this.#clock = clock
  }

  /** Runs `write` alone; rejects with `store.busy` if its turn has not come within `waitMs`. */
  async run<T>(write: () => Promise<T>): Promise<T> {
    if (this.#held) await this.#turn()
    this.#held = true
    try {
      return await write()
    } finally {
      const next = this.#waiting.shift()
      // The lock stays held while it passes to the next in line, so that nobody slips in between.
      if (next) next()
      else this.#held = false
    }
  }

  /** As `run`, for work that is known to take long: nobody gives up waiting for its end. */
  runLong<T>(work: () => Promise<T>): Promise<T> {
    return this.run(async () => {
      this.#patient = true
      try {
        return await work()
      } finally {
        this.#patient = false
      }
    })
  }

  #turn(): Promise<void> {
    return new Promise((resolve, reject) => {
      const taken = new AbortController()
      const take = (): void => {
        taken.abort()
        resolve()
      }
      const giveUp = (): void => {
        // Its turn may have come in the very moment in which the wait was over.
        const at = this.#waiting.indexOf(take)
        if (at === -1) return
        if (this.#patient) {
          waitOn()
          return
        }
        this.#waiting.splice(at, 1)
        reject(new StoreBusy('a transaction of this process holds the database; write through it'))
      }
      const waitOn = (): void => {
        this.#clock.sleep(this.#waitMs, taken.signal).then(giveUp, () => undefined)
      }
      this.#waiting.push(take)
      waitOn()
    })
  }
}
