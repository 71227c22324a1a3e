/** Noise's CipherState and SymmetricState (§5.1, §5.2): what both ends have hashed and mixed so far. */
import { type Bytes, concatBytes, utf8 } from '../base/mod.ts'
import { hmacSha256 } from './derivation.ts'
import { sha256 } from './digests.ts'
import type { NoiseCipher } from './noise-suite.ts'

const HASH_BYTES = 32
const EMPTY: Bytes = new Uint8Array(0)

export class SymmetricState {
  #chainingKey: Bytes
  #hash: Bytes
  #key: Bytes | undefined
  #n = 0
  readonly #cipher: NoiseCipher

  private constructor(cipher: NoiseCipher, start: Bytes) {
    this.#cipher = cipher
    this.#hash = start
    this.#chainingKey = start.slice()
  }

  /** §5.2 InitializeSymmetric: a name of up to 32 bytes is padded with zeros, a longer one hashed. */
  static async start(protocolName: string, cipher: NoiseCipher): Promise<SymmetricState> {
    const name = utf8(protocolName)
    const padded = new Uint8Array(HASH_BYTES)
    if (name.byteLength > HASH_BYTES) return new SymmetricState(cipher, await sha256(name))
    padded.set(name)
    return new SymmetricState(cipher, padded)
  }

  /** Whether payloads are encrypted by now. */
  get keyed(): boolean {
    return this.#key !== undefined
  }

  async mixHash(bytes: Bytes): Promise<void> {
    this.#hash = await sha256(concatBytes(this.#hash, bytes))
  }

  /** Takes the secret over and overwrites it. */
  async mixKey(secret: Bytes): Promise<void> {
    const [chainingKey, key] = await noiseHkdf(this.#chainingKey, secret, 2)
    secret.fill(0)
    this.#replace(chainingKey, key)
  }

  /** §5.2, for `e` in a pattern with a psk: the public key is mixed too, and must not be overwritten. */
  async mixPublicKey(publicKey: Bytes): Promise<void> {
    await this.mixKey(publicKey.slice())
  }

  async mixKeyAndHash(secret: Bytes): Promise<void> {
    const [chainingKey, toHash, key] = await noiseHkdf(this.#chainingKey, secret, 3)
    await this.mixHash(toHash)
    toHash.fill(0)
    this.#replace(chainingKey, key)
  }

  async encryptAndHash(plaintext: Bytes): Promise<Bytes> {
    const sealed = this.#key ? await this.#cipher.seal(this.#key, this.#n, this.#hash, plaintext) : plaintext.slice()
    this.#n += 1
    await this.mixHash(sealed)
    return sealed
  }

  async decryptAndHash(sealed: Bytes): Promise<Bytes> {
    const plaintext = this.#key ? await this.#cipher.open(this.#key, this.#n, this.#hash, sealed) : sealed.slice()
    this.#n += 1
    await this.mixHash(sealed)
    return plaintext
  }

  /** §5.2 Split: the key from initiator to responder, the key back, and what binds a session to this handshake. */
  async split(): Promise<{ forward: Bytes; backward: Bytes; handshakeHash: Bytes; chainingKey: Bytes }> {
    const [forward, backward] = await noiseHkdf(this.#chainingKey, EMPTY, 2)
    return { forward, backward, handshakeHash: this.#hash.slice(), chainingKey: this.#chainingKey.slice() }
  }

  /** Overwrites every secret; the state is of no use afterwards. */
  erase(): void {
    this.#key?.fill(0)
    this.#key = undefined
    this.#chainingKey.fill(0)
  }

  #replace(chainingKey: Bytes, key: Bytes): void {
    this.erase()
    this.#chainingKey = chainingKey
    this.#key = key
    this.#n = 0
  }
}

/** §4.3 HKDF: a chain of HMACs, each output 32 bytes. What is not handed out is overwritten. */
async function noiseHkdf(chainingKey: Bytes, secret: Bytes, outputs: 2): Promise<[Bytes, Bytes]>
async function noiseHkdf(chainingKey: Bytes, secret: Bytes, outputs: 3): Promise<[Bytes, Bytes, Bytes]>
async function noiseHkdf(chainingKey: Bytes, secret: Bytes, outputs: 2 | 3): Promise<Bytes[]> {
  const root = await hmacSha256(chainingKey, secret)
  const derived: Bytes[] = []
  let previous = EMPTY
  for (let counter = 1; counter <= outputs; counter++) {
    const block = concatBytes(previous, new Uint8Array([counter]))
    previous = await hmacSha256(root, block)
    block.fill(0)
    derived.push(previous)
  }
  root.fill(0)
  return derived
}
