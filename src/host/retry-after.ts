/** `Retry-After` (RFC 9110 §10.2.3): seconds, or a date by the clock of the server, which may be another than ours. */

/** Milliseconds to wait; `undefined` where nothing is said that can be read. */
export function retryAfterMs(headers: Readonly<Record<string, string>>, nowMs: number): number | undefined {
  const after = headers['retry-after']?.trim() ?? ''
  if (/^\d{1,9}$/.test(after)) return Number(after) * 1_000
  const untilMs = Date.parse(after)
  if (Number.isNaN(untilMs)) return undefined
  const theirNowMs = Date.parse(headers['date'] ?? '')
  return Math.max(0, untilMs - (Number.isNaN(theirNowMs) ? nowMs : theirNowMs))
}
