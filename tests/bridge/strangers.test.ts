import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import { type Bytes, Lifetime, systemRandom } from '../../src/base/mod.ts'
import {
  type BridgeListener,
  type BridgeSource,
  type BridgeTerms,
  HANDSHAKE_DEADLINE_MS,
  type HandshakeClient,
} from '../../src/bridge/mod.ts'
import { UNAUTHENTICATED_SOCKETS_MAX } from '../../src/bridge/wss-accept.ts'
import {
  type Agreed,
  agree,
  agreementKey,
  BRIDGE,
  batchOf,
  handshakesOf,
  LABEL,
  listen,
  openReceiver,
  openSender,
  readRows,
  termsOf,
} from '../support/bridge/ends.ts'
import { ManualClock } from '../support/bridge/manual-clock.ts'
import { comeByTcp, comeByTls, comeByWebSocket, pushByTls, type Stranger } from '../support/bridge/stranger.ts'
import { testAuthority } from '../support/certificates.ts'

let agreed: Agreed
let lifetime: Lifetime
let clock: ManualClock
let source: BridgeSource
let listener: BridgeListener
/** How many first messages the main process was asked to answer, and how many it has. */
const answers = { asked: 0, given: 0 }

function counting(handshakes: HandshakeClient): HandshakeClient {
  return {
    ...handshakes,
    async answer(bridge, message) {
      answers.asked++
      try {
        return await handshakes.answer(bridge, message)
      } finally {
        answers.given++
      }
    },
  }
}

beforeAll(async () => {
  agreed = await agree()
})
beforeEach(async () => {
  lifetime = new Lifetime()
  clock = new ManualClock()
  const handshakes = counting(handshakesOf(agreed.receiver, termsOf(agreed, 'in')))
  source = lifetime.use(openReceiver(agreed, { clock, handshakes }), (opened) => opened.close())
  listener = lifetime.use(await listen(() => source, clock), (opened) => opened.close())
})
afterEach(() => lifetime.close())

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve))
}

/** The one thing that every stranger sees. */
async function expectSilenceUntilDeadline(stranger: Stranger, handshakeMessages = 0): Promise<void> {
  await until(() => clock.sleeping > 0)
  clock.advance(HANDSHAKE_DEADLINE_MS - 1)
  // A round trip of someone else's connection passes before we look.
  const other = await comeByTls(listener.port, '', 'zzzzzzzzzzzzzzzzzzzz')
  await until(() => clock.sleeping > 1)
  expect(stranger.isClosed()).toBe(false)
  clock.advance(1)
  await stranger.closed
  expect(stranger.received.length).toBe(handshakeMessages)
  expect(source.status()).toMatchObject({ state: 'connecting', frames: 0 })
  clock.advance(HANDSHAKE_DEADLINE_MS)
  await other.closed
}

describe('a stranger sees the same closed connection at the same deadline', () => {
  test.each<[string, (port: number) => Promise<Stranger>]>([
    ['who speaks no TLS', (port) => comeByTcp(port, 'SSH-2.0-x\r\n')],
    ['who names an unknown label', (port) => comeByTls(port, '', 'zzzzzzzzzzzzzzzzzzzz')],
    ['who says nothing after TLS', (port) => comeByTls(port, '')],
    ['who asks for a page', (port) => comeByTls(port, 'GET / HTTP/1.1\r\nHost: x\r\n\r\n')],
    ['who speaks no HTTP', (port) => comeByTls(port, '\u0001\u0002\u0003\r\n\r\n')],
    [
      'who upgrades to another bridge',
      (port) =>
        comeByTls(
          port,
          `GET /v1/bridges/${BRIDGE}x HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n`,
        ),
    ],
    ['who sends a text', (port) => comeByWebSocket(port, ['hello'])],
    ['who sends a message of another length', (port) => comeByWebSocket(port, [new Uint8Array(80)])],
    ['who sends random bytes of the right length', (port) => comeByWebSocket(port, [systemRandom(81)])],
  ])('%s', async (_, come) => {
    await expectSilenceUntilDeadline(await come(listener.port))
  })

  test.each<[string, () => Promise<{ own?: Agreed['sender']; terms?: Partial<BridgeTerms> }>]>([
    ['with a wrong secret', async () => ({ terms: { psk: systemRandom(32) } })],
    ['with a wrong static key', async () => ({ own: await agreementKey() })],
    ['with a wrong component', async () => ({ terms: { from: 'customers' } })],
    ['of another generation', async () => ({ terms: { generation: 2 } })],
  ])('a peer %s', async (_, wrong) => {
    const { own = agreed.sender, terms = {} } = await wrong()
    const { message } = await handshakesOf(own, termsOf(agreed, 'out', terms)).begin(BRIDGE)
    const before = answers.given
    const stranger = await comeByWebSocket(listener.port, [message])
    await until(() => answers.given > before)
    await expectSilenceUntilDeadline(stranger)
  })

  test('who replays a first message gets an answer that he cannot use, and changes nothing for the live session', async () => {
    const recorded: Bytes[] = []
    const sink = lifetime.use(
      openSender(agreed, listener.port, {
        through: (socket) => ({
          send: (message) => {
            recorded.push(message.slice())
            return socket.send(message)
          },
          receive: () => socket.receive(),
          close: () => socket.close(),
          destroy: () => socket.destroy(),
        }),
      }),
      (opened) => opened.close(),
    )
    await Promise.all([sink.write(batchOf(0, 1)), readRows(source, 1)])
    // The whole session so far, handshake, opening and batch, once more.
    const stranger = await comeByWebSocket(listener.port, recorded)
    await until(() => stranger.received.length > 0)
    expect(stranger.received[0]?.byteLength).toBe(81)
    await Promise.all([sink.write(batchOf(1, 1)), readRows(source, 1).then((rows) => expect(rows).toEqual([1]))])
    clock.advance(HANDSHAKE_DEADLINE_MS - 1)
    await Promise.all([sink.write(batchOf(2, 1)), readRows(source, 1)])
    expect(stranger.isClosed()).toBe(false)
    clock.advance(1)
    await stranger.closed
    await Promise.all([sink.write(batchOf(3, 1)), readRows(source, 1).then((rows) => expect(rows).toEqual([3]))])
    expect(stranger.received.length).toBe(1)
    expect(source.status().state).toBe('up')
  })
})

test('the oldest stranger goes when one more than the bound comes to a worker', async () => {
  const first = await comeByTls(listener.port, '')
  const others = await Promise.all(
    Array.from({ length: UNAUTHENTICATED_SOCKETS_MAX - 1 }, () => comeByTls(listener.port, '')),
  )
  expect(first.isClosed()).toBe(false)
  others.push(await comeByTls(listener.port, ''))
  await first.closed
  expect(others.filter((other) => other.isClosed())).toEqual([])
  clock.advance(HANDSHAKE_DEADLINE_MS)
  await Promise.all(others.map((other) => other.closed))
})

test('who floods from one network pushes out his own, and not the one stranger of another', async () => {
  const other = await comeByTls(listener.port, '', LABEL, '127.0.0.2')
  const flood: Stranger[] = []
  for (let i = 0; i < 2 * UNAUTHENTICATED_SOCKETS_MAX; i++) flood.push(await comeByTls(listener.port, ''))
  await flood[UNAUTHENTICATED_SOCKETS_MAX]?.closed
  expect(other.isClosed()).toBe(false)
  clock.advance(HANDSHAKE_DEADLINE_MS)
  await Promise.all([other, ...flood].map(({ closed }) => closed))
})

test.each<[string, string]>([
  ['a body', `POST /v1/bridges/${BRIDGE} HTTP/1.1\r\nHost: x\r\nContent-Length: 1073741824\r\n\r\n`],
  ['a body in chunks', 'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n40000000\r\n'],
  ['what is no HTTP', '\u0001\u0002\r\n\r\n'],
])('who sends %s without an end is not read any further', async (_, head) => {
  const pushed = await pushByTls(listener.port, head)
  // What both kernels' buffers take, and no more.
  expect(pushed).toBeLessThan(16 * 1_048_576)
  clock.advance(HANDSHAKE_DEADLINE_MS)
})

describe('the end that dials', () => {
  test('trusts no certificate of another authority and none for another label', async () => {
    const other = await testAuthority('someone')
    const wrong = [
      await other.issue({ dns: ['abcdefghij0123456789'] }),
      await agreed.authority.issue({ dns: ['zzzzzzzzzzzzzzzzzzzz'] }),
    ]
    const sink = lifetime.use(openSender(agreed, listener.port), (opened) => opened.close())
    await Promise.all([sink.write(batchOf(0, 1)), readRows(source, 1)])
    const before = answers.asked
    for (const tls of wrong) {
      source.renewTls(tls)
      const late = openSender(agreed, listener.port)
      const written = late.write(batchOf(1, 1)).catch(() => 'closed')
      // Its first connection is over when its deadline no longer waits, or a handshake was begun.
      await until(() => clock.sleeping > 1)
      await until(() => clock.sleeping === 1 || answers.asked > before)
      await late.close()
      await written
      expect([answers.asked, late.status().state]).toEqual([before, 'connecting'])
    }
  })
})
