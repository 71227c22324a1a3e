/** Whole messages over a connection, both ways, with backpressure: what a channel needs of a WebSocket and nothing more. */
import type { WebSocket } from 'ws'
import type { Bytes } from '../base/mod.ts'
import { BridgeClosed } from './errors.ts'

export interface MessageSocket {
  /** Resolves once the host has written the message out; a slow receiver holds it. Rejects with `bridge.closed`. */
  send(message: Bytes): Promise<void>
  /** The next message; `undefined` once the connection is gone. One reader at a time. */
  receive(): Promise<Bytes | undefined>
  /** Ends it after what was sent. */
  close(): void
  /** Ends it at once. */
  destroy(): void
}

/** Received and not yet taken, then the connection is paused: 2 × 256 KiB from someone who has not proved himself. */
const WAITING_MESSAGES_MAX = 2
/** 16 × 256 KiB = 4 MiB from a peer, half the window of credit: pausing after every other frame costs more than the frames do. */
const WAITING_FROM_PEER_MAX = 16

const EMPTY = new Uint8Array(0)

/** A `ws` connection, from either end. Only binary messages count: a text one arrives empty, which no reader takes for a message of ours. */
export class WebSocketMessages implements MessageSocket {
  readonly #ws: WebSocket
  readonly #waiting: Bytes[] = []
  #reader: ((message: Bytes | undefined) => void) | undefined
  #waitingMax = WAITING_MESSAGES_MAX
  #gone = false

  constructor(ws: WebSocket) {
    this.#ws = ws
    ws.on('message', (message: Buffer, isBinary: boolean) => {
      this.#take(
        isBinary ? new Uint8Array(message.buffer as ArrayBuffer, message.byteOffset, message.byteLength) : EMPTY,
      )
    })
    // `close` follows every `error`.
    ws.on('error', () => undefined)
    ws.once('close', () => this.#end())
    if (ws.readyState !== ws.OPEN) this.#end()
  }

  /** The other side is the peer: more of what it sends may wait. */
  trust(): this {
    this.#waitingMax = WAITING_FROM_PEER_MAX
    return this
  }

  send(message: Bytes): Promise<void> {
    return new Promise((resolve, reject) => {
      const broken = (cause?: Error | null): void => reject(new BridgeClosed('the connection is gone', { cause }))
      if (this.#gone) return broken()
      // A connection that ends while it still holds the message may never call back.
      this.#ws.once('close', broken)
      this.#ws.send(message, { binary: true, compress: false }, (cause) => {
        this.#ws.off('close', broken)
        if (cause) broken(cause)
        else resolve()
      })
    })
  }

  receive(): Promise<Bytes | undefined> {
    const message = this.#waiting.shift()
    if (message) {
      if (this.#waiting.length < this.#waitingMax && this.#ws.isPaused) this.#ws.resume()
      return Promise.resolve(message)
    }
    if (this.#gone) return Promise.resolve(undefined)
    return new Promise((resolve) => {
      this.#reader = resolve
    })
  }

  close(): void {
    this.#ws.close(1000)
  }

  destroy(): void {
    this.#ws.terminate()
  }

  #take(message: Bytes): void {
    const reader = this.#reader
    this.#reader = undefined
    if (reader) reader(message)
    else this.#waiting.push(message)
    if (this.#waiting.length >= this.#waitingMax) this.#ws.pause()
  }

  #end(): void {
    this.#gone = true
    this.#reader?.(undefined)
    this.#reader = undefined
  }
}
