/** The bridge port of a Runtime: reads which bridge a connection is for and hands the socket on, payload untouched. */
import type { Socket } from 'node:net'
import type { SecureContext } from 'node:tls'
import { type Bytes, type Clock, concatBytes, logOf } from '../base/mod.ts'
import { FairRoom, listenTcp } from '../host/mod.ts'
import { readClientHello } from './client-hello.ts'
import { greet } from './greeting.ts'
import { doAfter } from './watch.ts'

/**
 * From the accepted socket to the initiator's first transport frame; every failure, whatever it is, closes the connection at this
 * moment and not before. A handshake takes about 10 ms and two round trips; 5 s leave room for slow links.
 */
export const HANDSHAKE_DEADLINE_MS = 5_000
/** Sockets that have not said yet which bridge they are for, or named none of ours: 256 × (16 KiB + ≈20 KiB, with a greeting ≈64 KiB more) < 26 MiB. The oldest goes first. */
export const UNROUTED_SOCKETS_MAX = 256

/** Takes a socket for one bridge, with what was already read of it, and the time left until `HANDSHAKE_DEADLINE_MS` is over. */
export type SocketTaker = (socket: Socket, head: Bytes, remainingMs: number) => void

/** Where to listen and whom to hand the sockets to. */
export type ListenOptions = {
  /** An address of this machine, `::` for all of both families. */
  hostname: string
  /** 0 takes a free one. */
  port: number
  /** Who owns the bridge with this SNI label; `undefined` for a label that is none of ours. */
  route: (label: string) => SocketTaker | undefined
  /** What is shown to those who name no bridge of ours, at this moment; without it they meet silence. */
  greeting?: () => SecureContext | undefined
  /** Who may connect, by address; others are closed at accept. Default: everyone. */
  allows?: (address: string) => boolean
  clock: Clock
  unroutedSocketsMax?: number
  deadlineMs?: number
}

/** The open port. `close` also ends the sockets that have not been handed on. */
export type BridgeListener = { readonly port: number; close(): Promise<void> }

const log = logOf('bridge')

/** Listens for bridges. Fails with `host.port_in_use`, `host.port_forbidden` or `host.listen_failed`. */
export async function listenForBridges(options: ListenOptions): Promise<BridgeListener> {
  const unrouted = new FairRoom<UnroutedSocket>(options.unroutedSocketsMax ?? UNROUTED_SOCKETS_MAX)
  const server = await listenTcp({
    hostname: options.hostname,
    port: options.port,
    ...(options.allows && { allows: options.allows }),
    onSocket(socket) {
      // A socket that has gone knows its address no more.
      const address = socket.remoteAddress ?? ''
      const entry = new UnroutedSocket(socket, options, () => void unrouted.leave(entry, address))
      unrouted.enter(entry, address)?.destroy()
    },
  })
  return { port: server.port, close: () => server.close() }
}

/** One accepted socket until its label is known or its time is over. */
class UnroutedSocket {
  readonly #socket: Socket
  readonly #options: ListenOptions
  readonly #leave: () => void
  readonly #over = new AbortController()
  readonly #acceptedAt: number
  readonly #deadlineMs: number
  #head: Bytes = new Uint8Array(0)

  constructor(socket: Socket, options: ListenOptions, leave: () => void) {
    this.#socket = socket
    this.#options = options
    this.#leave = leave
    this.#acceptedAt = options.clock.monotonic()
    this.#deadlineMs = options.deadlineMs ?? HANDSHAKE_DEADLINE_MS
    socket.on('data', this.#onBytes)
    socket.once('close', this.#onEnd)
    void doAfter(options.clock, this.#deadlineMs, this.#over.signal, () => socket.destroy())
  }

  destroy(): void {
    this.#socket.destroy()
  }

  readonly #onBytes = (chunk: Buffer): void => {
    this.#head = concatBytes(this.#head, chunk)
    const reading = readClientHello(this.#head)
    if (reading.state === 'incomplete') return
    const taker = reading.state === 'read' ? this.#options.route(reading.serverName.toLowerCase()) : undefined
    this.#stopReading()
    // No answer beyond TLS: a port that tells strangers which labels it knows would help them to search.
    if (!taker) {
      log.debug('a connection named no bridge of this Runtime', { state: reading.state })
      const context = reading.state === 'refused' ? undefined : this.#options.greeting?.()
      if (context) greet(this.#socket, this.#head, context)
      return
    }
    this.#onEnd()
    this.#socket.off('close', this.#onEnd)
    taker(
      this.#socket,
      this.#head,
      Math.max(0, this.#deadlineMs - (this.#options.clock.monotonic() - this.#acceptedAt)),
    )
  }

  readonly #onEnd = (): void => {
    this.#over.abort()
    this.#leave()
  }

  #stopReading(): void {
    this.#socket.off('data', this.#onBytes)
    this.#socket.pause()
    // What the host had read ahead would be lost with this end of the socket.
    const ahead: Buffer | null = this.#socket.read()
    if (ahead) this.#head = concatBytes(this.#head, ahead)
  }
}
