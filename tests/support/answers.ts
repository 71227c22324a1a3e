/** What a child sends, one after the other, however early it comes. */
import { EventEmitter, on } from 'node:events'

export class Answers {
  readonly #emitter = new EventEmitter()
  readonly #iterator = on(this.#emitter, 'answer')

  push(answer: unknown): void {
    this.#emitter.emit('answer', answer)
  }

  /** The next one, waiting for it. */
  async next(): Promise<unknown> {
    const { value } = await this.#iterator.next()
    return value?.[0]
  }
}
