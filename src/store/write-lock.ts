/**
 * One writer at a time within this process.
 * libSQL's file client is synchronous: a second writer would spin inside SQLite's busy wait and block the very loop on which
 * the first one has to finish, until both time out. So writers queue here, before libSQL sees them.
 */
import { StoreBusy } from './errors.ts'

/** A writer that waits longer than this has most likely written outside of the transaction that it is in. */
const WRITE_WAIT_MS = 10_000

export class WriteLock {
  readonly #waitMs: number
  #held = false
  readonly #waiting: (() => void)[] = []

  constructor(waitMs = WRITE_WAIT_MS) {
    this.#waitMs = waitMs
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

  #turn(): Promise<void> {
    return new Promise((resolve, reject) => {
      const take = (): void => {
        clearTimeout(timer)
        resolve()
      }
      const timer = setTimeout(() => {
        this.#waiting.splice(this.#waiting.indexOf(take), 1)
        reject(new StoreBusy('a transaction of this process holds the database; write through it'))
      }, this.#waitMs)
      this.#waiting.push(take)
    })
  }
}
