/** crypto: bytes in, bytes out. P-256 keys, signatures, agreement, sealing, wraps, handshakes, certificates; nothing of the domain. */
export { deriveSharedSecret, importAgreementPublicKey } from './agreement.ts'
export { type Authority, createAuthority, loadAuthority } from './authority.ts'
export { type BulkCipher, createBulkCipher } from './bulk-cipher.ts'
export { CertificateNameMismatch } from './certificate-errors.ts'
export { CERTIFICATE_TEXT_LENGTH_MAX, pemOf, readCertificates, readPrivateKey } from './certificate-pem.ts'
export { PKCS12_BYTES_MAX, readPkcs12 } from './certificate-pkcs12.ts'
export { hashOfToken, idOfToken, newCheckedToken } from './checked-tokens.ts'
export { hkdf, hmacSha256 } from './derivation.ts'
export { createSha256, type Sha256, sha256, sha256Hex } from './digests.ts'
export {
  agreementKeyOf,
  type Exporter,
  openFrom,
  sealTo,
} from './hpke.ts'
export { openResponse, sealResponse } from './hpke-response.ts'
export { fingerprint, thumbprint } from './key-names.ts'
export {
  type AgreementKey,
  generateStoredKeyPair,
  loadAgreementKey,
  loadSigningKey,
  type SigningKey,
  type StoredKeyPair,
} from './keys.ts'
export { type IssuedLeaf, issueLeaf } from './leaf.ts'
export { createHandshake, type Handshake, type HandshakeOptions, type TransportKeys } from './noise.ts'
export { noiseP256 } from './noise-p256.ts'
export type { PatternName } from './noise-patterns.ts'
export type { DhKeyPair, NoiseSuite } from './noise-suite.ts'
export { keyOfPassphrase, PASSPHRASE_COST } from './passphrase.ts'
export type { PublicKeyBytes } from './points.ts'
export { openStream, sealStream } from './sealed-stream.ts'
export {
  type CertificateFacts,
  certificateCovers,
  certificateFacts,
  checkServerCertificate,
  isPair,
  orderedChain,
} from './server-certificate.ts'
export { importVerifyKey, sign, verify } from './signatures.ts'
export { importWrappingKey, rewrap, unwrap, type WrapBinding, type WrappingKey, wrap } from './wrap.ts'
