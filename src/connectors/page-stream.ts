/** A page on its way from the process that fetched it into the dataset: parts come one by one, and the next waits until one is taken. */
import type { Bytes } from '../base/mod.ts'
import { ConnectorStopped } from './errors.ts'

type Taker = { resolve: (part: IteratorResult<Bytes, void>) => void; reject: (error: Error) => void }

export class PageStream implements AsyncIterable<Bytes> {
  #waiting: Taker | undefined
  #part: { bytes: Bytes; taken: () => void } | undefined
  #ended = false
  #failure: Error | undefined

  /** Resolves when the reader has come for it, or for what follows. */
  async push(bytes: Bytes): Promise<void> {
    if (this.#failure) throw this.#failure
    const taker = this.#waiting
    this.#waiting = undefined
    if (taker) return taker.resolve({ done: false, value: bytes })
    await new Promise<void>((taken) => {
      this.#part = { bytes, taken }
    })
    if (this.#failure) throw this.#failure
  }

  end(): void {
    this.#ended = true
    this.#waiting?.resolve({ done: true, value: undefined })
    this.#waiting = undefined
  }

  /** What was read of it is kept by nobody. */
  fail(error: Error = new ConnectorStopped('the page did not come to its end')): void {
    if (this.#ended) return
    this.#failure = error
    this.#waiting?.reject(error)
    this.#part?.taken()
    this.#waiting = undefined
  }

  [Symbol.asyncIterator](): AsyncIterator<Bytes, void> {
    return { next: () => this.#next() }
  }

  #next(): Promise<IteratorResult<Bytes, void>> {
    if (this.#failure) return Promise.reject(this.#failure)
    const part = this.#part
    this.#part = undefined
    if (part) {
      part.taken()
      return Promise.resolve({ done: false, value: part.bytes })
    }
    if (this.#ended) return Promise.resolve({ done: true, value: undefined })
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject }
    })
  }
}
