/** Certificates and private keys out of PEM text (RFC 7468), as people paste it: with words between the blocks, in any order. */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { CertificateKeyUnreadable, CertificatePassphraseWrong, CertificateUnreadable } from './certificate-errors.ts'

/** A chain of 8 certificates of 8 KiB and a key fit four times. */
export const CERTIFICATE_TEXT_LENGTH_MAX = 262_144
/** The server's own, four authorities and a root; what is longer is a bundle of roots. */
const CERTIFICATES_MAX = 8
/** Longer than any that a person or a generator makes; it is hashed thousands of times. */
const PASSPHRASE_LENGTH_MAX = 1_024

const BLOCK = /-----BEGIN ([A-Z0-9 ]{1,40})-----[\s\S]*?-----END \1-----/g

/**
 * The certificates in a text, in its order (1 to 8).
 * Refuses `certificate.unreadable` when there is none, more, or one is none.
 */
export function readCertificates(text: string): X509Certificate[] {
  const blocks = blocksOf(text).filter(({ label }) => label === 'CERTIFICATE' || label === 'X509 CERTIFICATE')
  if (blocks.length === 0) throw new CertificateUnreadable('there is no certificate in what was given')
  if (blocks.length > CERTIFICATES_MAX)
    throw new CertificateUnreadable(`a chain has at most ${CERTIFICATES_MAX} certificates, not ${blocks.length}`)
  return blocks.map(({ pem }, index) => {
    try {
      return new X509Certificate(pem)
    } catch (cause) {
      throw new CertificateUnreadable(`certificate ${index + 1} cannot be read`, { cause })
    }
  })
}

/**
 * The one private key in a text: PKCS #8, PKCS #1 or SEC 1, encrypted or not.
 * Refuses `certificate.key_unreadable` and `certificate.passphrase_wrong`.
 */
export function readPrivateKey(text: string, passphrase?: string): KeyObject {
  const [block, ...more] = blocksOf(text).filter(({ label }) => label.endsWith('PRIVATE KEY'))
  if (!block) throw new CertificateKeyUnreadable('there is no private key in what was given')
  if (more.length > 0) throw new CertificateKeyUnreadable('there is more than one private key in what was given')
  if ((passphrase?.length ?? 0) > PASSPHRASE_LENGTH_MAX)
    throw new CertificatePassphraseWrong('the passphrase is too long')
  const encrypted = block.label === 'ENCRYPTED PRIVATE KEY' || /^Proc-Type:.*ENCRYPTED/m.test(block.pem)
  if (encrypted && !passphrase) throw new CertificatePassphraseWrong('the private key is encrypted')
  try {
    return createPrivateKey({ key: block.pem, format: 'pem', ...(encrypted && { passphrase: passphrase ?? '' }) })
  } catch (cause) {
    // Its cause may quote what was read.
    if (encrypted && !/UNSUPPORTED|UNKNOWN/i.test(wordsOf(cause)))
      throw new CertificatePassphraseWrong('the passphrase does not open the key')
    throw new CertificateKeyUnreadable(
      encrypted ? 'the private key is encrypted in a way that is not read here' : 'the private key cannot be read',
    )
  }
}

/** One certificate or several as PEM text, in their order. */
export function pemOf(certificates: readonly X509Certificate[]): string {
  return certificates.map((certificate) => `${certificate.toString().trim()}\n`).join('')
}

/** Bytes as one block, lines of 64 characters; the counterpart of reading it. */
export function pemBlock(label: string, bytes: Uint8Array): string {
  const base64 = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
  return [`-----BEGIN ${label}-----`, ...(base64.match(/.{1,64}/g) ?? []), `-----END ${label}-----`, ''].join('\n')
}

function blocksOf(text: string): { label: string; pem: string }[] {
  if (text.length > CERTIFICATE_TEXT_LENGTH_MAX) throw new CertificateUnreadable('what was given is too long')
  return [...text.replace(/\r\n?/g, '\n').matchAll(BLOCK)].map(([pem, label = '']) => ({ label, pem: `${pem}\n` }))
}

function wordsOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : ''
}
