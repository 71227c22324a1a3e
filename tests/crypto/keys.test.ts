import { describe, expect, spyOn, test } from 'bun:test'
import { calculateJwkThumbprint } from 'jose'
import { type Bytes, base64url, concatBytes, fromBase64url, fromHex, utf8 } from '../../src/base/mod.ts'
import {
  deriveSharedSecret,
  fingerprint,
  generateStoredKeyPair,
  importAgreementPublicKey,
  importVerifyKey,
  loadAgreementKey,
  loadSigningKey,
  sign,
  thumbprint,
  verify,
} from '../../src/crypto/mod.ts'
import { BASE_POINT, flipped, pointOf } from '../support/p256.ts'
import { refusalOf } from '../support/refusal.ts'

const message = utf8('heartbeat')

/** How often the work asks the host to import a key. */
async function countImports(work: () => Promise<void>): Promise<number> {
  const importKey = spyOn(crypto.subtle, 'importKey')
  try {
    await work()
    return importKey.mock.calls.length
  } finally {
    importKey.mockRestore()
  }
}

describe('a stored key pair', () => {
  test('signs after loading, cannot be exported, and is named by its thumbprint', async () => {
    const stored = await generateStoredKeyPair('sign')
    const key = await loadSigningKey(stored)
    expect(key.privateKey.extractable).toBe(false)
    expect(key.kid).toBe(await thumbprint(stored.publicKey))
    const signature = await sign(key.privateKey, message)
    expect(signature.byteLength).toBe(64)
    expect(await verify(await importVerifyKey(key.publicKey), signature, message)).toBe(true)
  })

  test('agrees on one secret with another after loading', async () => {
    const ours = await loadAgreementKey(await generateStoredKeyPair('agree'))
    const theirs = await loadAgreementKey(await generateStoredKeyPair('agree'))
    expect(ours.privateKey.extractable).toBe(false)
    const secret = await deriveSharedSecret(ours.privateKey, theirs.publicKey)
    expect(secret.byteLength).toBe(32)
    expect(await deriveSharedSecret(theirs.privateKey, ours.publicKey)).toEqual(secret)
  })

  test('is refused when the halves do not belong together or the private one is damaged', async () => {
    for (const [use, load] of [
      ['sign', loadSigningKey],
      ['agree', loadAgreementKey],
    ] as const) {
      const [one, other] = [await generateStoredKeyPair(use), await generateStoredKeyPair(use)]
      const crossed = { publicKey: one.publicKey, pkcs8: other.pkcs8 }
      expect(await refusalOf(() => load(crossed))).toBe('crypto.key_malformed')
      expect(await refusalOf(() => load({ ...one, pkcs8: one.pkcs8.subarray(0, 60) }))).toBe('crypto.key_malformed')
      expect(await refusalOf(() => load({ ...one, pkcs8: utf8('no key') }))).toBe('crypto.key_malformed')
      expect(await refusalOf(() => load({ ...one, publicKey: flipped(one.publicKey, 9) }))).toBe(
        'crypto.point_malformed',
      )
    }
  })

  test('of another curve is refused', async () => {
    const pair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-384' }, true, ['sign', 'verify'])
    const pkcs8 = new Uint8Array(await crypto.subtle.exportKey('pkcs8', pair.privateKey))
    const { publicKey } = await generateStoredKeyPair('sign')
    expect(await refusalOf(() => loadSigningKey({ publicKey, pkcs8 }))).toBe('crypto.key_malformed')
  })
})

describe('verify()', () => {
  test('is false for another message, another key, a flipped bit, and every length but 64', async () => {
    const key = await loadSigningKey(await generateStoredKeyPair('sign'))
    const other = await loadSigningKey(await generateStoredKeyPair('sign'))
    const verifyKey = await importVerifyKey(key.publicKey)
    const signature = await sign(key.privateKey, message)
    expect(await verify(verifyKey, signature, utf8('heartbeaT'))).toBe(false)
    expect(await verify(await importVerifyKey(other.publicKey), signature, message)).toBe(false)
    expect(await verify(verifyKey, flipped(signature, 40), message)).toBe(false)
    for (const bytes of [signature.subarray(1), concatBytes(signature, new Uint8Array(1)), new Uint8Array(0)])
      expect(await verify(verifyKey, bytes, message)).toBe(false)
  })
})

describe('a malformed point', () => {
  const x = BASE_POINT.subarray(1, 33)
  const y = BASE_POINT.subarray(33)
  const field = fromHex('ffffffff00000001000000000000000000000000ffffffffffffffffffffffff')
  // x = 5 is on P-256; x + p is the same residue and still fits 32 bytes: a second spelling of one point.
  const five = fromHex('0000000000000000000000000000000000000000000000000000000000000005')
  const fivePlusField = fromHex('ffffffff00000001000000000000000000000001000000000000000000000004')
  const yOfFive = fromHex('459243b9aa581806fe913bce99817ade11ca503c64d9a3c533415c083248fbcc')
  const form = (byte: number, ...parts: Bytes[]): Bytes => concatBytes(new Uint8Array([byte]), ...parts)
  const malformed: [string, Bytes][] = [
    ['empty', new Uint8Array(0)],
    ['infinity', new Uint8Array(1)],
    ['65 zero bytes', new Uint8Array(65)],
    ['compressed', form(3, x)],
    ['hybrid 06', form(6, x, y)],
    ['hybrid 07', form(7, x, y)],
    ['one byte short', BASE_POINT.subarray(0, 64)],
    ['one byte long', concatBytes(BASE_POINT, new Uint8Array(1))],
    ['without its form', concatBytes(x, y, new Uint8Array(1))],
    ['(0, 0)', pointOf(new Uint8Array(32), new Uint8Array(32))],
    ['off the curve', flipped(BASE_POINT, 64)],
    ['x and y exchanged', pointOf(y, x)],
    ['x not reduced', pointOf(fivePlusField, yOfFive)],
    ['y equal to the field', pointOf(x, field)],
  ]

  test('has a well-formed neighbour that is accepted', async () => {
    const imports = await countImports(async () => {
      expect(await refusalOf(() => importVerifyKey(BASE_POINT))).toBe('nothing')
    })
    expect(imports).toBe(1)
    expect(await refusalOf(() => importVerifyKey(pointOf(five, yOfFive)))).toBe('nothing')
  })

  test.each(malformed)('%s is refused at every door before the host imports it', async (_, point) => {
    const { privateKey } = await loadAgreementKey(await generateStoredKeyPair('agree'))
    const doors = [
      () => importVerifyKey(point),
      () => importAgreementPublicKey(point),
      () => deriveSharedSecret(privateKey, point),
      () => thumbprint(point),
      () => fingerprint([point]),
    ]
    const imports = await countImports(async () => {
      for (const door of doors) expect(await refusalOf(door)).toBe('crypto.point_malformed')
    })
    expect(imports).toBe(0)
  })
})

describe('the names of a key', () => {
  test('thumbprint() gives the figure of RFC 9449 §6.1 for its key', async () => {
    const x = fromBase64url('l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs')
    const y = fromBase64url('9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA')
    expect(await thumbprint(pointOf(x, y))).toBe('0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I')
  })

  test('thumbprint() is what jose calculates by RFC 7638', async () => {
    const { publicKey } = await generateStoredKeyPair('sign')
    const jwk = {
      kty: 'EC',
      crv: 'P-256',
      x: base64url(publicKey.subarray(1, 33)),
      y: base64url(publicKey.subarray(33)),
    }
    expect(await thumbprint(publicKey)).toBe(await calculateJwkThumbprint(jwk))
  })

  test('fingerprint() has eight groups of four digits and changes with every key and their order', async () => {
    const one = (await generateStoredKeyPair('sign')).publicKey
    const other = (await generateStoredKeyPair('agree')).publicKey
    const short = await fingerprint([one, other])
    expect(short).toMatch(/^([0-9a-f]{4}-){7}[0-9a-f]{4}$/)
    expect(await fingerprint([one, other])).toBe(short)
    expect(new Set([short, await fingerprint([other, one]), await fingerprint([one])]).size).toBe(3)
    expect(await refusalOf(() => fingerprint([]))).toBe('crypto.input_malformed')
  })
})
