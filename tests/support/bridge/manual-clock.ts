/** Time that stands still until a test moves it. */
import { Cancelled, type Clock } from '../../../src/base/mod.ts'

export class ManualClock implements Clock {
  #now = 0
  readonly #sleepers = new Set<{ at: number; wake: () => void }>()

  now(): number {
    return 1_800_000_000_000 + this.#now
  }
  monotonic(): number {
    return this.#now
  }
  /** How many wait at this moment. */
  get sleeping(): number {
    return this.#sleepers.size
  }
  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(new Cancelled('cancelled'))
      const sleeper = {
        at: this.#now + ms,
        wake: () => {
          this.#sleepers.delete(sleeper)
          resolve()
        },
      }
      this.#sleepers.add(sleeper)
      signal?.addEventListener('abort', () => {
        this.#sleepers.delete(sleeper)
        reject(new Cancelled('cancelled'))
      })
    })
  }
  /** Moves time on and wakes whoever is due. */
  advance(ms: number): void {
    this.#now += ms
    for (const sleeper of [...this.#sleepers]) if (sleeper.at <= this.#now) sleeper.wake()
  }
}
