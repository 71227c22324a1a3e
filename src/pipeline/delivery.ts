/** One batch on its way: how many places still have it, and the one answer that its source gets when none has. */

/** Answers are counted: a fan-out adds places, every place settles once, and the worst answer wins. */
export class Delivery {
  #open = 1
  #error: unknown
  #settled = false
  readonly #onSettled: (error: unknown) => void

  /** `onSettled` is called exactly once, with the first error if there was one. */
  constructor(onSettled: (error: unknown) => void) {
    this.#onSettled = onSettled
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
