/**
 * Makes a WebSocket of a socket that the main process handed over. What goes wrong is answered with silence until the deadline;
 * only bytes that are no TLS or no WebSocket at all are closed at once, by the host, before a bridge is looked at.
 */
import { createServer as createHttpServer, type IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { WebSocketServer } from 'ws'
import type { Bytes, Clock } from '../base/mod.ts'
import { FairRoom, type TlsMaterial } from '../host/mod.ts'
import { FRAME_BYTES_MAX } from './frame.ts'
import { type MessageSocket, WebSocketMessages } from './message-socket.ts'
import { doAfter } from './watch.ts'
import { bridgePath } from './wss-dial.ts'

/**
 * Accepted and not yet authenticated, per bridge: 32 × (two messages of 256 KiB + ≈512 KiB in the host) ≈ 32 MiB. For one more the
 * oldest of the network goes that has the most: who floods pushes out his own, and a peer from elsewhere has his time.
 */
export const UNAUTHENTICATED_SOCKETS_MAX = 32
const REQUEST_HEAD_BYTES_MAX = 8_192

/** A connection whose peer has yet to prove itself. Until then nothing but the deadline ends it, whatever its owner finds wrong. */
export class Candidate implements MessageSocket {
  readonly #socket: WebSocketMessages
  readonly #stopClock: () => boolean
  #confirmed = false

  constructor(socket: WebSocketMessages, stopClock: () => boolean) {
    this.#socket = socket
    this.#stopClock = stopClock
  }

  /** The peer has proved itself: the deadline no longer counts. False when it was over already. */
  confirm(): boolean {
    this.#confirmed = this.#stopClock()
    if (this.#confirmed) this.#socket.trust()
    return this.#confirmed
  }
  send(message: Bytes): Promise<void> {
    return this.#socket.send(message)
  }
  receive(): Promise<Bytes | undefined> {
    return this.#socket.receive()
  }
  close(): void {
    if (this.#confirmed) this.#socket.close()
  }
  destroy(): void {
    if (this.#confirmed) this.#socket.destroy()
  }
}

export type AcceptorOptions = {
  bridge: string
  tls: () => TlsMaterial
  onCandidate: (candidate: Candidate) => void
  clock: Clock
}

/** Accepts for one bridge. */
export class WssAcceptor {
  readonly #options: AcceptorOptions
  readonly #upgrades = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: FRAME_BYTES_MAX,
    perMessageDeflate: false,
  })
  readonly #waiting = new FairRoom<() => void>(UNAUTHENTICATED_SOCKETS_MAX)

  constructor(options: AcceptorOptions) {
    this.#options = options
  }

  /** Takes the socket with what was read of it already; closes it when `remainingMs` are over and nobody has confirmed it. */
  accept(socket: Socket, head: Bytes, remainingMs: number): void {
    // A socket that has gone knows its address no more.
    const address = socket.remoteAddress ?? ''
    const over = new AbortController()
    const drop = (): void => {
      over.abort()
      this.#waiting.leave(drop, address)
      socket.destroy()
    }
    this.#waiting.enter(drop, address)?.()
    socket.once('close', drop)
    socket.on('error', () => undefined)
    const confirm = (): boolean => {
      if (!this.#waiting.leave(drop, address)) return false
      over.abort()
      return true
    }
    void doAfter(this.#options.clock, remainingMs, over.signal, drop)
    socket.unshift(head)
    this.#startTls(socket, confirm)
  }

  /** Drops whoever has not proved himself. */
  close(): void {
    for (const drop of this.#waiting.all) drop()
  }

  #startTls(socket: Socket, confirm: () => boolean): void {
    const { certificatePem, privateKeyPem } = this.#options.tls()
    const http = createHttpServer({ maxHeaderSize: REQUEST_HEAD_BYTES_MAX, requestTimeout: 0, headersTimeout: 0 })
    http.on('upgrade', (request, upgraded: Socket, rest) => {
      if (!isUpgrade(request, this.#options.bridge)) return void upgraded.pause()
      this.#upgrades.handleUpgrade(request, upgraded, rest, (ws) =>
        this.#options.onCandidate(new Candidate(new WebSocketMessages(ws), confirm)),
      )
    })
    // Without these the host would answer, or close early, and so tell a stranger how far he came.
    // Nor is more read from him: a body that nobody takes would fill this worker's memory within its deadline.
    http.on('request', ({ socket: asking }) => void asking.pause())
    http.on('clientError', (_error, asking) => void asking.pause())
    const tls = createTlsServer({ cert: certificatePem, key: privateKeyPem, minVersion: 'TLSv1.3' })
    tls.on('tlsClientError', () => undefined)
    tls.on('secureConnection', (secure) => {
      secure.on('error', () => undefined)
      http.emit('connection', secure)
    })
    tls.emit('connection', socket)
  }
}

/** Exactly the request that a dialing Sluice makes (RFC 6455 §4.1); `handleUpgrade` would answer any other with an explanation. */
function isUpgrade(request: IncomingMessage, bridge: string): boolean {
  return (
    request.method === 'GET' &&
    request.url === bridgePath(bridge) &&
    request.headers.upgrade?.toLowerCase() === 'websocket' &&
    request.headers['sec-websocket-version'] === '13' &&
    request.headers.origin === undefined &&
    /^[A-Za-z0-9+/]{22}==$/.test(request.headers['sec-websocket-key'] ?? '')
  )
}
