/** What is worth a word about a site's clock. */
import type { SiteClient } from './site-client.ts'

/** Clocks that differ by more are worth it. */
const SKEW_MS = 120_000

/** A sentence or none, by what the site answered last. */
export function clockWords(http: SiteClient): string[] {
  const skewMs = http.aheadMs()
  if (Math.abs(skewMs) <= SKEW_MS) return []
  const seconds = Math.round(Math.abs(skewMs) / 1_000)
  return [
    `The site’s clock is ${seconds} s ${skewMs > 0 ? 'ahead of' : 'behind'} this one. Pulls go by the site’s own.`,
  ]
}
