/** Times and spans of time as people type them. */
import { rfc3339 } from '../base/mod.ts'

const UNIT_MS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 }

/** `90m`, `2h`, `7d` → milliseconds; `undefined` for anything else. */
export function spanMs(text: string): number | undefined {
  const [, count, unit = ''] = /^(\d{1,6})([mhd])$/.exec(text) ?? []
  const unitMs = UNIT_MS[unit]
  return count === undefined || unitMs === undefined ? undefined : Number(count) * unitMs
}

/** How long ago (`2h`) becomes the time that it was, in RFC 3339; anything else is for the server to judge. */
export function timeOf(text: string | undefined, nowMs: number): string | undefined {
  const ago = text === undefined ? undefined : spanMs(text)
  return ago === undefined ? text : rfc3339(nowMs - ago)
}

/** Help of flags that take a time. */
export const TIME_HELP = 'a date, a time as 2026-01-31T12:00:00Z, or how long ago: 90m, 2h, 7d'
