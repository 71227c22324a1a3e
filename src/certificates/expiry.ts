/** When a certificate's end is worth a word: 30 days before, 7, 1, and after it. */
import type { CertificateFacts } from '../crypto/mod.ts'

const DAY_MS = 86_400_000
/** Days before the end at which its owner is told once more. */
const STEPS = [30, 7, 1] as const

export type CertificateWarning = {
  code:
    | 'certificate.ends_soon'
    | 'certificate.expired'
    | 'certificate.not_yet_valid'
    | 'certificate.renewal_fails'
    | 'certificate.unusable'
  level: 'warn' | 'bad'
  /** Whole days until the end; negative after it. */
  daysLeft: number | undefined
  /** The step of warning that is reached: 30, 7, 1 days, 0 after the end. */
  step?: number
}

/**
 * The warning that a certificate deserves at a moment, if any. One that ACME renews by itself is warned of only when that fails:
 * some authorities issue for six days.
 */
export function expiryWarning(
  { validFromMs, validToMs }: Pick<CertificateFacts, 'validFromMs' | 'validToMs'>,
  nowMs: number,
  acme: { failures: number } | undefined,
): CertificateWarning | undefined {
  const daysLeft = Math.floor((validToMs - nowMs) / DAY_MS)
  if (nowMs > validToMs) return { code: 'certificate.expired', level: 'bad', daysLeft, step: 0 }
  if (nowMs < validFromMs) return { code: 'certificate.not_yet_valid', level: 'bad', daysLeft, step: 0 }
  if (acme && acme.failures === 0) return undefined
  const step = STEPS.findLast((days) => validToMs - nowMs <= days * DAY_MS)
  return step === undefined
    ? undefined
    : { code: 'certificate.ends_soon', level: step <= 1 ? 'bad' : 'warn', daysLeft, step }
}
