/** What the overview says of certificates: an end that comes near or has come, a renewal that fails. */
import { nounFor } from '../../base/mod.ts'
import type { Certificates, CertificateWarning } from '../../certificates/mod.ts'
import type { AttentionLine } from '../attention.ts'

/** One line for each warning. */
export function certificateLines(certificates: Pick<Certificates, 'warnings'>): AttentionLine[] {
  return certificates.warnings().map((warning) => ({
    id: warning.code,
    state: warning.level === 'bad' ? 'failed' : 'late',
    what: wordsOf(warning),
    effect: EFFECTS[warning.code],
    cure: { label: 'Certificates', href: '/settings/certificates' },
  }))
}

const EFFECTS: Readonly<Record<CertificateWarning['code'], string>> = {
  'certificate.ends_soon': 'Browsers and commands will refuse this Runtime then. Bridges and the Platform go on.',
  'certificate.expired': 'Browsers and commands refuse this Runtime. Bridges and the Platform go on.',
  'certificate.not_yet_valid': 'Browsers and commands refuse this Runtime. See whether its clock is right.',
  'certificate.renewal_fails': 'The certificate in use goes on until it ends; it is tried again by itself.',
  'certificate.unusable': 'The self-signed certificate is shown in its place.',
}

function wordsOf({ code, daysLeft = 0 }: CertificateWarning): string {
  if (code === 'certificate.expired') return 'The certificate of this Runtime has expired'
  if (code === 'certificate.not_yet_valid') return 'The certificate of this Runtime is not valid yet'
  if (code === 'certificate.renewal_fails') return 'The certificate could not be renewed by ACME'
  if (code === 'certificate.unusable') return 'The certificate that was installed cannot be used'
  const when = daysLeft < 1 ? 'within a day' : `in ${daysLeft} ${nounFor(daysLeft, 'day')}`
  return `The certificate of this Runtime ends ${when}`
}
