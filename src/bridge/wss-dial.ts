/** Dials a peer's bridge port: TLS 1.3 under the peer's own authority, the bridge's label as server name, then a WebSocket. */
import { connect } from 'node:net'
import type { ConnectionOptions } from 'node:tls'
import { type ClientOptions, WebSocket } from 'ws'
import { Cancelled } from '../base/mod.ts'
import { BridgeNotInForce, BridgeUnreachable } from './errors.ts'
import { FRAME_BYTES_MAX } from './frame.ts'
import { type MessageSocket, WebSocketMessages } from './message-socket.ts'

/** Connecting, TLS and the upgrade together. */
const DIAL_TIMEOUT_MS = 10_000
/** Connecting alone, when it is to be found out why that failed. */
const PROBE_TIMEOUT_MS = 2_000

export type DialTarget = {
  bridge: string
  host: string
  port: number
  /** The SNI, and the DNS name that the certificate must carry. */
  label: string
  /** The peer's CA certificate, PEM; no other root counts. */
  authority: string
}

/** The path of a bridge's WebSocket. */
export function bridgePath(bridge: string): string {
  return `/v1/bridges/${bridge}`
}

/** The connection is TLS's to make, the rest is the WebSocket's; `ws` passes the former on. */
function optionsFor(target: DialTarget): ClientOptions & Pick<ConnectionOptions, 'ca' | 'servername' | 'minVersion'> {
  return {
    ca: target.authority,
    servername: target.label,
    minVersion: 'TLSv1.3',
    handshakeTimeout: DIAL_TIMEOUT_MS,
    maxPayload: FRAME_BYTES_MAX,
    perMessageDeflate: false,
    followRedirects: false,
  }
}

/** Resolves with the open connection. Rejects with `bridge.unreachable`, `bridge.not_in_force`, or `internal.cancelled` by the signal. */
export function dialBridge(target: DialTarget, signal: AbortSignal): Promise<MessageSocket> {
  const host = target.host.includes(':') ? `[${target.host}]` : target.host
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(new Cancelled('the bridge is closing'))
    const ws = new WebSocket(`wss://${host}:${target.port}${bridgePath(target.bridge)}`, optionsFor(target))
    const fail = (error: Error): void => {
      signal.removeEventListener('abort', cancel)
      reject(error)
      ws.terminate()
    }
    const cancel = (): void => fail(new Cancelled('the bridge is closing'))
    const unreachable = (cause?: unknown): void =>
      void portAnswers(target, signal).then((answers) =>
        fail(
          answers
            ? new BridgeNotInForce(`${target.host} port ${target.port} does not take this bridge`, { cause })
            : new BridgeUnreachable(`no bridge at ${target.host} port ${target.port}`, { cause }),
        ),
      )
    signal.addEventListener('abort', cancel, { once: true })
    ws.on('error', unreachable)
    ws.once('close', unreachable)
    ws.once('open', () => {
      ws.off('close', unreachable)
      signal.removeEventListener('abort', cancel)
      // TLS has shown whose port this is.
      resolve(new WebSocketMessages(ws).trust())
    })
  })
}

/** Whether anything listens there. Asked after a failure only: what a WebSocket says of one differs from host to host. */
function portAnswers({ host, port }: DialTarget, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: PROBE_TIMEOUT_MS })
    const over = (answers: boolean) => (): void => {
      signal.removeEventListener('abort', cancel)
      socket.destroy()
      resolve(answers)
    }
    const cancel = over(false)
    signal.addEventListener('abort', cancel, { once: true })
    socket.once('connect', over(true)).once('timeout', over(false)).on('error', over(false))
  })
}
