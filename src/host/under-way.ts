/** Knows which work is under way, so that whoever closes can wait for its end. */
import type { Clock } from '../base/mod.ts'

export class UnderWay {
  readonly #all = new Set<Promise<unknown>>()

  /** Counts it until it has ended; gives it back. */
  add<T>(work: Promise<T>): Promise<T> {
    const end = (): void => void this.#all.delete(work)
    this.#all.add(work)
    work.then(end, end)
    return work
  }

  /** Resolves when nothing is under way any more, at the latest after `graceMs`. */
  async idle(graceMs: number, clock: Clock): Promise<void> {
    if (this.#all.size === 0) return
    const done = new AbortController()
    await Promise.race([this.#ended(), clock.sleep(graceMs, done.signal).catch(() => undefined)])
    done.abort()
  }

  async #ended(): Promise<void> {
    while (this.#all.size > 0) await Promise.allSettled(this.#all)
  }
}
