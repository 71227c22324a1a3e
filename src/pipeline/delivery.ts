/** One batch on its way: how many places still have it, and the one answer that its source gets when none has. */

import type { BatchTrace } from './tracing.ts'

/** Answers are counted: a fan-out adds places, every place settles once, and the worst answer wins. */
export class Delivery {
  #open = 1
  #error: unknown
  #settled = false
  readonly #onSettled: (error: unknown) => void
  /** Of a batch that is followed. */
  readonly trace: BatchTrace | undefined

  /** `onSettled` is called exactly once, with the first error if there was one. */
  constructor(onSettled: (error: unknown) => void, trace?: BatchTrace) {
    this.#onSettled = onSettled
    this.trace = trace
  }

  /** The batch goes to `count` more places. */
  spread(count: number): void {
    this.#open += count
  }

  /** One place is done with it. */
  settle(error?: unknown): void {
    this.#error ??= error
    this.#open--
    if (this.#open === 0) this.#finish()
  }

  /** The flow stops: whatever places still have it, the answer is this error. */
  abandon(error: unknown): void {
    this.#error ??= error
    this.#finish()
  }

  #finish(): void {
    if (this.#settled) return
    this.#settled = true
    this.#onSettled(this.#error)
  }
}
