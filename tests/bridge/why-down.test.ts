import { afterEach, beforeAll, beforeEach, expect, setDefaultTimeout, test } from 'bun:test'
import { Lifetime, rfc3339 } from '../../src/base/mod.ts'
import { readLeaving, writeLeaving } from '../../src/bridge/leaving.ts'
import { type BridgeSink, HANDSHAKE_DEADLINE_MS } from '../../src/bridge/mod.ts'
import { type Agreed, agree, listen, openPair, openReceiver, openSender, type Pair } from '../support/bridge/ends.ts'
import { ManualClock } from '../support/bridge/manual-clock.ts'

setDefaultTimeout(20_000)

let agreed: Agreed
let lifetime: Lifetime
beforeAll(async () => {
  agreed = await agree()
})
beforeEach(() => {
  lifetime = new Lifetime()
})
afterEach(() => lifetime.close())

const opened = (port: number): BridgeSink => lifetime.use(openSender(agreed, port), (sink) => sink.close())

async function reasonOf(end: Pick<BridgeSink, 'status'>): Promise<string> {
  for (;;) {
    const { reason } = end.status()
    if (reason) return reason.code
    await new Promise((resolve) => setImmediate(resolve))
  }
}

test('an end that dials says that the peer’s port takes connections and not this bridge, as when its owner refused', async () => {
  const clock = new ManualClock()
  const listener = lifetime.use(await listen(() => undefined, clock), (one) => one.close())
  const sink = opened(listener.port)
  while (clock.sleeping === 0) await new Promise((resolve) => setImmediate(resolve))
  clock.advance(HANDSHAKE_DEADLINE_MS)
  expect(await reasonOf(sink)).toBe('bridge.not_in_force')
})

test('an end that dials says that nobody listens there', async () => {
  const listener = await listen(() => undefined)
  const { port } = listener
  await listener.close()
  expect(await reasonOf(opened(port))).toBe('bridge.unreachable')
})

test('an end that listens says that its peer does not come, and nothing once it is up', async () => {
  const source = lifetime.use(openReceiver(agreed), (end) => end.close())
  expect(source.status().reason).toEqual({ code: 'bridge.peer_not_connected' })
  const listener = lifetime.use(await listen(() => source), (one) => one.close())
  const sink = opened(listener.port)
  while (source.status().state !== 'up' || sink.status().state !== 'up') {
    await new Promise((resolve) => setImmediate(resolve))
  }
  expect([source.status().reason, sink.status().reason]).toEqual([undefined, undefined])
})

async function up(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve))
}

/** Both ends, once they are up. */
async function connected(changes: Parameters<typeof openPair>[1] = {}): Promise<Pair> {
  const pair = await openPair(agreed, changes)
  lifetime.defer(() => pair.lifetime.close())
  while (pair.source.status().state !== 'up' || pair.sink.status().state !== 'up') await up()
  return pair
}

for (const [why, code] of [
  ['stopped', 'bridge.peer_stopped'],
  ['replaced', 'bridge.peer_restarting'],
  ['leaving', 'bridge.peer_leaving'],
  [undefined, 'bridge.peer_failed'],
] as const) {
  test(`a side whose peer closes says why and since when, whichever side it is: ${code}`, async () => {
    const clock = new ManualClock()
    const leaving = () => why
    const receiving = await connected({ sender: { clock }, receiver: { leaving } })
    const { since: upSince } = receiving.sink.status()
    expect(upSince).toBe(rfc3339(clock.now()))
    clock.advance(5_000)
    await receiving.source.close()
    while (receiving.sink.status().state === 'up') await up()
    expect(receiving.sink.status()).toMatchObject({ state: 'down', reason: { code }, since: rfc3339(clock.now()) })
    // That it cannot be reached says less than what it said itself.
    const sending = await connected({ sender: { leaving } })
    await sending.sink.close()
    while (sending.source.status().state === 'up') await up()
    expect(sending.source.status()).toMatchObject({ state: 'down', reason: { code } })
  })
}

test('what the peer said when it closed stands while it cannot be dialled, and is forgotten when it is back', async () => {
  const clock = new ManualClock()
  const pair = await connected({ sender: { clock }, receiver: { leaving: () => 'replaced' } })
  const { port } = pair.listener
  await pair.source.close()
  await pair.listener.close()
  while (pair.sink.status().state === 'up' || clock.sleeping === 0) await up()
  // It dials, finds nobody, and waits again.
  clock.advance(60_000)
  while (clock.sleeping === 0) await up()
  expect(pair.sink.status().reason).toEqual({ code: 'bridge.peer_restarting' })
  const back = lifetime.use(openReceiver(agreed), (end) => end.close())
  lifetime.use(await listen(() => back, undefined, port), (one) => one.close())
  clock.advance(60_000)
  while (pair.sink.status().state !== 'up') await up()
  expect(pair.sink.status().reason).toBeUndefined()
})

test('a flow that came to its end says so with its last frame', async () => {
  const pair = await connected()
  const ended = pair.sink.end()
  const reading = pair.source.read()
  await ended
  await pair.sink.close()
  expect(await reading).toBe('end')
  while (pair.source.status().state === 'up') await up()
  expect(pair.source.status().reason).toEqual({ code: 'bridge.peer_ended' })
})

test('a last frame without a word, or with one that is not known, is none', () => {
  expect(readLeaving(new Uint8Array(0))).toBeUndefined()
  expect(readLeaving(Uint8Array.of(9))).toBeUndefined()
  expect(readLeaving(Uint8Array.of(2, 2))).toBeUndefined()
  expect(readLeaving(writeLeaving('stopped'))).toEqual({ code: 'bridge.peer_stopped' })
})
