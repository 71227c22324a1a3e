/** AES-256-GCM through `node:crypto`, synchronous: no promise per frame. */
import { createCipheriv, createDecipheriv } from 'node:crypto'
import { type Bytes, concatBytes } from '../base/mod.ts'
import { checkCipherKey, checkNonce, GCM_TAG_BYTES } from './aes-gcm.ts'
import { KeyErased, NotAuthentic } from './errors.ts'

/** See `BulkCipher`; every answer is synchronous. */
export function createNodeCipher(key: Bytes): {
  seal(nonce: Bytes, plaintext: Uint8Array, aad: Uint8Array): Bytes
  open(nonce: Bytes, sealed: Uint8Array, aad: Uint8Array): Bytes
  erase(): void
} {
  const own = checkCipherKey(key).slice()
  let erased = false
  const keyInUse = (): Bytes => {
    if (erased) throw new KeyErased('the cipher was used after its key had been erased')
    return own
  }
  return {
    seal(nonce, plaintext, aad) {
      const cipher = createCipheriv('aes-256-gcm', keyInUse(), checkNonce(nonce), { authTagLength: GCM_TAG_BYTES })
      cipher.setAAD(aad)
      const ciphertext = cipher.update(plaintext)
      cipher.final() // A stream cipher holds nothing back: this only makes the tag.
      return concatBytes(ciphertext, cipher.getAuthTag())
    },
    open(nonce, sealed, aad) {
      const decipher = createDecipheriv('aes-256-gcm', keyInUse(), checkNonce(nonce), { authTagLength: GCM_TAG_BYTES })
      const split = sealed.byteLength - GCM_TAG_BYTES
      if (split < 0) throw new NotAuthentic('the sealed bytes are shorter than a tag')
      decipher.setAAD(aad)
      decipher.setAuthTag(sealed.subarray(split))
      const plaintext = decipher.update(sealed.subarray(0, split))
      try {
        decipher.final()
        return new Uint8Array(plaintext.buffer, plaintext.byteOffset, plaintext.byteLength)
      } catch (cause) {
        plaintext.fill(0)
        throw new NotAuthentic('the sealed bytes are not authentic', { cause })
      }
    },
    erase() {
      erased = true
      own.fill(0)
    },
  }
}
