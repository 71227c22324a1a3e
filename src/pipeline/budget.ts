/** How much of a source may be in flight: batches and bytes. A source that has used it up waits, which is the backpressure. */

export class Budget {
  readonly #batchesMax: number
  readonly #bytesMax: number
  #batches = 0
  #bytes = 0
  #waiting: (() => void) | undefined

  constructor(batchesMax: number, bytesMax: number) {
    this.#batchesMax = batchesMax
    this.#bytesMax = bytesMax
  }

  /** Resolves when there is room for another batch. Its bytes are known only once it is read, so they may overshoot by one batch. */
  room(): Promise<void> {
    if (this.#hasRoom()) return Promise.resolve()
    return new Promise((resolve) => {
      this.#waiting = resolve
    })
  }

  take(bytes: number): void {
    this.#batches++
    this.#bytes += bytes
  }

  give(bytes: number): void {
    this.#batches--
    this.#bytes -= bytes
    if (this.#waiting && this.#hasRoom()) this.stopWaiting()
  }

  /** Lets a waiting source go on whether there is room or not, so that it can see that the flow ends. */
  stopWaiting(): void {
    const waiting = this.#waiting
    this.#waiting = undefined
    waiting?.()
  }

  #hasRoom(): boolean {
    return this.#batches < this.#batchesMax && this.#bytes < this.#bytesMax
  }
}
