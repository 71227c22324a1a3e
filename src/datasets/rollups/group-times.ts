/**
 * Times put into hours, days, weeks or months of a zone. The database cuts each record's time down to the beginning of a piece of which all
 * is in the same bucket, by comparing texts, and the few pieces are put into their buckets here: calendars for each record cost thrice that.
 */
import { rfc3339, type TimeZone } from '../../base/mod.ts'
import type { SqlResult } from '../../store/mod.ts'
import type { Bucket } from '../../wire/mod.ts'

const DAY_MS = 86_400_000
const HOUR_MS = 3_600_000
const DAY = /^\d{4}-\d{2}-\d{2}/
/** A year of a zone may begin a day before that of UTC. */
const YEAR_ENDS_MS = 3 * DAY_MS
/** Buckets of pieces that are remembered, some 100 B each. */
const KNOWN_MAX = 100_000

export class GroupTimes {
  readonly #bucket: Bucket
  readonly #zone: TimeZone | undefined
  readonly #years = new Set<number>()
  /** Into the day, or the hour where those are asked for; every piece begins at one. */
  readonly #cutsMs = new Set([0])
  readonly #known = new Map<string, string | null>()

  /** Without a zone it is UTC, whose days are those of the texts. */
  constructor(bucket: Bucket, zone: TimeZone | undefined) {
    this.#bucket = bucket
    this.#zone = zone
  }

  /** The piece that a time is in. */
  sql(expression: string): string {
    const isHour = this.#bucket === 'hour'
    if (!this.#zone) return `substr(${expression}, 1, ${isHour ? 13 : 10})`
    const within = isHour ? `substr(${expression}, 15, 5)` : `substr(${expression}, 12, 8)`
    const cuts = [...this.#cutsMs]
      .sort((one, other) => one - other)
      .map((ms) => rfc3339(ms).slice(isHour ? 14 : 11, 19))
    const before = cuts.slice(1).map((cut, at) => ` WHEN ${within} < '${cut}' THEN '${cuts[at]}'`)
    const cut = before.length === 0 ? `'${cuts[0]}'` : `CASE${before.join('')} ELSE '${cuts.at(-1)}' END`
    return `substr(${expression}, 1, ${isHour ? 14 : 11}) || ${cut}`
  }

  /** Whether pieces were cut where the clocks of the zone need it; if not they are from now on, and must be asked for again. */
  wereCut(pieces: Iterable<SqlResult | undefined>): boolean {
    const zone = this.#zone
    if (!zone) return true
    const size = this.#cutsMs.size
    for (const piece of pieces) {
      if (typeof piece !== 'string' || !isInstant(piece)) continue
      const year = Number(piece.slice(0, 4))
      if (this.#years.has(year)) continue
      this.#years.add(year)
      this.#cutFor(zone, yearMs(year) - YEAR_ENDS_MS, yearMs(year + 1) + YEAR_ENDS_MS)
    }
    return this.#cutsMs.size === size
  }

  /** The bucket of a piece, so that buckets sort by time; null for what is no time. */
  bucketOf(piece: SqlResult): string | null {
    if (typeof piece !== 'string' || !DAY.test(piece)) return null
    const known = this.#known.get(piece)
    if (known !== undefined) return known
    const bucket = this.#bucketOf(piece)
    if (this.#known.size >= KNOWN_MAX) this.#known.clear()
    this.#known.set(piece, bucket)
    return bucket
  }

  /** A bucket as an answer has it: an hour of a zone with what its clocks were from UTC, as one is there twice a year. */
  given(bucket: unknown): unknown {
    return this.#zone && this.#bucket === 'hour' && typeof bucket === 'string'
      ? bucket.slice(bucket.indexOf(' ') + 1)
      : bucket
  }

  #bucketOf(piece: string): string | null {
    if (this.#bucket === 'hour') return this.#hourOf(piece)
    const day =
      this.#zone && isInstant(piece) ? localText(instantOf(piece), this.#zone)?.slice(0, 10) : piece.slice(0, 10)
    if (day === undefined) return null
    if (this.#bucket === 'day') return day
    return this.#bucket === 'month' ? `${day.slice(0, 7)}-01` : mondayOf(day)
  }

  #hourOf(piece: string): string | null {
    if (!this.#zone) return /T\d{2}$/.test(piece) ? `${piece}:00Z` : null
    const local = isInstant(piece) ? localText(instantOf(piece), this.#zone) : undefined
    if (local === undefined) return null
    const offset = offsetText(this.#zone.offsetMs(instantOf(piece)))
    // The hour may have begun before the clocks were changed to it.
    const begun = instantOf(`${local.slice(0, 13)}:00:00`) - this.#zone.offsetMs(instantOf(piece))
    return `${rfc3339(begun)} ${local.slice(0, 13)}:00${offset}`
  }

  /** Where its days, or hours, begin, and where its clocks change, which need not be at either. */
  #cutFor(zone: TimeZone, fromMs: number, toMs: number): void {
    const roundMs = this.#bucket === 'hour' ? HOUR_MS : DAY_MS
    const changes = zone.changes(fromMs, toMs)
    for (const ms of [...changes, ...[fromMs, ...changes].map((atMs) => -zone.offsetMs(atMs))])
      this.#cutsMs.add(((ms % roundMs) + roundMs) % roundMs)
  }
}

function yearMs(year: number): number {
  return instantOf(`${String(Math.min(Math.max(year, 1), 9_998)).padStart(4, '0')}-01-01T00:00:00`)
}

/** A date alone is that date in every zone. */
function isInstant(piece: string): boolean {
  return piece[10] === 'T' && DAY.test(piece)
}

function instantOf(text: string): number {
  return Date.parse(`${text.slice(0, 19)}Z`)
}

function localText(atMs: number, zone: TimeZone): string | undefined {
  return Number.isNaN(atMs) ? undefined : rfc3339(atMs + zone.offsetMs(atMs))
}

/** `+05:45`; to the second only where clocks went by the sun. */
function offsetText(ms: number): string {
  const text = rfc3339(Math.abs(ms)).slice(11, 19)
  return `${ms < 0 ? '-' : '+'}${text.endsWith(':00') ? text.slice(0, 5) : text}`
}

/** As the database reckons: a 31st of a shorter month is a day of the next. */
function mondayOf(day: string): string | null {
  const [year = 0, month = 0, date = 0] = day.split('-').map(Number)
  if (month < 1 || month > 12 || date < 1 || date > 31) return null
  const begun = new Date(0)
  begun.setUTCFullYear(year, month - 1, date)
  begun.setUTCDate(begun.getUTCDate() - weekday(begun))
  return begun.toISOString().slice(0, 10)
}

/** Monday is 0. */
function weekday(day: Date): number {
  return (day.getUTCDay() + 6) % 7
}
