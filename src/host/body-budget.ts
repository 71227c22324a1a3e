/**
 * Bounds the bytes of all bodies that are under way at a time. Each has a bound of its own, but a thousand of them together would
 * still fill memory. Who goes when it is exceeded is the longest of the network that sends the most, so that one stranger's bodies
 * do not keep out the few bytes of everybody else.
 */
import type { IncomingMessage } from 'node:http'
import { networkOf } from './network-of.ts'

/** 64 MiB: eight of the longest that any route takes whole (8 MiB), or 32,000 signed messages of 2 KiB. */
export const BODIES_BYTES_MAX = 67_108_864

type UnderWay = { readonly incoming: IncomingMessage; readonly network: string; bytes: number }

export class BodyBudget {
  readonly #bytesMax: number
  readonly #underWay = new Set<UnderWay>()
  #bytes = 0

  constructor(bytesMax: number = BODIES_BYTES_MAX) {
    this.#bytesMax = bytesMax
  }

  /** Call it when a request's header is complete. The returned function ends it, with the answer. */
  begin(incoming: IncomingMessage): () => void {
    const { socket } = incoming
    const own: UnderWay = { incoming, network: networkOf(socket.remoteAddress ?? ''), bytes: 0 }
    const onBytes = (chunk: Uint8Array): void => {
      own.bytes += chunk.byteLength
      this.#bytes += chunk.byteLength
      while (this.#bytes > this.#bytesMax && this.#underWay.size > 0) this.#dropLongestOfMost()
    }
    this.#underWay.add(own)
    socket.on('data', onBytes)
    return () => {
      socket.off('data', onBytes)
      this.#forget(own)
    }
  }

  #forget(own: UnderWay): void {
    if (this.#underWay.delete(own)) this.#bytes -= own.bytes
  }

  #dropLongestOfMost(): void {
    const byNetwork = new Map<string, { bytes: number; longest: UnderWay }>()
    for (const one of this.#underWay) {
      const { bytes, longest } = byNetwork.get(one.network) ?? { bytes: 0, longest: one }
      byNetwork.set(one.network, { bytes: bytes + one.bytes, longest: one.bytes > longest.bytes ? one : longest })
    }
    const [most] = [...byNetwork.values()].sort((a, b) => b.bytes - a.bytes)
    if (!most) return
    this.#forget(most.longest)
    most.longest.incoming.socket.destroy()
  }
}
