/** Keys from keys: HKDF and HMAC, both over SHA-256. */
import type { Bytes } from '../base/mod.ts'
import { InputMalformed } from './errors.ts'

/** RFC 5869 §2.3: at most 255 blocks of 32 bytes. */
const HKDF_BYTES_MAX = 255 * 32

/** What `hkdf` takes. */
export type HkdfInput = {
  /** The input keying material. */
  secret: Bytes
  /** May be empty. */
  salt: Bytes
  /** RFC 5869 calls it `info`: what the derived key is for. */
  context: Bytes
  /** Bytes wanted, 1 to 8,160. */
  length: number
}

/** HKDF-SHA256 (RFC 5869). Refuses a length outside 1 to 8,160 bytes with `crypto.input_malformed`. */
export async function hkdf(input: HkdfInput): Promise<Bytes> {
  if (!Number.isInteger(input.length) || input.length < 1 || input.length > HKDF_BYTES_MAX)
    throw new InputMalformed(`HKDF-SHA256 gives 1 to ${HKDF_BYTES_MAX} bytes, not ${input.length}`)
  const secret = await crypto.subtle.importKey('raw', input.secret, 'HKDF', false, ['deriveBits'])
  const algorithm = { name: 'HKDF', hash: 'SHA-256', salt: input.salt, info: input.context }
  return new Uint8Array(await crypto.subtle.deriveBits(algorithm, secret, input.length * 8))
}

/** HMAC-SHA256 (RFC 2104), 32 bytes. Refuses an empty key with `crypto.input_malformed`. */
export async function hmacSha256(key: Bytes, message: Bytes): Promise<Bytes> {
  if (key.byteLength === 0) throw new InputMalformed('an HMAC without a key proves nothing')
  const imported = await crypto.subtle.importKey('raw', key, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])
  return new Uint8Array(await crypto.subtle.sign('HMAC', imported, message))
}
