import { afterEach, beforeAll, beforeEach, expect, setDefaultTimeout, test } from 'bun:test'
import { Lifetime } from '../../src/base/mod.ts'
import { type BridgeSink, HANDSHAKE_DEADLINE_MS } from '../../src/bridge/mod.ts'
import { type Agreed, agree, listen, openReceiver, openSender } from '../support/bridge/ends.ts'
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
