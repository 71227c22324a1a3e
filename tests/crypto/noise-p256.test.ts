import { describe, expect, test } from 'bun:test'
import { type Bytes, systemRandom, utf8 } from '../../src/base/mod.ts'
import {
  type AgreementKey,
  createBulkCipher,
  createHandshake,
  generateStoredKeyPair,
  type HandshakeOptions,
  loadAgreementKey,
  noiseP256,
  type PatternName,
  type TransportKeys,
} from '../../src/crypto/mod.ts'
import { NOISE_MESSAGE_BYTES_MAX } from '../../src/crypto/noise.ts'
import { flipped } from '../support/p256.ts'
import { slowTest } from '../support/quick.ts'
import { refusalOf } from '../support/refusal.ts'

const REFUSED = 'noise.message_refused'
const MISUSED = 'noise.misused'

type Ends = { initiator: HandshakeOptions; responder: HandshakeOptions }

async function newKey(): Promise<AgreementKey> {
  return loadAgreementKey(await generateStoredKeyPair('agree'))
}

/** Two ends of a bridge that fit each other. */
async function bridge(): Promise<Ends> {
  const [one, other] = [await newKey(), await newKey()]
  const common = { pattern: 'KKpsk0', suite: noiseP256, prologue: utf8('S1 bridge 7'), psk: systemRandom(32) } as const
  return {
    initiator: { ...common, initiator: true, static: one, remoteStatic: other.publicKey },
    responder: { ...common, initiator: false, static: other, remoteStatic: one.publicKey },
  }
}

/** Runs both messages with empty payloads and returns both ends' keys and the messages. */
async function shake(ends: Ends): Promise<{ keys: [TransportKeys, TransportKeys]; messages: [Bytes, Bytes] }> {
  const [initiator, responder] = [createHandshake(ends.initiator), createHandshake(ends.responder)]
  const first = await initiator.writeMessage()
  await responder.readMessage(first)
  const second = await responder.writeMessage()
  await initiator.readMessage(second)
  return { keys: [await initiator.split(), await responder.split()], messages: [first, second] }
}

describe('Noise_KKpsk0_P256_AESGCM_SHA256', () => {
  test('gives both ends the same keys, other ones for each direction and each handshake', async () => {
    const ends = await bridge()
    const { keys, messages } = await shake(ends)
    const [initiator, responder] = keys
    expect(initiator.send).toEqual(responder.receive)
    expect(initiator.receive).toEqual(responder.send)
    expect(initiator.handshakeHash).toEqual(responder.handshakeHash)
    expect(initiator.chainingKey).toEqual(responder.chainingKey)
    // A 65-byte ephemeral point and the tag of an empty payload.
    expect(messages.map((message) => message.byteLength)).toEqual([81, 81])
    const again = (await shake(ends)).keys[0]
    const all = [initiator, again].flatMap((end) => [end.send, end.receive, end.handshakeHash, end.chainingKey])
    expect(new Set(all.map((bytes) => Buffer.from(bytes).toString('hex'))).size).toBe(8)
    for (const bytes of all) expect(bytes.byteLength).toBe(32)
  })

  test('gives keys with which a frame passes', async () => {
    const [initiator, responder] = (await shake(await bridge())).keys
    const nonce = new Uint8Array(12)
    const sealed = await createBulkCipher(initiator.send).seal(nonce, utf8('records'), utf8('header'))
    expect(await createBulkCipher(responder.receive).open(nonce, sealed, utf8('header'))).toEqual(utf8('records'))
  })

  test('is refused at its first message for another psk, prologue, pattern or key at either end', async () => {
    const { initiator, responder } = await bridge()
    const stranger = await newKey()
    const mismatched: Ends[] = [
      { initiator: { ...initiator, psk: systemRandom(32) }, responder },
      { initiator: { ...initiator, prologue: utf8('S1 bridge 8') }, responder },
      { initiator: { ...initiator, static: stranger }, responder },
      { initiator: { ...initiator, remoteStatic: stranger.publicKey }, responder },
      { initiator, responder: { ...responder, static: stranger } },
      { initiator, responder: { ...responder, remoteStatic: stranger.publicKey } },
      { initiator, responder: { ...responder, psk: systemRandom(32) } },
      { initiator: withoutPsk(initiator, 'KK'), responder },
    ]
    for (const ends of mismatched) {
      const first = await createHandshake(ends.initiator).writeMessage()
      const end = createHandshake(ends.responder)
      expect(await refusalOf(() => end.readMessage(first))).toBe(REFUSED)
      expect(await refusalOf(() => end.writeMessage())).toBe(MISUSED)
      expect(await refusalOf(() => end.split())).toBe(MISUSED)
    }
  })

  slowTest('refuses every flipped byte and every truncation of both messages, and anything appended', async () => {
    const ends = await bridge()
    for (const which of [0, 1] as const) {
      for (let at = 0; at < 81; at++) {
        for (const damage of [(bytes: Bytes) => flipped(bytes, at), (bytes: Bytes) => bytes.subarray(0, at)]) {
          expect(await refusalDamaged(ends, which, damage)).toBe(REFUSED)
        }
      }
      for (const length of [82, NOISE_MESSAGE_BYTES_MAX, NOISE_MESSAGE_BYTES_MAX + 1])
        expect(await refusalDamaged(ends, which, (bytes) => padded(bytes, length))).toBe(REFUSED)
    }
  })

  test('refuses its own first message sent back, and an answer to an earlier first message', async () => {
    const ends = await bridge()
    const [initiator, reflected] = [createHandshake(ends.initiator), createHandshake(ends.initiator)]
    const first = await initiator.writeMessage()
    expect(await refusalOf(() => initiator.readMessage(first))).toBe(REFUSED)
    await reflected.writeMessage()
    const responder = createHandshake(ends.responder)
    await responder.readMessage(first)
    const late = await responder.writeMessage()
    expect(await refusalOf(() => reflected.readMessage(late))).toBe(REFUSED)
  })

  test('says the same to everyone it refuses, and keeps the reason in the cause', async () => {
    const ends = await bridge()
    const said = new Set<string>()
    for (const damage of [(bytes: Bytes) => flipped(bytes, 0), (bytes: Bytes) => flipped(bytes, 80), () => utf8('x')]) {
      const message = damage(await createHandshake(ends.initiator).writeMessage())
      const error: unknown = await createHandshake(ends.responder)
        .readMessage(message)
        .catch((caught) => caught)
      expect(error).toBeInstanceOf(Error)
      said.add(String(error))
    }
    expect(said.size).toBe(1)
  })
})

describe('a handshake', () => {
  test('carries payloads of both messages', async () => {
    const ends = await bridge()
    const [initiator, responder] = [createHandshake(ends.initiator), createHandshake(ends.responder)]
    expect(await responder.readMessage(await initiator.writeMessage(utf8('hello')))).toEqual(utf8('hello'))
    expect(await initiator.readMessage(await responder.writeMessage(utf8('welcome')))).toEqual(utf8('welcome'))
    expect([initiator.finished, responder.finished]).toEqual([true, true])
  })

  test('in IKpsk2 tells the responder who it is', async () => {
    const [one, other] = [await newKey(), await newKey()]
    const common = { pattern: 'IKpsk2', suite: noiseP256, prologue: utf8(''), psk: systemRandom(32) } as const
    const initiator = createHandshake({ ...common, initiator: true, static: one, remoteStatic: other.publicKey })
    const responder = createHandshake({ ...common, initiator: false, static: other })
    expect(responder.remoteStatic).toBeUndefined()
    await responder.readMessage(await initiator.writeMessage())
    expect(responder.remoteStatic).toEqual(one.publicKey)
    await initiator.readMessage(await responder.writeMessage())
    expect((await initiator.split()).send).toEqual((await responder.split()).receive)
  })

  test('refuses every call out of turn, and splits once', async () => {
    const ends = await bridge()
    const [initiator, responder] = [createHandshake(ends.initiator), createHandshake(ends.responder)]
    const misused = async (work: () => unknown): Promise<void> => expect(await refusalOf(work)).toBe(MISUSED)
    await misused(() => initiator.readMessage(new Uint8Array(81)))
    await misused(() => responder.writeMessage())
    await misused(() => initiator.split())
    const [first] = await Promise.all([initiator.writeMessage(), misused(() => initiator.writeMessage())])
    await misused(() => initiator.writeMessage())
    await responder.readMessage(first)
    await misused(() => responder.readMessage(first))
    await misused(() => responder.split())
    await initiator.readMessage(await responder.writeMessage())
    await misused(() => responder.writeMessage())
    await initiator.split()
    await misused(() => initiator.split())
  })

  test('takes exactly the keys of its pattern', async () => {
    const { initiator } = await bridge()
    const { static: own, remoteStatic, psk, ...bare } = initiator
    const wrong: HandshakeOptions[] = [
      bare,
      { ...initiator, pattern: 'KK' },
      { ...initiator, pattern: 'NNpsk0' },
      { ...initiator, pattern: 'NN' },
      { ...initiator, pattern: 'IKpsk2', initiator: false },
      { ...initiator, psk: new Uint8Array(31) },
      withoutPsk(initiator, 'NNpsk0'),
    ]
    for (const options of wrong) expect(await refusalOf(() => createHandshake(options))).toBe(MISUSED)
    for (const pattern of ['NN', 'KK', 'NNpsk0', 'KKpsk0', 'IKpsk2'] as const) {
      const keys = pattern.startsWith('NN')
        ? {}
        : { ...(own && { static: own }), ...(remoteStatic && { remoteStatic }) }
      const options = { ...bare, ...keys, ...(pattern.includes('psk') && psk && { psk }), pattern }
      expect(await refusalOf(() => createHandshake(options).writeMessage())).toBe('nothing')
    }
    const compressed = { ...initiator, remoteStatic: new Uint8Array(33) }
    expect(await refusalOf(() => createHandshake(compressed))).toBe('crypto.point_malformed')
  })

  test('refuses a payload of one byte too many and can then still write', async () => {
    const ends = await bridge()
    const [initiator, responder] = [createHandshake(ends.initiator), createHandshake(ends.responder)]
    const most = NOISE_MESSAGE_BYTES_MAX - 81
    expect(await refusalOf(() => initiator.writeMessage(new Uint8Array(most + 1)))).toBe(MISUSED)
    const first = await initiator.writeMessage(new Uint8Array(most))
    expect(first.byteLength).toBe(NOISE_MESSAGE_BYTES_MAX)
    expect((await responder.readMessage(first)).byteLength).toBe(most)
  })

  test('that was erased, even in the middle of a message, gives nothing more', async () => {
    const ends = await bridge()
    const initiator = createHandshake(ends.initiator)
    const writing = refusalOf(() => initiator.writeMessage())
    initiator.erase()
    expect(await writing).toBe(MISUSED)
    expect(await refusalOf(() => initiator.writeMessage())).toBe(MISUSED)
  })

  test('does not change the keys that it was given', async () => {
    const ends = await bridge()
    const before = ends.initiator.psk?.slice()
    const publicKey = ends.initiator.remoteStatic?.slice()
    await shake(ends)
    expect(ends.initiator.psk).toEqual(before)
    expect(ends.initiator.remoteStatic).toEqual(publicKey)
  })
})

/** The same options without their psk, for another pattern. */
function withoutPsk(options: HandshakeOptions, pattern: PatternName): HandshakeOptions {
  const { psk: _, ...rest } = options
  return { ...rest, pattern }
}

function padded(bytes: Bytes, length: number): Bytes {
  const longer = new Uint8Array(length)
  longer.set(bytes)
  return longer
}

async function refusalDamaged(ends: Ends, which: 0 | 1, damage: (bytes: Bytes) => Bytes): Promise<string> {
  const [initiator, responder] = [createHandshake(ends.initiator), createHandshake(ends.responder)]
  const first = await initiator.writeMessage()
  if (which === 0) return refusalOf(() => responder.readMessage(damage(first)))
  await responder.readMessage(first)
  const second = await responder.writeMessage()
  return refusalOf(() => initiator.readMessage(damage(second)))
}
