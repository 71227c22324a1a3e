/** bridge: the encrypted channel between two Runtimes. Handshakes and the port live in the main process, the ends in workers. */
export { CREDIT_WINDOW_BYTES } from './credit.ts'
export { BridgeClosed, BridgeUnreachable } from './errors.ts'
export {
  type BridgeTerms,
  createHandshakes,
  type HandshakeClient,
  type SessionKeys,
} from './handshakes.ts'
export { type BridgeSource, type InboundOptions, openInbound } from './inbound.ts'
export type { BridgeEnd } from './link.ts'
export {
  type BridgeListener,
  HANDSHAKE_DEADLINE_MS,
  listenForBridges,
  type SocketTaker,
} from './listener.ts'
export type { MessageSocket } from './message-socket.ts'
export { type BridgeSink, openOutbound } from './outbound.ts'
