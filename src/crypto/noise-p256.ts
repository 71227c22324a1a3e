/** The suite of Secure Bridges, `Noise_…_P256_AESGCM_SHA256`. Noise names no P-256; what we chose stands here. */
import { deriveSharedSecret } from './agreement.ts'
import { generateEphemeral } from './keys.ts'
import { aesGcm, type NoiseSuite } from './noise-suite.ts'
import { checkPoint, POINT_BYTES } from './points.ts'

/**
 * Public keys are 65-byte uncompressed points, on the wire and in the hash; a DH output is the 32-byte X coordinate (so the DHLEN of
 * Noise is 32 where it sizes secrets, and 65 where it sizes public keys). The points are checked before every use.
 */
export const noiseP256: NoiseSuite = {
  name: 'P256_AESGCM_SHA256',
  publicKeyBytes: POINT_BYTES,
  generateKeyPair: generateEphemeral,
  checkPublicKey(publicKey) {
    checkPoint(publicKey)
  },
  dh: (own, remotePublicKey) => deriveSharedSecret(own.privateKey, remotePublicKey),
  cipher: aesGcm,
}
