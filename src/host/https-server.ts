/**
 * HTTPS for an application that is a function from Request to Response, with bodies and answers that stream.
 *
 * TCP server, TLS socket and HTTP server are put together here, and not by `https.Server`: Bun's cannot change its certificate
 * while it runs, and has no limit on the time of a handshake.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { getRequestListener } from '@hono/node-server'
import { type Clock, codeOf, logOf, systemClock } from '../base/mod.ts'
import { breakingOff } from './answer-body.ts'
import { BodyBudget } from './body-budget.ts'
import { limitBody } from './body-limit.ts'
import { type AllowsAddress, CONNECTION_LIMITS, ConnectionGuard, type ConnectionLimits } from './connection-guard.ts'
import { FairTurns, HANDSHAKES_PER_TURN_MAX } from './fair-turns.ts'
import { feedInPieces } from './fed-in-pieces.ts'
import { holdBack } from './held-back.ts'
import { listenTcp } from './tcp-server.ts'
import { type NamedTls, TlsChoice, type TlsMaterial } from './tls-choice.ts'
import { UnderWay } from './under-way.ts'

const log = logOf('host')

/** How long `close` waits for answers that are under way; and then once more for the application, whoever is still there to hear it. */
export const CLOSE_GRACE_MS = 2_000

/** Who asks: the address as the socket has it; IPv4 in its own form also where the server listens on `::`. */
export interface Peer {
  address: string
  port: number
}

/** What is served, and where. */
export interface HttpsOptions {
  /** `request.signal` is aborted when the client goes away. */
  fetch: (request: Request, peer: Peer) => Response | Promise<Response>
  hostname: string
  /** 0 takes a free one. */
  port: number
  tls: TlsMaterial
  /** Another certificate for clients that ask for its names. */
  namedTls?: NamedTls | undefined
  /** Bytes of a request's body. More is answered 413, or fails the reading with `host.body_too_large`. Default: no bound. */
  bodyBytesMax?: number
  /** Of all bodies under way together; 0 where the application streams them on. Default `BODIES_BYTES_MAX`. */
  bodiesBytesMax?: number
  /** Whether the application streams the body of such a request on, so that it does not count among those. Default: of none. */
  streams?: (request: { method?: string | undefined; url?: string | undefined }) => boolean
  limits?: Partial<ConnectionLimits>
  /** Who may connect, by address; asked at accept, before TLS, and while a connection is open. Default: everyone. */
  allows?: AllowsAddress
  clock?: Clock
}

/** A listening server. */
export interface HttpsServer extends AsyncDisposable {
  readonly hostname: string
  readonly port: number
  /** From the next connection on; those that are open keep the old certificate. Throws, and changes nothing, when it does not fit. */
  setTls(tls: TlsMaterial, named?: NamedTls): void
  /**
   * Stops listening, lets answers end for at most `CLOSE_GRACE_MS`, then closes every connection. What the application is still at
   * then, since a client that has left ends nothing, is waited for as long again: what it writes to may be closed afterwards.
   */
  close(): Promise<void>
}

/** Serves with TLS 1.2 or later. Fails with `host.port_in_use`, `host.port_forbidden` or `host.listen_failed`. */
export async function serveHttps(options: HttpsOptions): Promise<HttpsServer> {
  const limits = { ...CONNECTION_LIMITS, ...options.limits }
  const choice = new TlsChoice(options.tls, options.namedTls)
  const { clock = systemClock } = options
  const guard = new ConnectionGuard(limits, clock, options.allows)
  const answers = new UnderWay()
  // The guard keeps the time; the hosts' own limits differ from each other.
  const handshakes = new FairTurns(HANDSHAKES_PER_TURN_MAX)
  const listener = listenerOf(options, { guard, answers, turns: new FairTurns() })
  const http = createServer({ keepAliveTimeout: 0, headersTimeout: 0, requestTimeout: 0 }, listener)
  const onSocket = (raw: Socket): void => {
    if (!guard.admits(raw)) return void raw.destroy()
    const begun = guard.watch(raw)
    const leave = handshakes.begin(raw.remoteAddress ?? '', () => {
      const secure = new TLSSocket(raw, { isServer: true, ALPNProtocols: ['http/1.1'], ...choice.optionsFor(raw) })
      begun(secure)
      secure.once('secure', () => {
        guard.secured(secure)
        http.emit('connection', secure)
        feedInPieces(secure)
      })
    })
    raw.once('close', leave)
  }
  const { hostname, port } = options
  // The guard bounds the connections: it knows which one may go for a newcomer.
  const connectionsMax = Number.POSITIVE_INFINITY
  const tcp = await listenTcp({ hostname, port, connectionsMax, onSocket }).catch(async (error) => {
    await guard.close(0)
    throw error
  })
  const close = async (): Promise<void> => {
    await guard.close(CLOSE_GRACE_MS)
    await tcp.close()
    await answers.idle(CLOSE_GRACE_MS, clock)
  }
  const setTls = (tls: TlsMaterial, named?: NamedTls): void => choice.set(tls, named)
  return { hostname, port: tcp.port, setTls, close, [Symbol.asyncDispose]: close }
}

type NodeListener = (incoming: IncomingMessage, outgoing: ServerResponse) => unknown

function listenerOf(
  { fetch, bodyBytesMax, bodiesBytesMax, streams = () => false }: HttpsOptions,
  { guard, answers, turns }: { guard: ConnectionGuard; answers: UnderWay; turns: FairTurns },
): NodeListener {
  const budget = bodiesBytesMax === 0 ? undefined : new BodyBudget(bodiesBytesMax)
  const listener = getRequestListener(
    async (request, { incoming, outgoing }) => {
      const limited = bodyBytesMax === undefined ? request : limitBody(request, bodyBytesMax)
      if (limited instanceof Response) return limited
      const answered = answers.add((async () => fetch(limited, peerOf(incoming.socket)))())
      return breakingOff(await answered, () => outgoing.destroy())
    },
    { overrideGlobalObjects: false, errorHandler: answerFault },
  )
  return (incoming, outgoing) => {
    const answered = guard.asked(incoming)
    if (!answered) return
    const ends = [answered, holdBack(incoming), streams(incoming) ? undefined : budget?.begin(incoming)]
    for (const end of ends) if (end) outgoing.once('close', end)
    const leave = turns.begin(incoming.socket.remoteAddress ?? '', () => {
      // Until its turn has come its connection may go for one of another network.
      outgoing.once('close', guard.requested(incoming))
      listener(incoming, outgoing)
    })
    outgoing.once('close', leave)
  }
}

/** What the application should have answered itself; the client learns nothing of the reason. */
function answerFault(error: unknown): Response {
  log.error('a request failed outside of the application', { code: codeOf(error) })
  return new Response(null, { status: 500 })
}

function peerOf(socket: Socket): Peer {
  const address = socket.remoteAddress ?? ''
  return { address: address.replace(/^::ffff:(?=\d+\.)/i, ''), port: socket.remotePort ?? 0 }
}
