/** What waits for one taker, in order. It takes whatever is put into it: who puts must be bounded himself. */
export class Inbox<T> {
  readonly #items: T[] = []
  #taker: ((item: T | undefined) => void) | undefined
  #closed = false

  /** Puts it behind what waits; once the inbox is closed it is dropped. */
  put(item: T): void {
    if (this.#closed) return
    const taker = this.#taker
    this.#taker = undefined
    if (taker) taker(item)
    else this.#items.push(item)
  }

  /** The next item, waiting for one; `undefined` once the inbox is closed and empty. One taker at a time. */
  take(): Promise<T | undefined> {
    const item = this.#items.shift()
    if (item !== undefined || this.#closed) return Promise.resolve(item)
    return new Promise((resolve) => {
      this.#taker = resolve
    })
  }

  /** The next item if one waits. */
  takeWaiting(): T | undefined {
    return this.#items.shift()
  }

  /** Takes in no more; what waits can still be taken. Safe to call twice. */
  close(): void {
    this.#closed = true
    this.#taker?.(undefined)
    this.#taker = undefined
  }
}
