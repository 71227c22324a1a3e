/** SHA-256, at once or over a stream. */
import { createHash } from 'node:crypto'
import { type Bytes, hex } from '../base/mod.ts'

/** The SHA-256 of the bytes (FIPS 180-4), 32 bytes. */
export async function sha256(bytes: Bytes): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
}

/** The SHA-256 of the bytes as 64 lower-case hex digits. */
export async function sha256Hex(bytes: Bytes): Promise<string> {
  return hex(await sha256(bytes))
}

/** A SHA-256 under way. `digest` or `digestHex` ends it; `update` after that throws. */
export type Sha256 = { update(bytes: Uint8Array): void; digest(): Bytes; digestHex(): string }

/** SHA-256 of more bytes than memory holds. WebCrypto has no streaming form, so this one is `node:crypto`'s. */
export function createSha256(): Sha256 {
  const digest = createHash('sha256')
  return {
    update(bytes) {
      digest.update(bytes)
    },
    digest: () => new Uint8Array(digest.digest()),
    digestHex: () => digest.digest('hex'),
  }
}
