import { describe, expect, test } from 'bun:test'
import { type Bytes, fromHex, hex } from '../../src/base/mod.ts'
import {
  deriveSharedSecret,
  generateStoredKeyPair,
  importVerifyKey,
  loadAgreementKey,
  verify,
} from '../../src/crypto/mod.ts'
import { pointOf, storedKeyPair } from '../support/p256.ts'
import { refusalOf } from '../support/refusal.ts'
import { readVectors, vectorsFolder } from '../support/vectors.ts'

type Verdict = { tcId: number; comment: string; result: 'valid' | 'invalid' | 'acceptable' }
type Jwk = { x: string; y: string; d?: string }
type EcdhTest = Verdict & { public: Jwk; private: Jwk; shared: string }
type EcdsaTest = Verdict & { msg: string; sig: string }

/** Some JWKs of the vectors are malformed on purpose, so the strict decoder of base would refuse them too early. */
function lenient(text = ''): Bytes {
  return new Uint8Array(Buffer.from(text, 'base64url'))
}

describe.skipIf(!vectorsFolder)('Wycheproof', () => {
  test('ECDH: every valid one gives the shared secret, every invalid point is refused before the host sees it', async () => {
    const { testGroups } = readVectors<{ testGroups: { tests: EcdhTest[] }[] }>(
      'wycheproof-ecdh_secp256r1_webcrypto.json',
    )
    const { privateKey } = await loadAgreementKey(await generateStoredKeyPair('agree'))
    const seen = { valid: 0, invalid: 0, acceptable: 0 }
    for (const { tests } of testGroups) {
      for (const vector of tests) {
        seen[vector.result] += 1
        const own = vector.private
        const theirs = pointOf(lenient(vector.public.x), lenient(vector.public.y))
        if (vector.result === 'valid') {
          const key = await loadAgreementKey(storedKeyPair(lenient(own.d), pointOf(lenient(own.x), lenient(own.y))))
          expect([vector.tcId, hex(await deriveSharedSecret(key.privateKey, theirs))]).toEqual([
            vector.tcId,
            vector.shared,
          ])
        } else {
          const refusal = await refusalOf(() => deriveSharedSecret(privateKey, theirs))
          expect([vector.tcId, refusal]).toEqual([vector.tcId, 'crypto.point_malformed'])
        }
      }
    }
    expect(seen).toEqual({ valid: 330, invalid: 23, acceptable: 0 })
  })

  test('ECDSA P-1363: every valid signature verifies, every invalid one does not', async () => {
    type Group = { publicKey: { uncompressed: string }; tests: EcdsaTest[] }
    const { testGroups } = readVectors<{ testGroups: Group[] }>('wycheproof-ecdsa_secp256r1_sha256_p1363.json')
    const seen = { valid: 0, invalid: 0, acceptable: 0 }
    for (const group of testGroups) {
      const key = await importVerifyKey(fromHex(group.publicKey.uncompressed))
      for (const vector of group.tests) {
        seen[vector.result] += 1
        const verdict = await verify(key, fromHex(vector.sig), fromHex(vector.msg))
        expect([vector.tcId, vector.comment, verdict]).toEqual([vector.tcId, vector.comment, vector.result === 'valid'])
      }
    }
    expect(seen).toEqual({ valid: 173, invalid: 89, acceptable: 0 })
  })
})
