/** ECDSA on P-256 with SHA-256; signatures in the fixed form r‖s (IEEE P1363), 64 bytes, as JWS ES256 has them. */
import type { Bytes } from '../base/mod.ts'
import { PointMalformed } from './errors.ts'
import { checkPoint, type PublicKeyBytes } from './points.ts'

const SIGNATURE_BYTES = 64
const ECDSA = { name: 'ECDSA', hash: 'SHA-256' }

/** A key that only verifies ECDSA signatures. Refuses `crypto.point_malformed`. */
export async function importVerifyKey(publicKey: PublicKeyBytes): Promise<CryptoKey> {
  checkPoint(publicKey)
  try {
    return await crypto.subtle.importKey('raw', publicKey, { name: 'ECDSA', namedCurve: 'P-256' }, true, ['verify'])
  } catch (cause) {
    throw new PointMalformed('the host refuses the public key', { cause })
  }
}

/** Signs the message with the private half of a `SigningKey`; 64 bytes r‖s. Never the same twice: do not use it as an id. */
export async function sign(key: CryptoKey, message: Bytes): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.sign(ECDSA, key, message))
}

/**
 * Whether the signature (64 bytes r‖s) is the key's over the message; any other length is `false`. As FIPS 186-5 has it, s and n − s are
 * both valid: who holds a signature can make a second one for the same message, so never tell messages apart by signature.
 */
export async function verify(key: CryptoKey, signature: Bytes, message: Bytes): Promise<boolean> {
  if (signature.byteLength !== SIGNATURE_BYTES) return false
  return crypto.subtle.verify(ECDSA, key, signature, message)
}
