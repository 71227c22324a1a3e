/** What is wrong with a certificate that somebody brings: each fault has its own name. No message holds a key or a passphrase. */
import { AppError } from '../base/mod.ts'

/** There is no certificate in what was given, or one cannot be read. */
export class CertificateUnreadable extends AppError {
  override readonly code = 'certificate.unreadable' as const
  override readonly advice =
    'Give PEM (-----BEGIN CERTIFICATE-----), the server’s own certificate first, or a PKCS#12 file.'
}

/** There is no private key in what was given, more than one, or it cannot be read. */
export class CertificateKeyUnreadable extends AppError {
  override readonly code = 'certificate.key_unreadable' as const
  override readonly advice =
    'Give one private key in PEM. A key that cannot be read is rewritten by: openssl pkey -in KEY -out NEW -aes256.'
}

/** The key or the PKCS#12 file is encrypted, and the passphrase is missing or wrong. */
export class CertificatePassphraseWrong extends AppError {
  override readonly code = 'certificate.passphrase_wrong' as const
  override readonly advice = 'Give the passphrase with which the file was written.'
}

/** The PKCS#12 file cannot be read: it is none, it was changed, or it has no key or no certificate. */
export class Pkcs12Unreadable extends AppError {
  override readonly code = 'certificate.pkcs12_unreadable' as const
  override readonly advice = 'Export the certificate again, with its private key.'
}

/** The PKCS#12 file is encrypted in the old way (3DES, RC2), which is not read here. */
export class Pkcs12Old extends AppError {
  override readonly code = 'certificate.pkcs12_old' as const
  override readonly advice =
    'Rewrite it: openssl pkcs12 -legacy -in OLD.p12 -noenc | openssl pkcs12 -export -out NEW.p12 — then give NEW.p12.'
}

/** The private key belongs to another certificate. */
export class CertificateKeyMismatch extends AppError {
  override readonly code = 'certificate.key_mismatch' as const
  override readonly advice = 'Give the key from which the certificate was requested.'
}

/** A certificate between the server's own and a root is missing. */
export class CertificateChainIncomplete extends AppError {
  override readonly code = 'certificate.chain_incomplete' as const
  override readonly advice = 'Add the certificates of the authorities in between, each after the one that it signed.'
}

/** The certificates belong together, but not in this order. */
export class CertificateChainOrder extends AppError {
  override readonly code = 'certificate.chain_order' as const
  override readonly advice = 'Put the server’s own certificate first and each authority after the one that it signed.'
}

/** The time of a certificate is over. */
export class CertificateOver extends AppError {
  override readonly code = 'certificate.expired' as const
  override readonly advice = 'Have it renewed, or correct the clock of this machine.'
}

/** The time of a certificate has not begun. */
export class CertificateNotYet extends AppError {
  override readonly code = 'certificate.not_yet_valid' as const
  override readonly advice = 'Wait until it is valid, or correct the clock of this machine.'
}

/** A key is too short, or a signature stands on a hash that can be forged. */
export class CertificateWeak extends AppError {
  override readonly code = 'certificate.weak' as const
  override readonly advice =
    'Have it issued anew with RSA of 2048 bits or more, or P-256 or P-384, and SHA-256 or better.'
}

/** The certificate is not one for a TLS server. */
export class CertificateUseWrong extends AppError {
  override readonly code = 'certificate.use_wrong' as const
  override readonly advice = 'Have a server certificate issued (extended key usage: TLS web server authentication).'
}

/** The certificate does not name the host under which this server is reached. */
export class CertificateNameMismatch extends AppError {
  override readonly code = 'certificate.name_mismatch' as const
  override readonly kind = 'conflict' as const
  override readonly advice =
    'Have it issued for that name, or insist: for names that it lacks, the self-signed certificate stays in use.'
}
