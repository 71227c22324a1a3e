/** AES-256-GCM for much data, by the host's faster implementation (measured: sync `node:crypto` on Bun and Node, WebCrypto on Deno). */
import type { Bytes } from '../base/mod.ts'
import { createNodeCipher } from './bulk-cipher-node.ts'
import { createSubtleCipher } from './bulk-cipher-subtle.ts'

/** AES-256-GCM under one key. Await the answers: some hosts give promises. */
export type BulkCipher = {
  /** Seals under a nonce (12 bytes) that this key must never see twice; gives ciphertext ‖ tag (16 bytes). */
  seal(nonce: Bytes, plaintext: Uint8Array, aad: Uint8Array): Bytes | Promise<Bytes>
  /** Opens ciphertext ‖ tag. Throws `crypto.not_authentic` for anything that was not sealed so. */
  open(nonce: Bytes, sealed: Uint8Array, aad: Uint8Array): Bytes | Promise<Bytes>
  /** Overwrites the key; later calls throw `crypto.key_erased`. */
  erase(): void
}

/**
 * A cipher that owns a copy of the key (32 bytes); the caller overwrites the original. Refuses another length with `crypto.key_malformed`,
 * a nonce that is not 12 bytes with `crypto.input_malformed`. Await the answers: some hosts give promises.
 */
export function createBulkCipher(key: Bytes): BulkCipher {
  return 'Deno' in globalThis ? createSubtleCipher(key) : createNodeCipher(key)
}
