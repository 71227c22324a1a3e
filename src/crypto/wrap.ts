/** Secrets at rest: a wrap opens only under its key, for its purpose and its object's id. */
import { type Bytes, concatBytes, systemRandom, utf8 } from '../base/mod.ts'
import { checkCipherKey, GCM_NONCE_BYTES, GCM_TAG_BYTES } from './aes-gcm.ts'
import { NotAuthentic } from './errors.ts'

/** A non-extractable AES-256-GCM key that wraps other secrets. Random nonces bound it to 2^32 wraps (SP 800-38D §8.3). */
export type WrappingKey = CryptoKey

/** What a wrap is for (`database-key`) and which object it belongs to. Both are authenticated, neither is stored in the wrap. */
export type WrapBinding = { purpose: string; id: string }

const VERSION = 1
/** version 1 + nonce 12 + tag 16 */
const WRAP_OVERHEAD_BYTES = 1 + GCM_NONCE_BYTES + GCM_TAG_BYTES

/** Takes 32 bytes, which the caller overwrites afterwards. Refuses another length with `crypto.key_malformed`. */
export async function importWrappingKey(bytes: Bytes): Promise<WrappingKey> {
  return crypto.subtle.importKey('raw', checkCipherKey(bytes), 'AES-GCM', false, ['encrypt', 'decrypt'])
}

/** Wraps a secret: version ‖ nonce (12, random) ‖ ciphertext ‖ tag (16), AES-256-GCM with version, purpose and id as associated data. */
export async function wrap(key: WrappingKey, binding: WrapBinding, secret: Bytes): Promise<Bytes> {
  const nonce = systemRandom(GCM_NONCE_BYTES)
  const algorithm = { name: 'AES-GCM', iv: nonce, additionalData: associatedData(binding) }
  return concatBytes(
    new Uint8Array([VERSION]),
    nonce,
    new Uint8Array(await crypto.subtle.encrypt(algorithm, key, secret)),
  )
}

/** Opens a wrap; `crypto.not_authentic` when it was changed, or made under another key, version, purpose or id. */
export async function unwrap(key: WrappingKey, binding: WrapBinding, wrapped: Bytes): Promise<Bytes> {
  if (wrapped.byteLength < WRAP_OVERHEAD_BYTES || wrapped[0] !== VERSION) throw new NotAuthentic('this is not a wrap')
  const nonce = wrapped.subarray(1, 1 + GCM_NONCE_BYTES)
  const algorithm = { name: 'AES-GCM', iv: nonce, additionalData: associatedData(binding) }
  try {
    return new Uint8Array(await crypto.subtle.decrypt(algorithm, key, wrapped.subarray(1 + GCM_NONCE_BYTES)))
  } catch (cause) {
    throw new NotAuthentic(`the wrap of ${binding.purpose} ${binding.id} is not authentic`, { cause })
  }
}

/** Lengths go before the texts, so that no two bindings share one form (`a`+`bc` and `ab`+`c`). */
function associatedData(binding: WrapBinding): Bytes {
  const purpose = utf8(binding.purpose)
  const id = utf8(binding.id)
  const lengths = new DataView(new ArrayBuffer(8))
  lengths.setUint32(0, purpose.byteLength)
  lengths.setUint32(4, id.byteLength)
  return concatBytes(utf8('sluice wrap'), new Uint8Array([VERSION]), new Uint8Array(lengths.buffer), purpose, id)
}
