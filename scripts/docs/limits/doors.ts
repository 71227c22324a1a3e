/** What strangers find at the ports before they have said who they are. */
import { CLIENT_HELLO_BYTES_MAX } from '../../../src/bridge/client-hello.ts'
import { BEGUN_HANDSHAKES_MAX } from '../../../src/bridge/handshakes.ts'
import { HANDSHAKE_DEADLINE_MS, UNROUTED_SOCKETS_MAX } from '../../../src/bridge/listener.ts'
import { UNAUTHENTICATED_SOCKETS_MAX } from '../../../src/bridge/wss-accept.ts'
import { BODIES_BYTES_MAX } from '../../../src/host/body-budget.ts'
import { CONNECTION_LIMITS } from '../../../src/host/connection-guard.ts'
import { BEGUN_PER_TURN_MAX, HANDSHAKES_PER_TURN_MAX } from '../../../src/host/fair-turns.ts'
import { UNREAD_BYTES_MAX } from '../../../src/host/held-back.ts'
import { CLOSE_GRACE_MS } from '../../../src/host/https-server.ts'
import { BLUEPRINT_BODY_BYTES_MAX } from '../../../src/platform/routes/blueprints.ts'
import { LIBRARY_BYTES_MAX } from '../../../src/runtime/libraries/package.ts'
import { NETWORKS_MAX } from '../../../src/runtime/network/allow-lists.ts'
import { INGEST_LIMITS } from '../../../src/runtime/ports.ts'
import { BODY_BYTES_MAX } from '../../../src/web/body.ts'
import { LIVE_STREAMS_MAX, LIVE_STREAMS_OF_ONE_MAX } from '../../../src/web/live.ts'
import { MESSAGE_BYTES_MAX } from '../../../src/wire/limits.ts'
import { at, bytes, count, type Limit, time, times, timesExactly } from './amounts.ts'

/** TLS state and buffers of one connection on which something was asked: 20 KiB to 50 KiB measured. */
export const CONNECTION_BYTES = 65_536
/** A request that waits for its turn, and its answer. */
export const REQUEST_BYTES = 10_240
/** What a live page was sent last. */
export const LIVE_STREAM_BYTES = 65_536
export const UNROUTED_SOCKET_BYTES = 102_400
const UNAUTHENTICATED_SOCKET_BYTES = 1_048_576
const HANDSHAKE_BYTES = 1_024

const { connectionsMax, connectionsPerNetworkMax, bodyBytesPerSecondMin, ...limits } = CONNECTION_LIMITS
const guard = 'src/host/connection-guard.ts'

/** HTTPS: 8752, the Platform's port, and the ingest port. */
export const HTTPS_LIMITS: readonly Limit[] = [
  [
    'connections',
    `${times(connectionsMax, CONNECTION_BYTES)}. For one more the oldest goes that waits for its client, of the network that has the most; where none waits, the newcomer`,
    at(guard, 'CONNECTION_LIMITS'),
  ],
  [
    'of them from one network',
    `${count(connectionsPerNetworkMax)}, which leaves ${count(connectionsMax - connectionsPerNetworkMax)} to others`,
    at(guard, 'CONNECTION_LIMITS'),
  ],
  [
    'on the ingest port',
    `${times(INGEST_LIMITS.connectionsMax, CONNECTION_BYTES)}, ${count(INGEST_LIMITS.connectionsPerNetworkMax)} from one network`,
    at('src/runtime/ports.ts', 'INGEST_LIMITS'),
  ],
  [
    'requests of one connection that are not answered yet',
    `${CONNECTION_LIMITS.requestsAtOnceMax}, ${times(connectionsMax * CONNECTION_LIMITS.requestsAtOnceMax, REQUEST_BYTES)}; for one more it is closed`,
    at(guard, 'CONNECTION_LIMITS'),
  ],
  [
    'requests that begin in one turn of the event loop',
    `${BEGUN_PER_TURN_MAX} × ≈1 ms ≈ ${BEGUN_PER_TURN_MAX} ms until heartbeats, workers and everybody else have their chance; one of each network after another`,
    at('src/host/fair-turns.ts', 'BEGUN_PER_TURN_MAX'),
  ],
  [
    'TLS handshakes that begin in one turn, beside those',
    `${HANDSHAKES_PER_TURN_MAX} × ≈1 ms; each is read from twice, and Bun reads in a turn from five connections in handshake, the newest first: ${HANDSHAKES_PER_TURN_MAX} × 2 < 5 leaves none lying`,
    at('src/host/fair-turns.ts', 'HANDSHAKES_PER_TURN_MAX'),
  ],
  [
    'time',
    `${time(limits.handshakeMs)} for a handshake, ${time(limits.headerMs)} for a header, ${time(limits.bodyMs)} for a body and one more second for each ${bytes(bodyBytesPerSecondMin)} of it, ${time(limits.stalledMs)} without a byte; ${time(limits.lingerMs)} from an answer that came before the body was in`,
    at(guard, 'CONNECTION_LIMITS'),
  ],
  [
    'when it stops',
    `answers have ${time(CLOSE_GRACE_MS)} to end, and what was begun for clients that have left ${time(CLOSE_GRACE_MS)} more`,
    at('src/host/https-server.ts', 'CLOSE_GRACE_MS'),
  ],
  [
    'to hold every connection with a body for longer',
    `takes ${count(connectionsMax)} × ${bytes(bodyBytesPerSecondMin)} = ${bytes(connectionsMax * bodyBytesPerSecondMin)} a second`,
    at(guard, 'CONNECTION_LIMITS'),
  ],
  [
    'a body that nobody reads',
    `${bytes(UNREAD_BYTES_MAX)}, then its sender waits; ${timesExactly(connectionsMax, UNREAD_BYTES_MAX)}`,
    at('src/host/held-back.ts', 'UNREAD_BYTES_MAX'),
  ],
  [
    'all bodies under way',
    `${bytes(BODIES_BYTES_MAX)}; for more the longest goes, of the network that sends the most`,
    at('src/host/body-budget.ts', 'BODIES_BYTES_MAX'),
  ],
  [
    'one body',
    `${bytes(BODY_BYTES_MAX)} unless its route says otherwise: ${bytes(MESSAGE_BYTES_MAX)} for a signed message, ${bytes(LIBRARY_BYTES_MAX)} for a library, ${bytes(BLUEPRINT_BODY_BYTES_MAX)} for a Blueprint with its code`,
    at('src/web/body.ts', 'BODY_BYTES_MAX'),
  ],
  [
    'live pages',
    `${times(LIVE_STREAMS_MAX, LIVE_STREAM_BYTES)}; ${LIVE_STREAMS_OF_ONE_MAX} of one user`,
    at('src/web/live.ts', 'LIVE_STREAMS_MAX', 'LIVE_STREAMS_OF_ONE_MAX'),
  ],
  [
    'entries of a list of networks',
    `${NETWORKS_MAX} × ≈0.1 µs ≈ ${Math.round(NETWORKS_MAX / 10)} µs for a connection that none fits`,
    at('src/runtime/network/allow-lists.ts', 'NETWORKS_MAX'),
  ],
]

export const BRIDGE_LIMITS: readonly Limit[] = [
  [
    'sockets that named no bridge yet',
    `${times(UNROUTED_SOCKETS_MAX, UNROUTED_SOCKET_BYTES)}, each for ${time(HANDSHAKE_DEADLINE_MS)}; for one more the oldest goes, of the network that has the most`,
    at('src/bridge/listener.ts', 'UNROUTED_SOCKETS_MAX', 'HANDSHAKE_DEADLINE_MS'),
  ],
  [
    'what is read of one to find that name',
    bytes(CLIENT_HELLO_BYTES_MAX),
    at('src/bridge/client-hello.ts', 'CLIENT_HELLO_BYTES_MAX'),
  ],
  [
    'sockets of one bridge whose peer has not proved itself',
    `${times(UNAUTHENTICATED_SOCKETS_MAX, UNAUTHENTICATED_SOCKET_BYTES)} in its worker, as above`,
    at('src/bridge/wss-accept.ts', 'UNAUTHENTICATED_SOCKETS_MAX'),
  ],
  [
    'handshakes begun',
    `${times(BEGUN_HANDSHAKES_MAX, HANDSHAKE_BYTES)}; the oldest is dropped`,
    at('src/bridge/handshakes.ts', 'BEGUN_HANDSHAKES_MAX'),
  ],
]
