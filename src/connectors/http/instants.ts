/** Times as APIs write them. */

const ISO = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?)?$/
/** Larger numbers are milliseconds, smaller ones seconds: this one is a day of 5138, or of 1973. */
const SECONDS_MAX = 100_000_000_000

/** Milliseconds since 1970 of a text of ISO 8601, in UTC where it names no zone, or of a number of seconds or milliseconds. */
export function instantMs(value: unknown): number | undefined {
  if (typeof value === 'number')
    return value >= 0 && value < 8.64e15 ? Math.floor(value < SECONDS_MAX ? value * 1_000 : value) : undefined
  if (typeof value !== 'string' || value.length > 40) return undefined
  if (/^\d{9,13}$/.test(value)) return instantMs(Number(value))
  if (!ISO.test(value)) return undefined
  const whole = value.replace(' ', 'T').replace(/([+-]\d\d)(\d\d)$/, '$1:$2')
  const ms = Date.parse(whole.length > 10 && !/(?:Z|[+-]\d\d:\d\d)$/.test(whole) ? `${whole}Z` : whole)
  return Number.isNaN(ms) || ms < 0 ? undefined : ms
}

/** The same as RFC 3339 in UTC; `undefined` for what is no time. */
export function utcTime(value: unknown): string | undefined {
  const ms = instantMs(value)
  return ms === undefined ? undefined : new Date(ms).toISOString()
}
