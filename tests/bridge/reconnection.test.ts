import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import { Lifetime } from '../../src/base/mod.ts'
import { END_LINGER_MS } from '../../src/bridge/inbound.ts'
import { type BridgeSource, BridgeUnreachable } from '../../src/bridge/mod.ts'
import { ALIVE_INTERVAL_MS, SILENCE_MAX_MS } from '../../src/bridge/watch.ts'
import {
  type Agreed,
  agree,
  batchOf,
  listen,
  openPair,
  openReceiver,
  openSender,
  type Pair,
  range,
  readBatch,
  readRows,
} from '../support/bridge/ends.ts'
import { ManualClock } from '../support/bridge/manual-clock.ts'
import { type Fault, harmOnce } from '../support/bridge/message-pipe.ts'
import { startTcpProxy, type TcpProxy } from '../support/bridge/tcp-proxy.ts'

let agreed: Agreed
let lifetime: Lifetime
beforeAll(async () => {
  agreed = await agree()
})
beforeEach(() => {
  lifetime = new Lifetime()
})
afterEach(() => lifetime.close())

async function openThroughProxy(changes: Parameters<typeof openPair>[1] = {}): Promise<Pair & { proxy: TcpProxy }> {
  const holder: { proxy?: TcpProxy } = {}
  const pair = await openPair(agreed, {
    ...changes,
    dialPort: async (port) => {
      holder.proxy = lifetime.use(await startTcpProxy(port), (opened) => opened.close())
      return holder.proxy.port
    },
  })
  lifetime.use(pair.lifetime, (opened) => opened.close())
  if (!holder.proxy) throw new BridgeUnreachable('no proxy')
  return { ...pair, proxy: holder.proxy }
}

/** Writes the batches with these numbers, ten rows each; resolves when all are acknowledged. */
function writeAll({ sink }: Pair, numbers: number[]): Promise<unknown> {
  return Promise.all(numbers.map((i) => sink.write(batchOf(i * 10, 10, 'x'.repeat(1_000)))))
}

describe('a harmed connection', () => {
  test.each<[string, (proxy: TcpProxy) => void]>([
    ['cut', (proxy) => proxy.cut()],
    ['with a flipped bit', (proxy) => proxy.flipNext()],
    ['with two pieces swapped', (proxy) => proxy.swapNext()],
  ])('%s is made anew, and nothing is lost or doubled', async (_, harm) => {
    const pair = await openThroughProxy()
    const [first] = await Promise.all([readRows(pair.source, 20), writeAll(pair, range(0, 20))])
    harm(pair.proxy)
    const [rest] = await Promise.all([readRows(pair.source, 80), writeAll(pair, range(20, 100))])
    expect([...first, ...rest]).toEqual(range(0, 1_000))
    expect(pair.proxy.connections()).toBe(2)
  })

  const flip =
    (at: (message: Uint8Array) => number): Fault =>
    (message) => {
      message[at(message)] = (message[at(message)] ?? 0) ^ 0x10
      return [message]
    }
  // From the sender: message 0 and 1 are handshake and opening, batches follow.
  test.each<[string, Fault]>([
    ['flipped in its header', flip(() => 9)],
    ['flipped in its payload', flip((message) => message.length >> 1)],
    ['flipped in its tag', flip((message) => message.length - 1)],
    ['cut', (message) => [message.slice(0, -5)]],
    ['left out', () => []],
    ['sent twice', (message) => [message, message]],
    ['replaced by the one before', (_, previous) => [previous]],
    ['oversize', () => [new Uint8Array(262_145)]],
  ])('a frame %s inside TLS closes the channel, and nothing is lost or doubled', async (_, fault) => {
    const pair = await openThroughProxy({ sender: { through: harmOnce(5, fault) } })
    const [rows] = await Promise.all([readRows(pair.source, 30), writeAll(pair, range(0, 30))])
    expect(rows).toEqual(range(0, 300))
    expect(pair.proxy.connections()).toBe(2)
  })

  test('a lost or harmed acknowledgement only makes the batch come again, and the flow does not see it twice', async () => {
    for (const fault of [flip((message) => message.length - 1), (() => []) satisfies Fault]) {
      const pair = await openThroughProxy({ receiver: { through: harmOnce(3, fault) } })
      const [rows] = await Promise.all([readRows(pair.source, 30), writeAll(pair, range(0, 30))])
      await pair.sink.end()
      expect(rows).toEqual(range(0, 300))
    }
  })

  test('a peer that falls silent is given up after three intervals and reached again', async () => {
    const clock = new ManualClock()
    const pair = await openThroughProxy({ sender: { clock } })
    await Promise.all([readRows(pair.source, 1), writeAll(pair, [0])])
    pair.proxy.swallow()
    const written = pair.sink.write(batchOf(10, 10))
    for (let waited = 0; waited < SILENCE_MAX_MS; waited += ALIVE_INTERVAL_MS) {
      expect(pair.sink.status().state).toBe('up')
      clock.advance(ALIVE_INTERVAL_MS)
      await new Promise((resolve) => setImmediate(resolve))
    }
    pair.proxy.refuse(false)
    const rows = readRows(pair.source, 1)
    // The wait before dialing again runs on the same clock.
    while (pair.proxy.connections() < 2) {
      clock.advance(50)
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(await rows).toEqual(range(10, 20))
    await written
  })
})

describe('an end that is gone', () => {
  test('a bridge that is down holds its writes and says so, until the peer listens', async () => {
    const { sink, proxy, source } = await openThroughProxy()
    proxy.refuse(true)
    proxy.cut()
    const written = sink.write(batchOf(0, 10))
    while (sink.status().state === 'up') await new Promise((resolve) => setImmediate(resolve))
    proxy.refuse(false)
    expect(await readRows(source, 1)).toEqual(range(0, 10))
    await written
    expect(sink.status().state).toBe('up')
  })

  test('a new receiver gets everything that the old one had not acknowledged', async () => {
    let owner: BridgeSource | undefined = lifetime.use(openReceiver(agreed), (opened) => opened.close())
    const listener = lifetime.use(await listen(() => owner), (opened) => opened.close())
    const sink = lifetime.use(openSender(agreed, listener.port), (opened) => opened.close())
    const written = Array.from({ length: 30 }, (_, i) => sink.write(batchOf(i * 10, 10)))
    expect(await readRows(owner, 10)).toEqual(range(0, 100))
    await Promise.all(written.slice(0, 10))
    // Handed to its flow, but not done when the process ends.
    await readBatch(owner)
    await owner.close()
    owner = lifetime.use(openReceiver(agreed), (opened) => opened.close())
    expect(await readRows(owner, 20)).toEqual(range(100, 300))
    await Promise.all(written)
  })

  test('a new receiver hears of an end that the old one had already confirmed', async () => {
    let owner: BridgeSource | undefined = lifetime.use(openReceiver(agreed), (opened) => opened.close())
    const listener = lifetime.use(await listen(() => owner), (opened) => opened.close())
    const sink = lifetime.use(openSender(agreed, listener.port), (opened) => opened.close())
    const [rows] = await Promise.all([readRows(owner, 1), sink.write(batchOf(0, 10))])
    expect(rows).toEqual(range(0, 10))
    await sink.end()
    await owner.close()
    const clock = new ManualClock()
    owner = lifetime.use(openReceiver(agreed, { clock }), (opened) => opened.close())
    const end = owner.read()
    while (sink.status().state !== 'up' || owner.status().state !== 'up') {
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
    await sink.close()
    expect(await end).toBe('end')
  })

  test('a new sender goes on from its checkpoint; what the old one had left in the queue is dropped', async () => {
    const { sink, source, listener, lifetime: pairs } = await openPair(agreed)
    lifetime.use(pairs, (opened) => opened.close())
    const lost = Array.from({ length: 20 }, (_, i) => sink.write(batchOf(i * 10, 10)).catch(() => 'lost'))
    const held = await readBatch(source)
    expect(await readRows(source, 4)).toEqual(range(10, 50))
    await Promise.all(lost.slice(1, 5))
    await sink.close()
    const successor = lifetime.use(openSender(agreed, listener.port), (opened) => opened.close())
    // Its first batch was never acknowledged, so it begins there, and cuts its batches elsewhere.
    const written = Array.from({ length: 8 }, (_, i) => successor.write(batchOf(i * 25, 25)))
    // Two openings and the first credit: now the receiver knows that the old one is gone.
    while (successor.status().frames < 3) await new Promise((resolve) => setImmediate(resolve))
    const rows = readRows(source, 8)
    held.ack()
    await Promise.all(written)
    expect(await rows).toEqual(range(0, 200))
  })

  test('an end that was confirmed to a sender who then crashed does not end the source', async () => {
    const clock = new ManualClock()
    const { sink, source, listener, proxy } = await openThroughProxy({ receiver: { clock } })
    await sink.end()
    proxy.refuse(true)
    proxy.cut()
    const successor = lifetime.use(openSender(agreed, listener.port), (opened) => opened.close())
    const written = successor.write(batchOf(0, 10))
    expect(await readRows(source, 1)).toEqual(range(0, 10))
    await written
    await successor.end()
    await successor.close()
    expect(await source.read()).toBe('end')
  })

  test('an end whose sender never closes ends the source after its lingering', async () => {
    const clock = new ManualClock()
    const { sink, source, lifetime: pairs } = await openPair(agreed, { receiver: { clock } })
    lifetime.use(pairs, (opened) => opened.close())
    await sink.end()
    const end = source.read()
    clock.advance(END_LINGER_MS)
    expect(await end).toBe('end')
  })
})
