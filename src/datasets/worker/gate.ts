/** Lets work pass side by side, and now and then something alone: what waits meanwhile goes on afterwards. */
import { deferred } from '../../base/mod.ts'

export class Gate {
  #inside = 0
  #shut: Promise<void> | undefined
  #empty: (() => void) | undefined

  /** Runs `work` beside others, once nothing is alone. */
  async pass<T>(work: () => Promise<T>): Promise<T> {
    while (this.#shut) await this.#shut
    this.#inside++
    try {
      return await work()
    } finally {
      this.#inside--
      if (this.#inside === 0) this.#empty?.()
    }
  }

  /** Runs `work` when all that passes has ended; nothing passes before it has. */
  async alone<T>(work: () => Promise<T>): Promise<T> {
    while (this.#shut) await this.#shut
    const shut = deferred<void>()
    this.#shut = shut.promise
    try {
      if (this.#inside > 0) {
        await new Promise<void>((resolve) => {
          this.#empty = resolve
        })
      }
      return await work()
    } finally {
      this.#empty = undefined
      this.#shut = undefined
      shut.resolve()
    }
  }

  /** Nothing is inside, and nothing is alone. */
  get free(): boolean {
    return this.#inside === 0 && !this.#shut
  }
}
