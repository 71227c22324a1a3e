/** Times as tools write them, as RFC 3339 in UTC. */
import { rfc3339 } from '../../base/mod.ts'

const ISO = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?\s?(?:(Z)|([+-]\d\d)(?::?(\d\d))?)?$/i

/** `11/May/24 3:26 PM` and its like, in which Jira writes times unless told otherwise. */
const NAMED_MONTH = /^(\d{1,2})[/ -]([A-Za-z]{3})[/ -](\d{4}|\d\d)(?:,? (\d{1,2}):(\d\d)(?::(\d\d))?(?: ?([AP])M)?)?$/i

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']

/** Counted in seconds, times before this are until the year 5138; in milliseconds they are those of the first three years. */
const SECONDS_MAX = 100_000_000_000

/** An ISO 8601 time with a date, to the millisecond; one that names no zone is taken as UTC. `undefined` for anything else. */
export function instantOf(text: string): string | undefined {
  const found = ISO.exec(text.trim())
  if (!found) return undefined
  const [, date, minutes, seconds = '00', fraction = '', z, hoursOff, minutesOff = '00'] = found
  const zone = z || hoursOff === undefined ? 'Z' : `${hoursOff}:${minutesOff}`
  return written(Date.parse(`${date}T${minutes}:${seconds}.${fraction.padEnd(3, '0').slice(0, 3)}${zone}`))
}

/** The same, or a time with the month's English name. Days and months by number alone are not guessed at. */
export function jiraInstantOf(text: string): string | undefined {
  const found = NAMED_MONTH.exec(text.trim())
  if (!found) return instantOf(text)
  const [, day, name = '', year = '', hours = '0', minutes = '0', seconds = '0', half] = found
  const month = MONTHS.indexOf(name.toLowerCase())
  if (month === -1) return undefined
  const hour = half === undefined ? Number(hours) : (Number(hours) % 12) + (half.toLowerCase() === 'p' ? 12 : 0)
  const fullYear = year.length === 2 ? 2000 + Number(year) : Number(year)
  return written(Date.UTC(fullYear, month, Number(day), hour, Number(minutes), Number(seconds)))
}

/** A time since 1970 in milliseconds, or in seconds as older tools have it. */
export function instantOfEpoch(value: number): string | undefined {
  return value > 0 ? written(value < SECONDS_MAX ? value * 1_000 : value) : undefined
}

function written(epochMs: number): string | undefined {
  const inRange = Number.isFinite(epochMs) && Math.abs(epochMs) <= 8.64e15
  const text = inRange ? rfc3339(epochMs) : ''
  // Years beyond four digits are written with a sign, which RFC 3339 has not.
  return /^\d/.test(text) ? text : undefined
}
