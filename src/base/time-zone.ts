/** Time zones, as this host knows them. */
export const TIME_ZONE_LENGTH_MAX = 64

const DAY_MS = 86_400_000
/** No zone changed its clocks before 1840, and calendars of hosts may differ long before that. */
const FIRST_CHANGE_MS = Date.UTC(1840, 0, 1)
/** Clocks that are changed for a month, as in Ramadan, are seen. */
const CHANGE_DAYS_MIN = 5
const SECOND_MS = 1_000

/** A time zone by its IANA name: how far its clocks are from UTC, and when they change. */
export class TimeZone {
  readonly name: string
  readonly #format: Intl.DateTimeFormat

  /** Throws a `RangeError` for what is no zone of this host: ask `isTimeZone` first. */
  constructor(name: string) {
    this.name = name
    const two = '2-digit'
    this.#format = new Intl.DateTimeFormat('en-US', {
      ...{ timeZone: name, hourCycle: 'h23', calendar: 'gregory', numberingSystem: 'latn' },
      ...{ year: 'numeric', month: two, day: two, hour: two, minute: two, second: two },
    })
  }

  /** What its clocks show less what UTC's show, at an instant (ms since 1970). */
  offsetMs(atMs: number): number {
    const second = Math.floor(Math.max(atMs, FIRST_CHANGE_MS) / SECOND_MS) * SECOND_MS
    const parts: Partial<Record<Intl.DateTimeFormatPartTypes, string>> = {}
    for (const { type, value } of this.#format.formatToParts(second)) parts[type] = value
    const { year, month, day, hour, minute, second: seconds } = parts
    const shown = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(seconds))
    return shown - second
  }

  /** The instants at which its clocks change, after the first and up to the second of these. */
  changes(fromMs: number, toMs: number): number[] {
    const found: number[] = []
    for (let low = fromMs; low < toMs; ) {
      const high = Math.min(low + CHANGE_DAYS_MIN * DAY_MS, toMs)
      if (this.offsetMs(low) !== this.offsetMs(high)) found.push(this.#changeWithin(low, high))
      low = high
    }
    return found
  }

  /** The first instant of a day of its calendar, that a midnight of UTC stands for; of a day that was left out, that of the next. */
  beginsMs(dayMs: number): number {
    const hasBegun = (atMs: number) => atMs + this.offsetMs(atMs) >= dayMs
    const around = this.changes(dayMs - 2 * DAY_MS, dayMs + 2 * DAY_MS)
    const offsets = [dayMs - 2 * DAY_MS, ...around].map((atMs) => this.offsetMs(atMs))
    const candidates = [...around, ...offsets.map((offset) => dayMs - offset)]
    return Math.min(...candidates.filter((atMs) => hasBegun(atMs) && !hasBegun(atMs - SECOND_MS)))
  }

  #changeWithin(lowMs: number, highMs: number): number {
    let [low, high] = [lowMs, highMs]
    const before = this.offsetMs(low)
    while (high - low > SECOND_MS) {
      const middle = Math.floor((low + high) / 2 / SECOND_MS) * SECOND_MS
      if (this.offsetMs(middle) === before) low = middle
      else high = middle
    }
    return high
  }
}

/** Whether this host knows a zone of that name. */
export function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z][\w+/-]*$/.test(name) || name.length > TIME_ZONE_LENGTH_MAX) return false
  try {
    return new TimeZone(name).name !== ''
  } catch (error) {
    if (error instanceof RangeError) return false
    throw error
  }
}
