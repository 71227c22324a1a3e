import { afterEach, describe, expect, test } from 'bun:test'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { type Bytes, concatBytes, fromHex, Lifetime, utf8 } from '../../src/base/mod.ts'
import { HANDSHAKE_DEADLINE_MS, listenForBridges } from '../../src/bridge/mod.ts'
import { ManualClock } from '../support/bridge/manual-clock.ts'
import { refusalOf } from '../support/refusal.ts'

const LABEL = 'abcdefghij0123456789'
let lifetime = new Lifetime()
afterEach(async () => {
  await lifetime.close()
  lifetime = new Lifetime()
})

/** The smallest hello that names a server. */
function helloFor(name: string): Bytes {
  const names = concatBytes(Uint8Array.of(0, 0, name.length), utf8(name))
  const list = concatBytes(Uint8Array.of(0, names.length), names)
  const extensions = concatBytes(Uint8Array.of(0, 0, 0, list.length), list)
  const body = concatBytes(
    fromHex(`0303${'00'.repeat(32)}00000213010100`),
    Uint8Array.of(0, extensions.length),
    extensions,
  )
  return concatBytes(Uint8Array.of(22, 3, 1, 0, body.length + 4, 1, 0, 0, body.length), body)
}

type Handed = { socket: Socket; head: Bytes; remainingMs: number }

async function startListener(clock: ManualClock, unroutedSocketsMax?: number) {
  const handed: Handed[] = []
  let wake = (): void => undefined
  const listener = await listenForBridges({
    hostname: '127.0.0.1',
    port: 0,
    clock,
    ...(unroutedSocketsMax && { unroutedSocketsMax }),
    route: (label) =>
      label === LABEL
        ? (socket, head, remainingMs) => {
            lifetime.use(socket, (opened) => opened.destroy())
            handed.push({ socket, head, remainingMs })
            wake()
          }
        : undefined,
  })
  lifetime.use(listener, (opened) => opened.close())
  const next = async (): Promise<Handed> => {
    while (handed.length === 0)
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    const [first] = handed.splice(0, 1)
    if (!first) throw new Error('nothing was handed')
    return first
  }
  return { port: listener.port, next, handed }
}

async function dial(port: number): Promise<Socket> {
  const socket = lifetime.use(connect({ port, host: '127.0.0.1', noDelay: true }), (opened) => opened.destroy())
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  return socket
}

/** Resolves when that many sockets are waiting for their deadline. */
async function sleepers(clock: ManualClock, count: number): Promise<void> {
  while (clock.sleeping !== count) await new Promise((resolve) => setImmediate(resolve))
}

describe('listenForBridges()', () => {
  test('hands on a hello that comes byte by byte, whole and with the time that is left', async () => {
    const clock = new ManualClock()
    const { port, next } = await startListener(clock)
    const socket = await dial(port)
    const hello = helloFor(LABEL.toUpperCase())
    await sleepers(clock, 1)
    clock.advance(1_000)
    for (const byte of hello) {
      socket.write(Uint8Array.of(byte))
      await new Promise((resolve) => setImmediate(resolve))
    }
    const handed = await next()
    expect(handed.head).toEqual(hello)
    expect(handed.remainingMs).toBe(HANDSHAKE_DEADLINE_MS - 1_000)
    expect(clock.sleeping).toBe(0)
    clock.advance(HANDSHAKE_DEADLINE_MS)
    expect(handed.socket.destroyed).toBe(false)
  })

  test.each([
    ['an unknown label', helloFor('zzzzzzzzzzzzzzzzzzzz')],
    ['no TLS', utf8('GET / HTTP/1.1\r\n\r\n')],
    ['half a hello', helloFor(LABEL).subarray(0, 20)],
    ['nothing', new Uint8Array(0)],
  ])('%s gets no answer and is closed at the deadline, not before', async (_, bytes) => {
    const clock = new ManualClock()
    const { port, handed } = await startListener(clock)
    const socket = await dial(port)
    let answered = 0
    socket.on('data', (chunk) => {
      answered += chunk.length
    })
    if (bytes.length > 0) socket.write(bytes)
    await sleepers(clock, 1)
    clock.advance(HANDSHAKE_DEADLINE_MS - 1)
    // A second connection that goes through shows that the first has been dealt with.
    const other = await dial(port)
    await sleepers(clock, 2)
    expect(socket.closed).toBe(false)
    const closed = once(socket, 'close')
    clock.advance(1)
    await closed
    other.destroy()
    expect([answered, handed.length]).toEqual([0, 0])
  })

  test('the oldest waiting socket goes when one more than the bound comes', async () => {
    const clock = new ManualClock()
    const { port, next } = await startListener(clock, 2)
    const first = await dial(port)
    await sleepers(clock, 1)
    const second = await dial(port)
    await sleepers(clock, 2)
    const closed = once(first, 'close')
    const third = await dial(port)
    await closed
    third.write(helloFor(LABEL))
    expect((await next()).head).toEqual(helloFor(LABEL))
    expect(second.closed).toBe(false)
  })

  test('a taken port is refused by its name', async () => {
    const { port } = await startListener(new ManualClock())
    const again = listenForBridges({ hostname: '127.0.0.1', port, clock: new ManualClock(), route: () => undefined })
    expect(await refusalOf(() => again)).toBe('host.port_in_use')
  })
})
