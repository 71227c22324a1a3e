import { describe, expect, test } from 'bun:test'
import { type Bytes, fromHex, hex, systemRandom, utf8 } from '../../src/base/mod.ts'
import { createNodeCipher } from '../../src/crypto/bulk-cipher-node.ts'
import { createSubtleCipher } from '../../src/crypto/bulk-cipher-subtle.ts'
import { createBulkCipher } from '../../src/crypto/mod.ts'
import { flipped } from '../support/p256.ts'
import { refusalOf } from '../support/refusal.ts'

const NOTHING = new Uint8Array(0)
const implementations = [
  ['node:crypto', createNodeCipher],
  ['WebCrypto', createSubtleCipher],
  ['the one of this host', createBulkCipher],
] as const

describe.each(implementations)('AES-256-GCM by %s', (_, create) => {
  test('gives the bytes of the GCM specification, test cases 13, 14 and 16', async () => {
    const zeros = create(new Uint8Array(32))
    expect(hex(await zeros.seal(new Uint8Array(12), NOTHING, NOTHING))).toBe('530f8afbc74536b9a963b4f1c4cb738b')
    expect(hex(await zeros.seal(new Uint8Array(12), new Uint8Array(16), NOTHING))).toBe(
      'cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919',
    )
    const cipher = create(fromHex('feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308'))
    const plaintext = fromHex(
      'd9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39',
    )
    const aad = fromHex('feedfacedeadbeeffeedfacedeadbeefabaddad2')
    expect(hex(await cipher.seal(fromHex('cafebabefacedbaddecaf888'), plaintext, aad))).toBe(
      '522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f66276fc6ece0f4e1768cddf8853bb2d551b',
    )
  })

  test('opens what the others sealed, at every length around a block and of a whole frame', async () => {
    const key = systemRandom(32)
    const nonce = systemRandom(12)
    for (const [, other] of implementations) {
      for (const length of [0, 1, 15, 16, 17, 65_536]) {
        const plaintext = systemRandom(length)
        const sealed = await other(key).seal(nonce, plaintext, utf8('header'))
        expect(await create(key).open(nonce, sealed, utf8('header'))).toEqual(plaintext)
      }
    }
  })

  test('refuses every flipped bit of ciphertext and tag, every cut, another nonce, header or key', async () => {
    const key = systemRandom(32)
    const nonce = systemRandom(12)
    const aad = utf8('header')
    const cipher = create(key)
    const sealed = await cipher.seal(nonce, utf8('frame'), aad)
    const refused = (
      bytes: Bytes,
      at = nonce,
      header = aad,
      by: { open: typeof cipher.open } = cipher,
    ): Promise<string> => refusalOf(() => by.open(at, bytes, header))
    for (let at = 0; at < sealed.byteLength; at++) {
      expect(await refused(flipped(sealed, at))).toBe('crypto.not_authentic')
      expect(await refused(sealed.subarray(0, at))).toBe('crypto.not_authentic')
    }
    expect(await refused(sealed, flipped(nonce, 11))).toBe('crypto.not_authentic')
    expect(await refused(sealed, nonce, NOTHING)).toBe('crypto.not_authentic')
    expect(await refused(sealed, nonce, aad, create(flipped(key, 31)))).toBe('crypto.not_authentic')
    expect(await cipher.open(nonce, sealed, aad)).toEqual(utf8('frame'))
  })

  test('refuses keys and nonces of another length', async () => {
    for (const length of [0, 16, 31, 33])
      expect(await refusalOf(() => create(new Uint8Array(length)))).toBe('crypto.key_malformed')
    const cipher = create(systemRandom(32))
    for (const length of [0, 8, 11, 13, 16]) {
      const nonce = new Uint8Array(length)
      expect(await refusalOf(() => cipher.seal(nonce, NOTHING, NOTHING))).toBe('crypto.input_malformed')
      expect(await refusalOf(() => cipher.open(nonce, new Uint8Array(16), NOTHING))).toBe('crypto.input_malformed')
    }
  })

  test('keeps its own copy of the key, and is of no use once erased', async () => {
    const key = systemRandom(32)
    const nonce = systemRandom(12)
    const cipher = create(key)
    const sealed = await create(key).seal(nonce, utf8('frame'), NOTHING)
    key.fill(0)
    expect(await cipher.open(nonce, sealed, NOTHING)).toEqual(utf8('frame'))
    cipher.erase()
    cipher.erase()
    expect(await refusalOf(() => cipher.seal(nonce, utf8('frame'), NOTHING))).toBe('crypto.key_erased')
    expect(await refusalOf(() => cipher.open(nonce, sealed, NOTHING))).toBe('crypto.key_erased')
  })
})
