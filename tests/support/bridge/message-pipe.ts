/** Two joined message sockets in memory, and one that harms what it sends. */
import type { Bytes } from '../../../src/base/mod.ts'
import type { MessageSocket } from '../../../src/bridge/mod.ts'

export class PipeEnd implements MessageSocket {
  other: PipeEnd | undefined
  readonly sent: Bytes[] = []
  destroyed = false
  readonly #arrived: (Bytes | undefined)[] = []
  #reader: ((message: Bytes | undefined) => void) | undefined

  async send(message: Bytes): Promise<void> {
    this.sent.push(message.slice())
    this.other?.arrive(message.slice())
  }
  /** Puts a message before the reader as if it had come over the wire. */
  arrive(message: Bytes | undefined): void {
    const reader = this.#reader
    this.#reader = undefined
    if (reader) reader(message)
    else this.#arrived.push(message)
  }
  receive(): Promise<Bytes | undefined> {
    if (this.#arrived.length > 0) return Promise.resolve(this.#arrived.shift())
    return new Promise((resolve) => {
      this.#reader = resolve
    })
  }
  close(): void {
    this.destroy()
  }
  destroy(): void {
    if (this.destroyed) return
    this.destroyed = true
    this.arrive(undefined)
    this.other?.arrive(undefined)
  }
}

export function messagePipe(): [PipeEnd, PipeEnd] {
  const [a, b] = [new PipeEnd(), new PipeEnd()]
  a.other = b
  b.other = a
  return [a, b]
}

/** What happens to one message: the messages that are sent in its place, given it and the one before. */
export type Fault = (message: Bytes, previous: Bytes) => Bytes[]

/** Harms message number `nth` (from 0) of the first connection; later connections are sound. */
export function harmOnce(nth: number, fault: Fault): (socket: MessageSocket) => MessageSocket {
  let done = false
  return (socket) => {
    let count = 0
    let previous: Bytes = new Uint8Array(0)
    return {
      async send(message) {
        const harmed = !done && count++ === nth
        if (harmed) done = true
        const parts = harmed ? fault(message.slice(), previous) : [message]
        previous = message.slice()
        for (const part of parts) await socket.send(part)
      },
      receive: () => socket.receive(),
      close: () => socket.close(),
      destroy: () => socket.destroy(),
    }
  }
}
