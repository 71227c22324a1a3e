import { describe, expect, test } from 'bun:test'
import { hkdfSync } from 'node:crypto'
import { type Bytes, concatBytes, fromHex, hex, utf8 } from '../../src/base/mod.ts'
import { createSuite } from '../../src/crypto/hpke.ts'
import {
  type AgreementKey,
  generateStoredKeyPair,
  importAgreementPublicKey,
  loadAgreementKey,
  openFrom,
  openResponse,
  sealResponse,
  sealTo,
} from '../../src/crypto/mod.ts'
import { flipped, storedKeyPair } from '../support/p256.ts'
import { refusalOf } from '../support/refusal.ts'
import { readVectors, vectorsFolder } from '../support/vectors.ts'

type Vector = {
  mode: number
  info: string
  enc: string
  encryptions: { aad: string; ct: string; pt: string }[]
  exports: { exporter_context: string; L: number; exported_value: string }[]
} & Record<'skRm' | 'pkRm' | 'skEm' | 'pkEm', string> &
  Partial<Record<'skSm' | 'pkSm' | 'psk' | 'psk_id', string>>

const info = utf8('S1 tenant runtime deployment 7')
const aad = utf8('/components/0/config')

async function newKey(): Promise<AgreementKey> {
  return loadAgreementKey(await generateStoredKeyPair('agree'))
}

async function pairOf(scalar: string, point: string): Promise<CryptoKeyPair & { key: AgreementKey }> {
  const key = await loadAgreementKey(storedKeyPair(fromHex(scalar), fromHex(point)))
  return { key, privateKey: key.privateKey, publicKey: await importAgreementPublicKey(key.publicKey) }
}

describe.skipIf(!vectorsFolder)('RFC 9180 vectors', () => {
  const vectors = vectorsFolder ? readVectors<Vector[]>('hpke-rfc9180-p256-sha256-aes256gcm.json') : []

  test('all four modes are there', () => {
    expect(vectors.map((vector) => vector.mode)).toEqual([0, 1, 2, 3])
  })

  test.each(vectors.map((vector) => [vector.mode, vector] as const))(
    'mode %d: the suite seals to every published byte, opens and exports it',
    async (_, vector) => {
      const psk = vector.psk && vector.psk_id ? { psk: { key: fromHex(vector.psk), id: fromHex(vector.psk_id) } } : {}
      const sender = vector.skSm && vector.pkSm ? await pairOf(vector.skSm, vector.pkSm) : undefined
      const recipient = await pairOf(vector.skRm, vector.pkRm)
      const sealing = await createSuite().createSenderContext({
        recipientPublicKey: recipient.publicKey,
        info: fromHex(vector.info),
        ekm: await pairOf(vector.skEm, vector.pkEm),
        ...(sender && { senderKey: sender }),
        ...psk,
      })
      const opening = await createSuite().createRecipientContext({
        recipientKey: recipient,
        enc: fromHex(vector.enc),
        info: fromHex(vector.info),
        ...(sender && { senderPublicKey: sender.publicKey }),
        ...psk,
      })
      expect(hex(new Uint8Array(sealing.enc))).toBe(vector.enc)
      for (const { pt, aad, ct } of vector.encryptions) {
        expect(hex(new Uint8Array(await sealing.seal(fromHex(pt), fromHex(aad))))).toBe(ct)
        expect(hex(new Uint8Array(await opening.open(fromHex(ct), fromHex(aad))))).toBe(pt)
      }
      for (const { exporter_context, L, exported_value } of vector.exports)
        expect(hex(new Uint8Array(await opening.export(fromHex(exporter_context), L)))).toBe(exported_value)
    },
  )

  test.each(vectors.filter(({ mode }) => mode === 0 || mode === 2).map((vector) => [vector.mode, vector] as const))(
    'mode %d: openFrom() opens every published message and exports every published secret',
    async (_, vector) => {
      const recipient = (await pairOf(vector.skRm, vector.pkRm)).key
      const sender = vector.pkSm ? { sender: fromHex(vector.pkSm) } : {}
      const opening = await openFrom({ recipient, enc: fromHex(vector.enc), info: fromHex(vector.info), ...sender })
      for (const { pt, aad, ct } of vector.encryptions)
        expect(hex(await opening.open(fromHex(ct), fromHex(aad)))).toBe(pt)
      for (const { exporter_context, L, exported_value } of vector.exports)
        expect(hex(await opening.export(fromHex(exporter_context), L))).toBe(exported_value)
    },
  )
})

describe('sealTo() and openFrom()', () => {
  test('in Auth mode carry messages in order between keys that cannot be exported', async () => {
    const [sender, recipient] = await Promise.all([newKey(), newKey()])
    const sealing = await sealTo({ recipient: recipient.publicKey, sender, info })
    const opening = await openFrom({ recipient, sender: sender.publicKey, enc: sealing.enc, info })
    for (const text of ['first', '', 'third']) {
      const sealed = await sealing.seal(utf8(text), aad)
      expect(sealed.byteLength).toBe(text.length + 16)
      expect(await opening.open(sealed, aad)).toEqual(utf8(text))
    }
    expect(sender.privateKey.extractable).toBe(false)
    expect(await sealing.export(utf8('x'), 32)).toEqual(await opening.export(utf8('x'), 32))
  })

  test('refuse another sender, no sender, another recipient, info, aad, order or a flipped byte', async () => {
    const [sender, recipient, other] = await Promise.all([newKey(), newKey(), newKey()])
    const sealing = await sealTo({ recipient: recipient.publicKey, sender, info })
    const { enc } = sealing
    const first = await sealing.seal(utf8('first'), aad)
    const second = await sealing.seal(utf8('second'), aad)
    const right = { recipient, sender: sender.publicKey, enc, info }
    const wrong = [
      { ...right, sender: other.publicKey },
      { recipient, enc, info },
      { ...right, recipient: other },
      { ...right, info: utf8('S1 tenant runtime deployment 8') },
      { ...right, enc: other.publicKey },
    ]
    for (const options of wrong) {
      const opening = await openFrom(options)
      expect(await refusalOf(() => opening.open(first, aad))).toBe('crypto.not_authentic')
    }
    const opening = await openFrom(right)
    const refused: [Bytes, Bytes][] = [
      [second, aad],
      [first, utf8('/components/1/config')],
      [flipped(first, 0), aad],
      [first.subarray(0, first.byteLength - 1), aad],
      [new Uint8Array(0), aad],
    ]
    for (const [sealed, with_] of refused)
      expect(await refusalOf(() => opening.open(sealed, with_))).toBe('crypto.not_authentic')
    expect(await opening.open(first, aad)).toEqual(utf8('first'))
    expect(await opening.open(second, aad)).toEqual(utf8('second'))
  })

  test('refuse malformed recipients, senders and encapsulated keys, and exports out of bounds', async () => {
    const recipient = await newKey()
    const bad = recipient.publicKey.subarray(0, 33)
    const { publicKey } = recipient
    expect(await refusalOf(() => sealTo({ recipient: bad, info }))).toBe('crypto.point_malformed')
    expect(await refusalOf(() => openFrom({ recipient, enc: bad, info }))).toBe('crypto.point_malformed')
    expect(await refusalOf(() => openFrom({ recipient, sender: bad, enc: publicKey, info }))).toBe(
      'crypto.point_malformed',
    )
    const sealing = await sealTo({ recipient: publicKey, info })
    for (const length of [0, 8161, 1.5])
      expect(await refusalOf(() => sealing.export(aad, length))).toBe('crypto.input_malformed')
    expect(await refusalOf(() => sealing.export(new Uint8Array(8193), 32))).toBe('crypto.input_malformed')
  })
})

describe('sealResponse() and openResponse()', () => {
  test('answer by the formulas of RFC 9458 §4.4, checked with a second implementation of HKDF', async () => {
    const recipient = await newKey()
    const asking = await sealTo({ recipient: recipient.publicKey, info })
    const answering = await openFrom({ recipient, enc: asking.enc, info })
    const { nonce, sealed } = await sealResponse(answering, utf8('applied'))
    expect(nonce.byteLength).toBe(32)
    expect(await openResponse(asking, nonce, sealed)).toEqual(utf8('applied'))

    const secret = await asking.export(utf8('sluice message response v1'), 32)
    const derive = (label: string, length: number): Bytes =>
      new Uint8Array(hkdfSync('sha256', secret, concatBytes(asking.enc, nonce), utf8(label), length))
    const key = await crypto.subtle.importKey('raw', derive('key', 32), 'AES-GCM', false, ['decrypt'])
    const plaintext = await crypto.subtle.decrypt({ name: 'AES-GCM', iv: derive('nonce', 12) }, key, sealed)
    expect(new Uint8Array(plaintext)).toEqual(utf8('applied'))
  })

  test('refuse an answer to another message, under another nonce, or changed', async () => {
    const recipient = await newKey()
    const asking = await sealTo({ recipient: recipient.publicKey, info })
    const elsewhere = await sealTo({ recipient: recipient.publicKey, info })
    const answering = await openFrom({ recipient, enc: asking.enc, info })
    const { nonce, sealed } = await sealResponse(answering, utf8('applied'))
    const again = await sealResponse(answering, utf8('applied'))
    expect(again.nonce).not.toEqual(nonce)
    expect(await refusalOf(() => openResponse(elsewhere, nonce, sealed))).toBe('crypto.not_authentic')
    expect(await refusalOf(() => openResponse(asking, again.nonce, sealed))).toBe('crypto.not_authentic')
    expect(await refusalOf(() => openResponse(asking, nonce, flipped(sealed, 3)))).toBe('crypto.not_authentic')
    expect(await refusalOf(() => openResponse(asking, nonce.subarray(1), sealed))).toBe('crypto.input_malformed')
  })
})
