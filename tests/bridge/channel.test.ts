import { describe, expect, test } from 'bun:test'
import { type Bytes, concatBytes, systemRandom, utf8 } from '../../src/base/mod.ts'
import { SecureChannel } from '../../src/bridge/channel.ts'
import { FrameType, HEADER_BYTES, PAYLOAD_BYTES_MAX } from '../../src/bridge/frame.ts'
import { messagePipe, type PipeEnd } from '../support/bridge/message-pipe.ts'
import { refusalOf } from '../support/refusal.ts'

type Ends = { a: SecureChannel; b: SecureChannel; wire: PipeEnd; far: PipeEnd }

function openChannels(framesMax?: number): Ends {
  const [wire, far] = messagePipe()
  const [one, two, rest] = [systemRandom(32), systemRandom(32), systemRandom(32)]
  const others = () => ({ handshakeHash: rest.slice(), chainingKey: rest.slice() })
  const tally = { frames: 0, bytes: 0 }
  const a = new SecureChannel(wire, { send: one.slice(), receive: two.slice(), ...others() }, tally, framesMax)
  const b = new SecureChannel(far, { send: two.slice(), receive: one.slice(), ...others() }, { frames: 0, bytes: 0 })
  return { a, b, wire, far }
}

/** Three sealed messages that have not been delivered. */
async function recorded(): Promise<{ messages: Bytes[]; b: SecureChannel; far: PipeEnd }> {
  const { a, b, wire, far } = openChannels()
  wire.other = undefined
  for (const text of ['one', 'two', 'three']) await a.send(FrameType.batch, utf8(text), 1)
  return { messages: wire.sent, b, far }
}

describe('SecureChannel', () => {
  test('opens what the other end sealed, in order, both ways at once', async () => {
    const { a, b } = openChannels()
    await Promise.all([
      a.send(FrameType.batch, utf8('one'), 3),
      a.send(FrameType.end, utf8('two')),
      b.send(FrameType.alive, new Uint8Array(0)),
    ])
    expect(await b.receive()).toEqual({ type: FrameType.batch, flags: 3, payload: utf8('one') })
    expect(await b.receive()).toEqual({ type: FrameType.end, flags: 0, payload: utf8('two') })
    expect(await a.receive()).toEqual({ type: FrameType.alive, flags: 0, payload: new Uint8Array(0) })
  })

  test('shows on the wire neither the payload nor the same bytes twice', async () => {
    const { a, wire } = openChannels()
    await a.send(FrameType.batch, utf8('a plain text'))
    await a.send(FrameType.batch, utf8('a plain text'))
    const [first, second] = wire.sent.map((message) => Buffer.from(message.subarray(HEADER_BYTES)).toString('latin1'))
    expect(first).not.toContain('plain')
    expect(first).not.toEqual(second)
  })

  test('takes a frame of the greatest length and refuses one byte more on either side', async () => {
    const { a, b, far } = openChannels()
    await a.send(FrameType.batch, new Uint8Array(PAYLOAD_BYTES_MAX))
    expect((await b.receive())?.payload.byteLength).toBe(PAYLOAD_BYTES_MAX)
    far.arrive(new Uint8Array(PAYLOAD_BYTES_MAX + 33))
    expect(await refusalOf(() => b.receive())).toBe('bridge.channel_broken')
    expect(await refusalOf(() => a.send(FrameType.batch, new Uint8Array(PAYLOAD_BYTES_MAX + 1)))).toBe(
      'bridge.channel_broken',
    )
  })

  test.each<[string, (messages: Bytes[]) => (Bytes | undefined)[]]>([
    ['a repeated frame', ([one]) => [one, one]],
    ['a frame left out', ([one, , three]) => [one, three]],
    ['two frames swapped', ([one, two, three]) => [one, three, two]],
    ['a cut frame', ([one, two]) => [one, two?.subarray(0, -1)]],
    ['a frame with more behind it', ([one, two]) => [one, two && concatBytes(two, Uint8Array.of(0))]],
    ['a frame cut to its header', ([one, two]) => [one, two?.subarray(0, HEADER_BYTES)]],
    ['an empty message', ([one]) => [one, new Uint8Array(0)]],
  ])('%s closes the channel', async (_, change) => {
    const { messages, b, far } = await recorded()
    for (const message of change(messages)) far.arrive(message)
    await b.receive()
    expect(await refusalOf(() => b.receive())).toBe('bridge.channel_broken')
    expect([b.closed, far.destroyed]).toEqual([true, true])
    expect(await b.receive()).toBeUndefined()
    expect(await refusalOf(() => b.send(FrameType.alive, new Uint8Array(0)))).toBe('bridge.channel_broken')
  })

  test('every single flipped bit of header, ciphertext and tag closes the channel', async () => {
    const length = HEADER_BYTES + 'one'.length + 16
    for (let bit = 0; bit < length * 8; bit++) {
      const { messages, b, far } = await recorded()
      const changed = messages[0]?.slice() ?? new Uint8Array(0)
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      far.arrive(changed)
      expect(await refusalOf(() => b.receive())).toBe('bridge.channel_broken')
    }
  })

  test('a frame of the other direction is refused', async () => {
    const { a, wire } = openChannels()
    wire.other = undefined
    await a.send(FrameType.batch, utf8('mine'))
    wire.arrive(wire.sent[0])
    expect(await refusalOf(() => a.receive())).toBe('bridge.channel_broken')
  })

  test('a key seals as many frames as its bound and not one more', async () => {
    const { a, b } = openChannels(2)
    await a.send(FrameType.alive, new Uint8Array(0))
    await a.send(FrameType.alive, new Uint8Array(0))
    expect(await refusalOf(() => a.send(FrameType.alive, new Uint8Array(0)))).toBe('bridge.channel_broken')
    await b.receive()
    await b.receive()
    expect(await b.receive()).toBeUndefined()
  })

  test('overwrites the keys it was given', () => {
    const [wire] = messagePipe()
    const keys = {
      send: systemRandom(32),
      receive: systemRandom(32),
      handshakeHash: systemRandom(32),
      chainingKey: systemRandom(32),
    }
    const channel = new SecureChannel(wire, keys, { frames: 0, bytes: 0 })
    expect([keys.send, keys.receive, keys.chainingKey]).toEqual(Array(3).fill(new Uint8Array(32)))
    channel.destroy()
  })
})
