/**
 * Watches the connections of an HTTP server: how many there may be, how long a handshake, a request's header or its body may
 * take, and how long nothing may move. Hosts have such limits too, but not the same ones for the same socket, and not all keep
 * them.
 */
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { type Clock, systemClock } from '../base/mod.ts'
import { networkOf } from './network-of.ts'

/** Bounds of an HTTPS server; all have defaults. */
export interface ConnectionLimits {
  /**
   * Default 1,024 connections × ≈64 KiB (TLS state, buffers) ≈ 64 MiB, even if strangers open them all. For one more, one that
   * waits for its client goes (handshake, header or body not complete): the oldest of the network that has the most, so that a
   * flood pushes out its own; where none waits, the newcomer.
   */
  connectionsMax: number
  /**
   * Of these, from one IPv4 address or one IPv6 /64, of which a single host has all addresses. Default 256, a quarter: one
   * stranger leaves 768 to the others. For one more, the oldest of the same origin goes, as above.
   */
  connectionsPerNetworkMax: number
  /**
   * Requests of one connection that are not answered yet. Default 4: 1,024 × 4 × ≈10 KiB ≈ 40 MiB. No browser sends a second one before
   * the first is answered (RFC 9112 §9.3.2 allows it); a connection that has more is closed.
   */
  requestsAtOnceMax: number
  /** TLS handshake, from accept on. Default 10 s: three lost packets on a slow link still fit. */
  handshakeMs: number
  /** From the handshake, or the previous answer, to the complete header of the next request. Default 30 s. */
  headerMs: number
  /** From the complete header to the complete body, plus what `bodyBytesPerSecondMin` grants. Default 30 s. */
  bodyMs: number
  /**
   * Each so many bytes received of a body grant one more second. Default 64 KiB. Who sends faster may go on: 1 GiB at 1 MiB/s
   * takes 17 min of 273 granted; 1 MiB at 32 KiB/s 32 s of 46. One byte every 9 s ends after 30 s, and to hold 1,024
   * connections with bodies for longer takes 64 MiB/s.
   */
  bodyBytesPerSecondMin: number
  /** Not one byte moves, of an answer or of what is due before it. Default 5 min: longer than any long poll. */
  stalledMs: number
  /**
   * From an answer to the end of its connection, where the body has not come in completely: the client can read the answer, but the
   * rest of its body is not received. Default 2 s.
   */
  lingerMs: number
  /** How often all this is looked at. Default 1 s. */
  sweepMs: number
}

/** The limits in force where a server names none. */
export const CONNECTION_LIMITS: Readonly<ConnectionLimits> = {
  connectionsMax: 1_024,
  connectionsPerNetworkMax: 256,
  requestsAtOnceMax: 4,
  handshakeMs: 10_000,
  headerMs: 30_000,
  bodyMs: 30_000,
  bodyBytesPerSecondMin: 65_536,
  stalledMs: 300_000,
  lingerMs: 2_000,
  sweepMs: 1_000,
}

/** The body of the latest request; those before it on the same connection are complete. */
interface Body {
  readonly incoming: IncomingMessage
  readonly since: number
  /** Received until then; with it what came in one piece with the header, which earns no time. */
  readonly bytesBefore: number
}

interface Watched {
  readonly raw: Socket
  /** From when its handshake began. */
  secure: TLSSocket | undefined
  readonly network: string
  secured: boolean
  /** Whose header has come, and of these, those whose answer is due. */
  asked: number
  requests: number
  /** When the present phase began, or a byte last moved. */
  since: number
  bytesMoved: number
  body: Body | undefined
  /** Accept, or the last answer's end. No progress of a request makes a connection younger. */
  unansweredSince: number
  /** Answered before its body was in: nothing more is read. */
  lingersSince: number | undefined
}

/** Whether an address may connect at all; asked again of open connections, since it may change while they are open. */
export type AllowsAddress = (address: string) => boolean

export class ConnectionGuard {
  readonly #limits: ConnectionLimits
  readonly #clock: Clock
  readonly #allows: AllowsAddress
  readonly #all = new Set<Watched>()
  /** By the secure one, in which requests come. */
  readonly #bySocket = new Map<Socket, Watched>()
  readonly #byNetwork = new Map<string, Set<Watched>>()
  readonly #stop = new AbortController()
  #closing = false

  constructor(limits: ConnectionLimits, clock: Clock = systemClock, allows: AllowsAddress = () => true) {
    this.#limits = limits
    this.#clock = clock
    this.#allows = allows
    void this.#sweepUntilStopped()
  }

  /**
   * Whether an accepted socket's address may connect and there is room for it, if need be after a connection that waits for its
   * client has gone for it.
   */
  admits(raw: Socket): boolean {
    if (!this.#allows(raw.remoteAddress ?? '')) return false
    const { connectionsMax, connectionsPerNetworkMax } = this.#limits
    const network = networkOf(raw.remoteAddress ?? '')
    const neighbours = this.#byNetwork.get(network)
    if (neighbours && neighbours.size >= connectionsPerNetworkMax) return this.#evictOldest(neighbours)
    if (this.#all.size < connectionsMax) return true
    const networks = [...this.#byNetwork.values()]
    const most = networks.reduce((best, watched) => (watched.size > best.size ? watched : best))
    if (this.#evictOldest(most)) return true
    return networks.sort((a, b) => b.size - a.size).some((watched) => this.#evictOldest(watched))
  }

  /** An accepted connection: the time of its handshake runs. What is returned makes its handshake begin with this socket. */
  watch(raw: Socket): (secure: TLSSocket) => void {
    const now = this.#clock.monotonic()
    const watched: Watched = {
      ...{ raw, secure: undefined, network: networkOf(raw.remoteAddress ?? ''), secured: false, asked: 0, requests: 0 },
      ...{ since: now, bytesMoved: 0, body: undefined, unansweredSince: now, lingersSince: undefined },
    }
    this.#all.add(watched)
    this.#byNetwork.set(watched.network, (this.#byNetwork.get(watched.network) ?? new Set()).add(watched))
    // Not every host ends one when the other ends.
    const endBoth = (socket: Socket): void => {
      socket.on('error', () => destroy(watched))
      socket.once('close', () => destroy(watched))
    }
    endBoth(raw)
    raw.once('close', () => this.#forget(watched))
    if (this.#closing) destroy(watched)
    return (secure) => {
      watched.secure = secure
      this.#bySocket.set(secure, watched)
      endBoth(secure)
    }
  }

  /** The handshake is done: from here on the header's time counts. */
  secured(secure: Socket): void {
    const watched = this.#bySocket.get(secure)
    if (!watched) return
    watched.secured = true
    watched.since = this.#clock.monotonic()
  }

  /**
   * A request's header is complete; the returned function says that it is answered, or not to be answered any more. Without one it is
   * not to be looked at: it was one too many, and its connection is closed.
   */
  asked(incoming: IncomingMessage): (() => void) | undefined {
    const watched = this.#bySocket.get(incoming.socket)
    if (!watched) return undefined
    if (++watched.asked > this.#limits.requestsAtOnceMax) {
      destroy(watched)
      return undefined
    }
    return () => {
      watched.asked--
    }
  }

  /** Its turn has come; the returned function says that its answer has ended. */
  requested(incoming: IncomingMessage): () => void {
    const watched = this.#bySocket.get(incoming.socket)
    if (!watched) return () => undefined
    watched.requests++
    watched.since = this.#clock.monotonic()
    watched.body = { incoming, since: watched.since, bytesBefore: watched.raw.bytesRead }
    return () => {
      watched.requests--
      watched.since = this.#clock.monotonic()
      watched.unansweredSince = watched.since
      if (!incoming.complete) this.#linger(watched)
      if (this.#closing && watched.requests === 0) destroy(watched)
    }
  }

  /** Closes idle connections at once and the others with their answer's end, at the latest after `graceMs`. */
  async close(graceMs: number): Promise<void> {
    this.#closing = true
    this.#stop.abort()
    for (const watched of this.#all) if (watched.requests === 0) destroy(watched)
    const busy = [...this.#all].map(({ raw }) => new Promise<void>((ended) => void raw.once('close', ended)))
    if (busy.length === 0) return
    const done = new AbortController()
    await Promise.race([Promise.all(busy), this.#clock.sleep(graceMs, done.signal).catch(() => undefined)])
    done.abort()
    for (const watched of this.#all) destroy(watched)
  }

  async #sweepUntilStopped(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      // The only way to fail is to be stopped.
      await this.#clock.sleep(this.#limits.sweepMs, this.#stop.signal).catch(() => undefined)
      const now = this.#clock.monotonic()
      for (const watched of this.#all) if (this.#isLate(watched, now)) destroy(watched)
    }
  }

  /** What is left of the body is nobody's any more; a sender of 1 GiB would fill memory with it faster than it can be let go. */
  #linger(watched: Watched): void {
    watched.lingersSince = this.#clock.monotonic()
    watched.raw.pause()
    watched.secure?.pause()
  }

  #isLate(watched: Watched, now: number): boolean {
    if (!this.#allows(watched.raw.remoteAddress ?? '')) return true
    if (watched.lingersSince !== undefined) return now - watched.lingersSince > this.#limits.lingerMs
    if (!watched.secured) return now - watched.since > this.#limits.handshakeMs
    if (watched.requests === 0) return now - watched.since > this.#limits.headerMs
    if (this.#isBodyLate(watched, now)) return true
    const bytesMoved = watched.raw.bytesRead + (watched.secure?.bytesWritten ?? 0)
    if (bytesMoved !== watched.bytesMoved) {
      watched.bytesMoved = bytesMoved
      watched.since = now
    }
    return now - watched.since > this.#limits.stalledMs
  }

  #isBodyLate({ raw, body }: Watched, now: number): boolean {
    if (!body || body.incoming.complete) return false
    const { bodyMs, bodyBytesPerSecondMin } = this.#limits
    const grantedMs = ((raw.bytesRead - body.bytesBefore) / bodyBytesPerSecondMin) * 1_000
    return now - body.since > bodyMs + grantedMs
  }

  #forget(watched: Watched): void {
    this.#all.delete(watched)
    if (watched.secure) this.#bySocket.delete(watched.secure)
    const neighbours = this.#byNetwork.get(watched.network)
    neighbours?.delete(watched)
    if (neighbours?.size === 0) this.#byNetwork.delete(watched.network)
  }

  #evictOldest(among: ReadonlySet<Watched>): boolean {
    let oldest: Watched | undefined
    for (const watched of among)
      if (waitsForClient(watched) && (!oldest || watched.unansweredSince < oldest.unansweredSince)) oldest = watched
    if (!oldest) return false
    // Its `close` comes later, and must not count until then.
    this.#forget(oldest)
    destroy(oldest)
    return true
  }
}

/** Handshake, header or body have not come in completely; otherwise an answer is due or under way. */
function waitsForClient({ secured, requests, body }: Watched): boolean {
  return !secured || requests === 0 || body?.incoming.complete === false
}

function destroy(watched: Watched): void {
  watched.secure?.destroy()
  watched.raw.destroy()
}
