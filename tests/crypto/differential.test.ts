import { describe, expect, test } from 'bun:test'
import { Crypto } from '@peculiar/webcrypto'
import { type Bytes, systemRandom, utf8 } from '../../src/base/mod.ts'
import {
  createBulkCipher,
  deriveSharedSecret,
  generateStoredKeyPair,
  hkdf,
  importVerifyKey,
  importWrappingKey,
  loadAgreementKey,
  loadSigningKey,
  type StoredKeyPair,
  sign,
  unwrap,
  verify,
  wrap,
} from '../../src/crypto/mod.ts'

/** The second implementation, written by others: @peculiar/webcrypto brings its own WebCrypto. */
const { subtle } = new Crypto()
const rounds = Array.from({ length: 10 }, (_, round) => round)

async function theirStoredPair(
  name: 'ECDSA' | 'ECDH',
  uses: ('sign' | 'verify' | 'deriveBits')[],
): Promise<StoredKeyPair> {
  const pair = await subtle.generateKey({ name, namedCurve: 'P-256' }, true, uses)
  return {
    publicKey: new Uint8Array(await subtle.exportKey('raw', pair.publicKey)),
    pkcs8: new Uint8Array(await subtle.exportKey('pkcs8', pair.privateKey)),
  }
}

async function theirSecret(ours: StoredKeyPair, theirs: Bytes): Promise<Bytes> {
  const ecdh = { name: 'ECDH', namedCurve: 'P-256' }
  const privateKey = await subtle.importKey('pkcs8', ours.pkcs8, ecdh, false, ['deriveBits'])
  const publicKey = await subtle.importKey('raw', theirs, ecdh, true, [])
  return new Uint8Array(await subtle.deriveBits({ name: 'ECDH', public: publicKey }, privateKey, 256))
}

describe('against @peculiar/webcrypto', () => {
  test('ECDH: keys made by either load in the other, and both agree on the secret', async () => {
    for (const _ of rounds) {
      const ours = await generateStoredKeyPair('agree')
      const theirs = await theirStoredPair('ECDH', ['deriveBits'])
      const secret = await deriveSharedSecret((await loadAgreementKey(ours)).privateKey, theirs.publicKey)
      expect(await deriveSharedSecret((await loadAgreementKey(theirs)).privateKey, ours.publicKey)).toEqual(secret)
      expect(await theirSecret(ours, theirs.publicKey)).toEqual(secret)
      expect(await theirSecret(theirs, ours.publicKey)).toEqual(secret)
    }
  })

  test('ECDSA: each verifies what the other signed, with keys made by either', async () => {
    const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
    for (const round of rounds) {
      const stored =
        round % 2 ? await generateStoredKeyPair('sign') : await theirStoredPair('ECDSA', ['sign', 'verify'])
      const message = systemRandom(round * 37)
      const theirPrivate = await subtle.importKey('pkcs8', stored.pkcs8, algorithm, false, ['sign'])
      const theirPublic = await subtle.importKey('raw', stored.publicKey, algorithm, true, ['verify'])
      const byThem = new Uint8Array(await subtle.sign(algorithm, theirPrivate, message))
      const byUs = await sign((await loadSigningKey(stored)).privateKey, message)
      expect(await verify(await importVerifyKey(stored.publicKey), byThem, message)).toBe(true)
      expect(await subtle.verify(algorithm, theirPublic, byUs, message)).toBe(true)
    }
  })

  test('HKDF: both derive the same bytes', async () => {
    for (const round of rounds) {
      const input = { secret: systemRandom(32), salt: systemRandom(round * 7), context: systemRandom(round * 11) }
      const algorithm = { name: 'HKDF', hash: 'SHA-256', salt: input.salt, info: input.context }
      const key = await subtle.importKey('raw', input.secret, 'HKDF', false, ['deriveBits'])
      const length = 1 + round * 29
      const theirs = new Uint8Array(await subtle.deriveBits(algorithm, key, length * 8))
      expect(await hkdf({ ...input, length })).toEqual(theirs)
    }
  })

  test('AES-GCM: each opens what the other sealed', async () => {
    for (const round of rounds) {
      const [bytes, nonce, aad, plaintext] = [
        systemRandom(32),
        systemRandom(12),
        systemRandom(round),
        systemRandom(round * 99),
      ]
      const key = await subtle.importKey('raw', bytes, 'AES-GCM', false, ['encrypt', 'decrypt'])
      const algorithm = { name: 'AES-GCM', iv: nonce, additionalData: aad }
      const ours = createBulkCipher(bytes)
      const byThem = new Uint8Array(await subtle.encrypt(algorithm, key, plaintext))
      const byUs = await ours.seal(nonce, plaintext, aad)
      expect(await ours.open(nonce, byThem, aad)).toEqual(plaintext)
      expect(new Uint8Array(await subtle.decrypt(algorithm, key, byUs))).toEqual(plaintext)
    }
  })

  test('wraps: the documented form opens with the other implementation alone', async () => {
    const bytes = systemRandom(32)
    const ours = await importWrappingKey(bytes)
    const theirs = await subtle.importKey('raw', bytes, 'AES-GCM', false, ['encrypt', 'decrypt'])
    const wrapped = await wrap(ours, { purpose: 'vault', id: 'cred_1' }, utf8('secret'))
    const aad = utf8('sluice wrap\x01\0\0\0\x05\0\0\0\x06vaultcred_1')
    const algorithm = { name: 'AES-GCM', iv: wrapped.subarray(1, 13), additionalData: aad }
    expect(new Uint8Array(await subtle.decrypt(algorithm, theirs, wrapped.subarray(13)))).toEqual(utf8('secret'))
    expect(await unwrap(ours, { purpose: 'vault', id: 'cred_1' }, wrapped)).toEqual(utf8('secret'))
  })
})
