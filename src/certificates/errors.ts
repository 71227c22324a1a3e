/** What can go wrong while certificates are kept and fetched, by name. */
import { AppError } from '../base/mod.ts'

/** There is no certificate of the owner's to be removed. */
export class OwnCertificateMissing extends AppError {
  override readonly code = 'certificate.none' as const
  override readonly kind = 'not_found' as const
  override readonly advice = 'The self-signed certificate is in use already.'
}

/** What was given is neither PEM nor PKCS#12, or both. */
export class CertificateInputUnclear extends AppError {
  override readonly code = 'certificate.input_unclear' as const
  override readonly advice = 'Give a certificate chain and its key in PEM, or one PKCS#12 file.'
}

/** The certificate authority cannot be reached, or does not answer as one. */
export class AcmeUnreachable extends AppError {
  override readonly code = 'acme.unreachable' as const
  override readonly kind = 'unavailable' as const
  override readonly advice =
    'Check the address of the directory, and that this host reaches it; private ones need their CA.'
}

/** The certificate authority refused an account, an order or a proof. */
export class AcmeRefused extends AppError {
  override readonly code = 'acme.refused' as const
  override readonly kind = 'unavailable' as const
  override readonly advice =
    'The authority must reach this host by the names asked for, on port 80; its words say what it found.'
}

/** A name for which no public authority issues certificates in this way. */
export class AcmeNameUnfit extends AppError {
  override readonly code = 'acme.name_unfit' as const
  override readonly advice = 'Give 1 to 20 DNS names, without wildcards, under which this host is reached.'
}
