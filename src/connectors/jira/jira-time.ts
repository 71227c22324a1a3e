/** Times as Jira writes them, and as JQL reads them: by the minute, in the time zone of who asks. */

export const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000

/** Milliseconds since 1970 of `2026-01-02T03:04:05.678+0100`; `undefined` for anything else. */
export function instantOf(text: unknown): number | undefined {
  if (typeof text !== 'string' || text.length > 40) return undefined
  const ms = Date.parse(text.replace(/([+-]\d\d)(\d\d)$/, '$1:$2'))
  return Number.isNaN(ms) ? undefined : ms
}

/** Without seconds. */
function minuteOf(ms: number): number {
  return Math.floor(ms / MINUTE_MS) * MINUTE_MS
}

/** `"2026-01-02 03:04"` in that zone. Where clocks were set back a time comes twice: then it is that of an hour or two before. */
export function jqlTime(ms: number, timeZone: string): string {
  const isNearChange = offsetOf(ms, timeZone) !== offsetOf(ms - 2 * HOUR_MS, timeZone)
  const { year, month, day, hour, minute } = partsOf(isNearChange ? ms - 2 * HOUR_MS : ms, timeZone)
  return `"${year}-${month}-${day} ${hour}:${minute}"`
}

/** Whether the host knows the zone. */
export function isTimeZone(timeZone: unknown): timeZone is string {
  try {
    return typeof timeZone === 'string' && new Intl.DateTimeFormat('en', { timeZone }) instanceof Intl.DateTimeFormat
  } catch {
    return false
  }
}

function offsetOf(ms: number, timeZone: string): number {
  const { year, month, day, hour, minute } = partsOf(ms, timeZone)
  return Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute)) - minuteOf(ms)
}

function partsOf(ms: number, timeZone: string) {
  const digits = { year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit' } as const
  const format = new Intl.DateTimeFormat('en-GB', { timeZone, hourCycle: 'h23', calendar: 'gregory', ...digits })
  const found = Object.fromEntries(format.formatToParts(ms).map(({ type, value }) => [type, value]))
  const { year = '1970', month = '01', day = '01', hour = '00', minute = '00' } = found
  return { year: year.padStart(4, '0'), month, day, hour, minute }
}
