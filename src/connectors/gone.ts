/**
 * Which records are gone where they came from. A census finds those that the dataset has and the site no longer shows; each is asked for
 * by itself then, since pages shift while they are read.
 */
import { utf8 } from '../base/mod.ts'
import type { PullContext, PulledPage } from './definition.ts'

/** What datasets read as keys of records to remove. */
const REMOVALS_TYPE = 'application/vnd.sluice.removals+json'
/** 500,000 keys × ~80 B = 40 MB. */
export const CENSUS_KEYS_MAX = 500_000
/** That each is asked for by itself; those beyond are found by the next census. */
export const REMOVALS_MAX = 1_000
/** More than half at once, and more than these, is rather a permission that changed. */
const PLAUSIBLE_SHARE = 0.5
const PLAUSIBLE_REMOVALS = 20
const HOUR_MS = 3_600_000
const DAY_MS = 86_400_000

type Census = {
  known: AsyncIterable<readonly string[]>
  /** Begun only after all that is known was read: what is found only after it is not missed by it. */
  shown: () => AsyncIterable<string>
  isThere: (key: string) => Promise<boolean>
  warn: PullContext['warn']
  /** What they are, as in `issues of ABC`. */
  what: string
}

/** Keys of those that are gone; none, with a warning, where there are implausibly many. */
export async function goneKeys({ known, shown, isThere, warn, what }: Census): Promise<string[]> {
  const missing = new Set<string>()
  let count = 0
  for await (const keys of known) {
    for (const one of keys) if (missing.size < CENSUS_KEYS_MAX) missing.add(one)
    count += keys.length
  }
  if (count === 0) return []
  for await (const key of shown()) missing.delete(key)
  if (missing.size > PLAUSIBLE_REMOVALS && missing.size > count * PLAUSIBLE_SHARE) {
    warn(
      'connector.removals_implausible',
      `${missing.size} of ${count} ${what} seem to be gone: nothing of it was removed.`,
    )
    return []
  }
  const gone: string[] = []
  for (const key of [...missing].slice(0, REMOVALS_MAX)) if (!(await isThere(key))) gone.push(key)
  return gone
}

/** The document that removes them; `field` is that of the shape's key. */
export function removalsPage(
  keys: readonly string[],
  fileName: string,
  cursor: unknown,
  field: 'key' | 'id' = 'key',
): PulledPage {
  const content = utf8(JSON.stringify({ removals: keys.map((key) => ({ [field]: key })) }))
  return { ...{ content, contentType: REMOVALS_TYPE, fileName, records: 0, removed: keys.length }, cursor }
}

/** Whether it is to be looked for what is gone. A run of every day begins a little earlier or later. */
export function isCensusDue(
  deletions: 'never' | 'daily' | 'every-run',
  censusAtMs: number | undefined,
  nowMs: number,
): boolean {
  if (deletions === 'never') return false
  return deletions === 'every-run' || censusAtMs === undefined || nowMs - censusAtMs >= DAY_MS - HOUR_MS
}
