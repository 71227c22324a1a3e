/** AES-256-GCM through WebCrypto, for hosts where it is the faster one. */
import type { Bytes } from '../base/mod.ts'
import { checkCipherKey, checkNonce, GCM_TAG_BYTES } from './aes-gcm.ts'
import { KeyErased, NotAuthentic } from './errors.ts'

/** See `BulkCipher`; every answer is a promise. */
export function createSubtleCipher(key: Bytes): {
  seal(nonce: Bytes, plaintext: Uint8Array, aad: Uint8Array): Promise<Bytes>
  open(nonce: Bytes, sealed: Uint8Array, aad: Uint8Array): Promise<Bytes>
  erase(): void
} {
  const own = checkCipherKey(key).slice()
  // The import copies the key into the host, out of our reach; our own copy is overwritten as soon as it is there.
  let imported: Promise<CryptoKey> | undefined = crypto.subtle
    .importKey('raw', own, 'AES-GCM', false, ['encrypt', 'decrypt'])
    .finally(() => own.fill(0))
  const keyInUse = (): Promise<CryptoKey> => {
    if (imported === undefined) throw new KeyErased('the cipher was used after its key had been erased')
    return imported
  }
  return {
    async seal(nonce, plaintext, aad) {
      const algorithm = { name: 'AES-GCM', iv: checkNonce(nonce), additionalData: aad.slice() }
      return new Uint8Array(await crypto.subtle.encrypt(algorithm, await keyInUse(), plaintext.slice()))
    },
    async open(nonce, sealed, aad) {
      if (sealed.byteLength < GCM_TAG_BYTES) throw new NotAuthentic('the sealed bytes are shorter than a tag')
      const algorithm = { name: 'AES-GCM', iv: checkNonce(nonce), additionalData: aad.slice() }
      const inUse = await keyInUse()
      try {
        return new Uint8Array(await crypto.subtle.decrypt(algorithm, inUse, sealed.slice()))
      } catch (cause) {
        throw new NotAuthentic('the sealed bytes are not authentic', { cause })
      }
    },
    erase() {
      imported = undefined
    },
  }
}
