import { beforeAll, describe, expect, test } from 'bun:test'
import { type Bytes, systemRandom } from '../../src/base/mod.ts'
import { BEGUN_HANDSHAKES_MAX, BEGUN_LIFETIME_MS } from '../../src/bridge/handshakes.ts'
import { type BridgeTerms, createHandshakes, type HandshakeClient } from '../../src/bridge/mod.ts'
import { type Agreed, agree, agreementKey, BRIDGE, handshakesOf, termsOf } from '../support/bridge/ends.ts'
import { ManualClock } from '../support/bridge/manual-clock.ts'
import { slowTest } from '../support/quick.ts'
import { refusalOf } from '../support/refusal.ts'

const REFUSED = 'bridge.handshake_refused'
let agreed: Agreed
let dialer: HandshakeClient
let first: Bytes
beforeAll(async () => {
  agreed = await agree()
  dialer = handshakesOf(agreed.sender, termsOf(agreed, 'out'))
  first = (await dialer.begin(BRIDGE)).message
})

function listenerWith(changes: Partial<BridgeTerms>): HandshakeClient {
  return handshakesOf(agreed.receiver, termsOf(agreed, 'in', changes))
}

describe('createHandshakes()', () => {
  test('gives both ends the same fresh keys, crosswise', async () => {
    const listener = listenerWith({})
    const begun = await dialer.begin(BRIDGE)
    const answered = await listener.answer(BRIDGE, begun.message)
    const keys = await dialer.finish(begun.session, answered.message)
    expect(keys.send).toEqual(answered.keys.receive)
    expect(keys.receive).toEqual(answered.keys.send)
    expect(keys.handshakeHash).toEqual(answered.keys.handshakeHash)
    expect([begun.message.byteLength, answered.message.byteLength]).toEqual([81, 81])
    expect((await listener.answer(BRIDGE, begun.message)).keys.send).not.toEqual(answered.keys.send)
  })

  test.each<[string, () => Promise<Partial<BridgeTerms>>]>([
    ['secret', async () => ({ psk: systemRandom(32) })],
    ["peer's key", async () => ({ peerKey: (await agreementKey()).publicKey })],
    ['deployment', async () => ({ deployment: 'dep_01990000-0000-7000-8000-000000000009' })],
    ['generation', async () => ({ generation: 2 })],
    ['sending component', async () => ({ from: 'customers' })],
    ['receiving components', async () => ({ to: ['warehouse', 'archive'] })],
    ['direction', async () => ({ direction: 'out' })],
    ['role', async () => ({ role: 'dial' })],
  ])('refuses a first message when the %s differs', async (_, changes) => {
    const listener = listenerWith(await changes())
    expect(await refusalOf(() => listener.answer(BRIDGE, first))).toBe(REFUSED)
  })

  test('refuses another own static key, a bridge that is not in force and a changed message in the same way', async () => {
    const impostor = handshakesOf(await agreementKey(), termsOf(agreed, 'in'))
    expect(await refusalOf(() => impostor.answer(BRIDGE, first))).toBe(REFUSED)
    const listener = listenerWith({})
    const unknown = BRIDGE.replace(/1$/, '2')
    expect(await refusalOf(() => listener.answer(unknown, first))).toBe(REFUSED)
    for (let at = 0; at < first.byteLength; at += 8) {
      const changed = first.slice()
      changed[at] = (changed[at] ?? 0) ^ 1
      expect(await refusalOf(() => listener.answer(BRIDGE, changed))).toBe(REFUSED)
    }
    expect(await refusalOf(() => listener.answer(BRIDGE, new Uint8Array(0)))).toBe(REFUSED)
  })

  test('begins for an unknown bridge as for any other, and never finishes it', async () => {
    const begun = await dialer.begin(BRIDGE.replace(/1$/, '2'))
    expect(begun.message.byteLength).toBe(81)
    const { message } = await listenerWith({}).answer(BRIDGE, first)
    expect(await refusalOf(() => dialer.finish(begun.session, message))).toBe(REFUSED)
  })

  test('finishes a handshake once, and not one of another', async () => {
    const [one, two] = [await dialer.begin(BRIDGE), await dialer.begin(BRIDGE)]
    const answered = await listenerWith({}).answer(BRIDGE, one.message)
    expect(await refusalOf(() => dialer.finish(two.session, answered.message))).toBe(REFUSED)
    await dialer.finish(one.session, answered.message)
    expect(await refusalOf(() => dialer.finish(one.session, answered.message))).toBe(REFUSED)
    expect(await refusalOf(() => dialer.finish('unknown', answered.message))).toBe(REFUSED)
  })

  slowTest('keeps begun handshakes for a bounded time and in a bounded number', async () => {
    const clock = new ManualClock()
    const terms = termsOf(agreed, 'out')
    const bounded = createHandshakes({
      keys: { agreement: agreed.sender },
      bridgeOf: async () => terms,
      clock,
      random: systemRandom,
    })
    const listener = listenerWith({})
    const begun = await bounded.begin(BRIDGE)
    const late = await listener.answer(BRIDGE, begun.message)
    clock.advance(BEGUN_LIFETIME_MS)
    expect(await refusalOf(() => bounded.finish(begun.session, late.message))).toBe(REFUSED)
    const oldest = await bounded.begin(BRIDGE)
    const second = await bounded.begin(BRIDGE)
    await Promise.all(Array.from({ length: BEGUN_HANDSHAKES_MAX - 1 }, () => bounded.begin(BRIDGE)))
    const answers = [await listener.answer(BRIDGE, oldest.message), await listener.answer(BRIDGE, second.message)]
    expect(await refusalOf(() => bounded.finish(oldest.session, answers[0]?.message ?? first))).toBe(REFUSED)
    expect(await refusalOf(() => bounded.finish(second.session, answers[1]?.message ?? first))).toBe('nothing')
  })
})
