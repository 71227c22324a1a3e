/** What a Noise handshake takes as parameters: the Diffie-Hellman group and the cipher. The hash is SHA-256 throughout. */
import type { Bytes } from '../base/mod.ts'
import { createBulkCipher } from './bulk-cipher.ts'

/** A key pair of the suite's group. `AgreementKey` is one of P-256. */
export type DhKeyPair = { publicKey: Bytes; privateKey: CryptoKey }

/** Noise §4.2. A cipher for one message: key 32 bytes, `n` the nonce counter; `open` throws when the message is not authentic. */
export type NoiseCipher = {
  seal(key: Bytes, n: number, aad: Bytes, plaintext: Bytes): Promise<Bytes>
  open(key: Bytes, n: number, aad: Bytes, sealed: Bytes): Promise<Bytes>
}

/** Noise §4.1, with one difference: a public key on the wire may be longer than a DH output. */
export type NoiseSuite = {
  /** The end of the protocol name, `25519_AESGCM_SHA256`; it is hashed into every handshake. */
  readonly name: string
  readonly publicKeyBytes: number
  generateKeyPair(): Promise<DhKeyPair>
  /** Throws when the public key is malformed. */
  checkPublicKey(publicKey: Bytes): void
  /** The shared secret, 32 bytes; throws when the public key is malformed. The caller overwrites it. */
  dh(own: DhKeyPair, remotePublicKey: Bytes): Promise<Bytes>
  readonly cipher: NoiseCipher
}

/** AES-256-GCM as §12.4 has it: the nonce is 32 zero bits and the counter as 64 bits, big-endian. */
export const aesGcm: NoiseCipher = {
  async seal(key, n, aad, plaintext) {
    const cipher = createBulkCipher(key)
    try {
      return await cipher.seal(nonceOf(n), plaintext, aad)
    } finally {
      cipher.erase()
    }
  },
  async open(key, n, aad, sealed) {
    const cipher = createBulkCipher(key)
    try {
      return await cipher.open(nonceOf(n), sealed, aad)
    } finally {
      cipher.erase()
    }
  },
}

function nonceOf(n: number): Bytes {
  const nonce = new Uint8Array(12)
  new DataView(nonce.buffer).setBigUint64(4, BigInt(n))
  return nonce
}
