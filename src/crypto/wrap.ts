/** Secrets at rest: a wrap opens only under its key, for its purpose and its object's id. */
import { type Bytes, concatBytes, systemRandom, utf8 } from '../base/mod.ts'
import { checkCipherKey, GCM_NONCE_BYTES, GCM_TAG_BYTES } from './aes-gcm.ts'
import { NotAuthentic } from './errors.ts'

/**
 * A non-extractable AES-256-GCM key that wraps other secrets. Random nonces bound it to 2^32 wraps (SP 800-38D §8.3). While it is
 * rotated it wraps under the new key and still opens what the former one wrapped; all who hold it see that at once.
 */
export class WrappingKey {
  #current: CryptoKey
  #former: CryptoKey | undefined

  constructor(current: CryptoKey, former?: CryptoKey) {
    this.#current = current
    this.#former = former
  }

  /** Wraps under `next` (32 bytes, which the caller overwrites afterwards) from now on. */
  async replace(next: Bytes): Promise<void> {
    const key = await importKey(next)
    this.#former = this.#current
    this.#current = key
  }

  /** Nothing lies under the former key any more. */
  forgetFormer(): void {
    this.#former = undefined
  }

  encrypt(algorithm: GcmParameters, secret: Bytes): Promise<ArrayBuffer> {
    return crypto.subtle.encrypt(algorithm, this.#current, secret)
  }

  /** `by`: which of the two opened it. Rejects when neither does. */
  async decrypt(algorithm: GcmParameters, sealed: Bytes): Promise<{ plain: ArrayBuffer; by: 'current' | 'former' }> {
    const former = this.#former
    try {
      return { plain: await crypto.subtle.decrypt(algorithm, this.#current, sealed), by: 'current' }
    } catch (error) {
      if (!former) throw error
      return { plain: await crypto.subtle.decrypt(algorithm, former, sealed), by: 'former' }
    }
  }
}

/** What a wrap is for (`database-key`) and which object it belongs to. Both are authenticated, neither is stored in the wrap. */
export type WrapBinding = { purpose: string; id: string }

type GcmParameters = { name: string; iv: Bytes; additionalData: Bytes }

const VERSION = 1
/** version 1 + nonce 12 + tag 16 */
const WRAP_OVERHEAD_BYTES = 1 + GCM_NONCE_BYTES + GCM_TAG_BYTES

/**
 * Takes 32 bytes, and those of the key before it while it is rotated; the caller overwrites them afterwards. Refuses another length
 * with `crypto.key_malformed`.
 */
export async function importWrappingKey(bytes: Bytes, former?: Bytes): Promise<WrappingKey> {
  return new WrappingKey(await importKey(bytes), former && (await importKey(former)))
}

function importKey(bytes: Bytes): Promise<CryptoKey> {
  return crypto.subtle.importKey('raw', checkCipherKey(bytes), 'AES-GCM', false, ['encrypt', 'decrypt'])
}

/** Wraps a secret: version ‖ nonce (12, random) ‖ ciphertext ‖ tag (16), AES-256-GCM with version, purpose and id as associated data. */
export async function wrap(key: WrappingKey, binding: WrapBinding, secret: Bytes): Promise<Bytes> {
  const nonce = systemRandom(GCM_NONCE_BYTES)
  const algorithm = { name: 'AES-GCM', iv: nonce, additionalData: associatedData(binding) }
  return concatBytes(new Uint8Array([VERSION]), nonce, new Uint8Array(await key.encrypt(algorithm, secret)))
}

/** Opens a wrap; `crypto.not_authentic` when it was changed, or made under another key, version, purpose or id. */
export async function unwrap(key: WrappingKey, binding: WrapBinding, wrapped: Bytes): Promise<Bytes> {
  return (await opened(key, binding, wrapped)).secret
}

/** The same secret under the key that is current, where it still lies under the former one; else `undefined`. Refuses as `unwrap`. */
export async function rewrap(key: WrappingKey, binding: WrapBinding, wrapped: Bytes): Promise<Bytes | undefined> {
  const { secret, by } = await opened(key, binding, wrapped)
  try {
    return by === 'current' ? undefined : await wrap(key, binding, secret)
  } finally {
    secret.fill(0)
  }
}

async function opened(
  key: WrappingKey,
  binding: WrapBinding,
  wrapped: Bytes,
): Promise<{ secret: Bytes; by: 'current' | 'former' }> {
  if (wrapped.byteLength < WRAP_OVERHEAD_BYTES || wrapped[0] !== VERSION) throw new NotAuthentic('this is not a wrap')
  const nonce = wrapped.subarray(1, 1 + GCM_NONCE_BYTES)
  const algorithm = { name: 'AES-GCM', iv: nonce, additionalData: associatedData(binding) }
  try {
    const { plain, by } = await key.decrypt(algorithm, wrapped.subarray(1 + GCM_NONCE_BYTES))
    return { secret: new Uint8Array(plain), by }
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
