/**
 * How a site says that it was asked too often, and for how long it wants to be left alone: 429, 503 and `Retry-After` (RFC 9110, RFC
 * 6585), and the headers by which GitHub, GitLab and many others tell when a limit begins anew.
 */
import { retryAfterMs } from '../../host/mod.ts'

type Headers = Readonly<Record<string, string>>

/** Where a limit was met and nothing says until when, GitHub asks for a minute. */
const UNSAID_MS = 60_000
/** Smaller numbers are seconds from now, larger ones since 1970. */
const EPOCH_SECONDS_MIN = 1_000_000_000
const REMAINING = ['x-ratelimit-remaining', 'ratelimit-remaining', 'x-rate-limit-remaining']
const RESET = ['x-ratelimit-reset', 'ratelimit-reset', 'x-rate-limit-reset']

/** Whether an answer means that: 429, or 403 of a limit and not of a permission. `said`: what it has for people. */
export function isThrottled(status: number, headers: Headers, said: string): boolean {
  if (status === 429) return true
  return status === 403 && ('retry-after' in headers || isSpent(headers) || /\brate limit/i.test(said))
}

/** Milliseconds to wait, by the site's own clock; `undefined` where nothing is said. */
export function throttledMs(status: number, headers: Headers, nowMs: number): number | undefined {
  const after = retryAfterMs(headers, nowMs)
  if (after !== undefined) return after
  const until = status === 429 || isSpent(headers) ? resetMs(headers, nowMs) : undefined
  return until ?? (status === 403 ? UNSAID_MS : undefined)
}

function isSpent(headers: Headers): boolean {
  return headerNamed(headers, REMAINING)?.trim() === '0'
}

function resetMs(headers: Headers, nowMs: number): number | undefined {
  const text = headerNamed(headers, RESET)?.trim() ?? ''
  if (!/^\d{1,11}$/.test(text)) return undefined
  const seconds = Number(text)
  if (seconds < EPOCH_SECONDS_MIN) return seconds * 1_000
  const theirNowMs = Date.parse(headers['date'] ?? '')
  return Math.max(0, seconds * 1_000 - (Number.isNaN(theirNowMs) ? nowMs : theirNowMs))
}

function headerNamed(headers: Headers, names: readonly string[]): string | undefined {
  return names.map((name) => headers[name]).find((value) => value !== undefined)
}
