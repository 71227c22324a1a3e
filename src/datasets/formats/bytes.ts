/** Streams of bytes: looked into before they are read, and as the source that a record reader fills its buffer from. */
import { concatBytes } from '../../base/mod.ts'
import type { ByteSource } from '../../pipeline/mod.ts'

/**
 * The first bytes of a stream, `bytesMin` of them or more unless it is shorter, whether that is all, and the whole of it again. Whoever
 * does not read the whole ends it by its `return`.
 */
export async function headOf(
  bytes: AsyncIterable<Uint8Array>,
  bytesMin: number,
): Promise<{ head: Uint8Array; ended: boolean; whole: Whole }> {
  const iterator = bytes[Symbol.asyncIterator]()
  const parts: Uint8Array[] = []
  let ended = false
  for (let length = 0; length < bytesMin && !ended; ) {
    const next = await iterator.next()
    if (next.done) ended = true
    else {
      parts.push(next.value)
      length += next.value.length
    }
  }
  const head = concatBytes(...parts)
  return { head, ended, whole: new Whole(head, iterator) }
}

/** A stream whose beginning was read already. Not a generator: one that was never asked for anything would not end its source. */
class Whole implements AsyncIterableIterator<Uint8Array> {
  #head: Uint8Array | undefined
  readonly #rest: AsyncIterator<Uint8Array>

  constructor(head: Uint8Array, rest: AsyncIterator<Uint8Array>) {
    this.#head = head
    this.#rest = rest
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    const head = this.#head
    this.#head = undefined
    if (head && head.length > 0) return { done: false, value: head }
    const next = await this.#rest.next()
    return next.done ? { done: true, value: undefined } : next
  }

  async return(): Promise<IteratorResult<Uint8Array, undefined>> {
    this.#head = undefined
    await this.#rest.return?.()
    return { done: true, value: undefined }
  }
}

/** A stream as a source: each `read` gives as much as was asked for, so that buffers are full whatever the stream's own pieces are. */
export function byteSource(bytes: AsyncIterable<Uint8Array>): ByteSource {
  const iterator = bytes[Symbol.asyncIterator]()
  let rest: Uint8Array = new Uint8Array(0)
  let failure: { error: unknown } | undefined
  return {
    async read(into, offset, length) {
      let filled = 0
      while (filled < length) {
        if (rest.length === 0) {
          const next = failure ?? (await iterator.next().catch((error: unknown) => ({ error })))
          if ('error' in next) failure = next
          // What came before the failure is read before it is told.
          if (failure && filled === 0) throw failure.error
          if (failure || !('value' in next) || next.done) break
          rest = next.value
        }
        const part = rest.subarray(0, length - filled)
        into.set(part, offset + filled)
        filled += part.length
        rest = rest.subarray(part.length)
      }
      return { bytesRead: filled }
    },
    async close() {
      await iterator.return?.()
    },
  }
}
