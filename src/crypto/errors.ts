/** What cryptography refuses, by name. Messages never carry key bytes, plaintext or what exactly failed inside a cipher. */
import { AppError } from '../base/mod.ts'

/** A public key is not an uncompressed point of P-256 (65 bytes, 04‖X‖Y, on the curve). */
export class PointMalformed extends AppError {
  override readonly code = 'crypto.point_malformed' as const
  override readonly advice = 'Send the public key as 65 bytes: 04, then X and Y of a point on P-256.'
}

/** A private or secret key has the wrong form or length, or does not belong to its public key. */
export class KeyMalformed extends AppError {
  override readonly code = 'crypto.key_malformed' as const
  override readonly advice = 'Check that the key was copied whole and belongs to this use.'
}

/** A nonce, length or context lies outside what the algorithm takes. */
export class InputMalformed extends AppError {
  override readonly code = 'crypto.input_malformed' as const
}

/** Sealed bytes were changed, cut, made under another key, or bound to something else. Which of these it was cannot be told. */
export class NotAuthentic extends AppError {
  override readonly code = 'crypto.not_authentic' as const
  override readonly advice = 'The sealed bytes were changed, or they belong to another key, purpose or id.'
}

/** A key was used after it had been erased: a fault of Sluice. */
export class KeyErased extends AppError {
  override readonly code = 'crypto.key_erased' as const
  override readonly kind = 'internal' as const
}

/** A handshake message is not what the pattern and keys demand. The handshake is over; one same answer for every reason. */
export class HandshakeRefused extends AppError {
  override readonly code = 'noise.message_refused' as const
  override readonly kind = 'unauthenticated' as const
  override readonly advice = 'Check that both ends name the same bridge, generation, keys and shared secret.'
}

/** A handshake was given the wrong keys for its pattern, or was called out of turn: a fault of Sluice. */
export class HandshakeMisused extends AppError {
  override readonly code = 'noise.misused' as const
  override readonly kind = 'internal' as const
}

/** A certificate or its private key cannot be read, or the two do not belong together. */
export class CertificateMalformed extends AppError {
  override readonly code = 'certificate.malformed' as const
  override readonly advice = 'Give one PEM certificate of a P-256 authority and its own private key.'
}

/** A name or address cannot stand in a certificate. */
export class CertificateNameMalformed extends AppError {
  override readonly code = 'certificate.name_malformed' as const
  override readonly advice = 'Give DNS names of letters, digits, dots and hyphens, and plain IPv4 or IPv6 addresses.'
}

/** The authority that should sign has itself expired. */
export class CertificateExpired extends AppError {
  override readonly code = 'certificate.authority_expired' as const
  override readonly kind = 'unavailable' as const
  override readonly advice = 'Make a new authority and hand its certificate to the peers, or correct the clock.'
}
