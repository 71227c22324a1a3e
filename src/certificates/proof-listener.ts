/** Answers an ACME authority's question (http-01, RFC 8555 §8.3) over plain HTTP while an order is under way, and nothing else. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { listenTcp } from '../host/mod.ts'

/** An authority asks from a handful of places. 64 connections × ≈20 KiB ≈ 1.3 MiB, even if strangers open them all. */
const CONNECTIONS_MAX = 64
const REQUEST_TIMEOUT_MS = 10_000
const REQUEST_HEAD_BYTES_MAX = 8_192
const PATH = '/.well-known/acme-challenge/'

export type ProofListener = AsyncDisposable & {
  readonly port: number
  /** From now on the token is answered with the proof. */
  show(token: string, proof: string): void
}

/** Listens; `port` 0 takes a free one. Fails with `host.port_in_use`, `host.port_forbidden` or `host.listen_failed`. */
export async function listenForProofs({ hostname, port }: { hostname: string; port: number }): Promise<ProofListener> {
  const proofs = new Map<string, string>()
  const limits = { headersTimeout: REQUEST_TIMEOUT_MS, requestTimeout: REQUEST_TIMEOUT_MS, keepAliveTimeout: 1 }
  const http = createServer({ ...limits, maxHeaderSize: REQUEST_HEAD_BYTES_MAX }, (request, response) =>
    answer(proofs, request, response),
  )
  const server = await listenTcp({
    ...{ hostname, port, connectionsMax: CONNECTIONS_MAX },
    onSocket: (socket) => {
      socket.setTimeout(REQUEST_TIMEOUT_MS, () => socket.destroy())
      http.emit('connection', socket)
    },
  })
  return {
    port: server.port,
    show: (token, proof) => void proofs.set(token, proof),
    [Symbol.asyncDispose]: () => server.close(),
  }
}

function answer(proofs: ReadonlyMap<string, string>, { method, url }: IncomingMessage, response: ServerResponse): void {
  const proof = url?.startsWith(PATH) ? proofs.get(url.slice(PATH.length)) : undefined
  const found = method === 'GET' && proof !== undefined
  response.writeHead(found ? 200 : 404, { 'content-type': 'text/plain', connection: 'close' })
  response.end(found ? proof : '')
}
