/** Shows a certificate to whoever knocks at the bridge port and names no bridge: TLS 1.3 up to its end, and not a byte more. */
import type { Socket } from 'node:net'
import { type SecureContext, TLSSocket } from 'node:tls'
import type { Bytes } from '../base/mod.ts'

/**
 * Finishes the handshake that the socket has begun with `head`. What the client says inside is not read, and it gets no answer; the
 * socket's owner ends it at its deadline, as it would have without a greeting.
 */
export function greet(socket: Socket, head: Bytes, secureContext: SecureContext): void {
  socket.unshift(head)
  const secure = new TLSSocket(socket, { isServer: true, secureContext })
  secure.on('error', () => undefined)
}
