/** ECDH on P-256: two parties, one secret. */
import type { Bytes } from '../base/mod.ts'
import { PointMalformed } from './errors.ts'
import { COORDINATE_BYTES, checkPoint, type PublicKeyBytes } from './points.ts'

/** The other party's agreement key. Refuses `crypto.point_malformed`. */
export async function importAgreementPublicKey(publicKey: PublicKeyBytes): Promise<CryptoKey> {
  checkPoint(publicKey)
  try {
    return await crypto.subtle.importKey('raw', publicKey, { name: 'ECDH', namedCurve: 'P-256' }, true, [])
  } catch (cause) {
    throw new PointMalformed('the host refuses the public key', { cause })
  }
}

/**
 * ECDH (SP 800-56A §5.7.1.2): the X coordinate of the shared point, 32 bytes. It is no key yet: put it through `hkdf`, then overwrite it.
 * Refuses `crypto.point_malformed`.
 */
export async function deriveSharedSecret(privateKey: CryptoKey, publicKey: PublicKeyBytes): Promise<Bytes> {
  const theirs = await importAgreementPublicKey(publicKey)
  return new Uint8Array(
    await crypto.subtle.deriveBits({ name: 'ECDH', public: theirs }, privateKey, COORDINATE_BYTES * 8),
  )
}
