/** The fixed sizes of AES-256-GCM (SP 800-38D), and who holds to them. */
import type { Bytes } from '../base/mod.ts'
import { InputMalformed, KeyMalformed } from './errors.ts'

export const AES_KEY_BYTES = 32
export const GCM_NONCE_BYTES = 12
export const GCM_TAG_BYTES = 16

/** Returns the key when it is 32 bytes; otherwise `crypto.key_malformed`. */
export function checkCipherKey(key: Bytes): Bytes {
  if (key.byteLength !== AES_KEY_BYTES) throw new KeyMalformed('an AES-256 key is 32 bytes')
  return key
}

/** Returns the nonce when it is 12 bytes; otherwise `crypto.input_malformed`. */
export function checkNonce(nonce: Bytes): Bytes {
  if (nonce.byteLength !== GCM_NONCE_BYTES) throw new InputMalformed('an AES-GCM nonce is 12 bytes')
  return nonce
}
