/** The group of the published Noise vectors, by WebCrypto's X25519 (RFC 7748), so that they run through our own state machine. */
import { type Bytes, concatBytes, fromHex } from '../../src/base/mod.ts'
import type { DhKeyPair, NoiseSuite } from '../../src/crypto/mod.ts'
import { aesGcm } from '../../src/crypto/noise-suite.ts'

const PKCS8_PREFIX = fromHex('302e020100300506032b656e04220420')
const BASE_POINT = concatBytes(new Uint8Array([9]), new Uint8Array(31))

export const noise25519: NoiseSuite = {
  name: '25519_AESGCM_SHA256',
  publicKeyBytes: 32,
  async generateKeyPair() {
    return keyPair25519(crypto.getRandomValues(new Uint8Array(32)))
  },
  checkPublicKey() {},
  dh: (own, remotePublicKey) => x25519(own.privateKey, remotePublicKey),
  cipher: aesGcm,
}

/** The key pair of a vector's private key (32 bytes). */
export async function keyPair25519(scalar: Bytes): Promise<DhKeyPair> {
  const pkcs8 = concatBytes(PKCS8_PREFIX, scalar)
  const privateKey = await crypto.subtle.importKey('pkcs8', pkcs8, { name: 'X25519' }, false, ['deriveBits'])
  return { privateKey, publicKey: await x25519(privateKey, BASE_POINT) }
}

async function x25519(privateKey: CryptoKey, publicKey: Bytes): Promise<Bytes> {
  const theirs = await crypto.subtle.importKey('raw', publicKey, { name: 'X25519' }, true, [])
  return new Uint8Array(await crypto.subtle.deriveBits({ name: 'X25519', public: theirs }, privateKey, 256))
}
