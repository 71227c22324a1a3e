/** The whole log of all deployments, on the Runtime only: the newest are kept, the oldest make room; a page of it is found at once. */
import { setImmediate } from 'node:timers/promises'
import * as v from 'valibot'
import { type Bytes, utf8 } from '../base/mod.ts'
import { type Journal, JournalDamaged, type JournalEntry, JournalFull, readableAfter } from '../store/mod.ts'
import { AuditLog } from '../wire/mod.ts'
import { type LogFilter, LogIndex } from './logs/log-index.ts'

/** Entries in one answer; ≈ 200 B each. */
export const LOGS_PAGE_MAX = 1_000
/** 256 MiB ≈ 1,000,000 entries of ≈ 200 B with ≈ 60 B of their frame. */
export const LOG_BYTES_MAX = 268_435_456
/** Entries that one question may read from the disk: some 20 ms. One who wants to go further back asks again from there. */
export const ENTRIES_READ_MAX = 2_048
/** One that is read by itself costs as much as so many in a row. */
const ALONE = 4
/** Looked at together; where fewer than this share of them can match, they are read one by one. */
const BLOCK = 256
const SPARSE = 16

export type LogEntry = AuditLog & { position: number }
export type LogQuery = LogFilter & {
  limit: number
  /** Only entries after this position, the oldest first. */
  after?: number | undefined
  /** Only entries before this position, the newest that there are. */
  before?: number | undefined
  /** What an entry's code, component or fields have in them, small or capital. */
  text?: string | undefined
  /** From and until when, milliseconds since 1970. */
  sinceMs?: number | undefined
  untilMs?: number | undefined
}
/**
 * `entries`: the oldest first. `next`: the `after` of who wants what comes. `older`: the `before` of who wants to go on back, if there
 * may be more; then what was looked through reaches back to `reachedAt`. `unreadable`: how many that were looked at are damaged.
 */
export type LogPage = { entries: LogEntry[]; next: number; older?: number; reachedAt?: string; unreadable: number }

type Scan = { query: LogQuery; text: string | undefined; read: number; unreadable: number; entries: LogEntry[] }

export class LocalLogs {
  readonly #journal: Journal
  readonly #index = new LogIndex()

  constructor(journal: Journal) {
    this.#journal = journal
  }

  async add(entry: AuditLog): Promise<void> {
    const bytes = [utf8(JSON.stringify(entry))]
    const { first } = await this.#journal.append(bytes).catch(async (error) => {
      if (!(error instanceof JournalFull)) throw error
      const { firstPosition, nextPosition } = this.#journal
      await this.#journal.trim(firstPosition + Math.floor((nextPosition - firstPosition) / 4))
      this.#index.forgetBefore(this.#journal.firstPosition)
      return this.#journal.append(bytes)
    })
    this.#index.set(first, entry)
  }

  /** Entries after a position; without one, the last `limit` that match, of those that one question may look through. */
  async list(query: LogQuery): Promise<LogPage> {
    const limit = Math.min(query.limit, LOGS_PAGE_MAX)
    const text = query.text?.toLowerCase()
    const scan: Scan = { query: { ...query, limit }, text, read: 0, unreadable: 0, entries: [] }
    return query.after === undefined ? this.#backwards(scan) : this.#onwards(scan, query.after + 1)
  }

  /** The position of the newest entry. */
  get lastPosition(): number {
    return this.#journal.nextPosition - 1
  }

  close(): Promise<void> {
    return this.#journal.close()
  }

  async #onwards(scan: Scan, from: number): Promise<LogPage> {
    const end = this.#journal.nextPosition
    let at = Math.max(from, this.#journal.firstPosition)
    while (at < end && scan.entries.length < scan.query.limit && scan.read < ENTRIES_READ_MAX) {
      const to = Math.min(end, at + BLOCK)
      const found = await this.#matching(at, to, scan)
      const room = scan.query.limit - scan.entries.length
      scan.entries.push(...found.slice(0, room))
      const last = found.length > room ? scan.entries.at(-1)?.position : undefined
      at = last === undefined ? to : last + 1
    }
    return { entries: scan.entries, next: Math.max(from - 1, at - 1), unreadable: scan.unreadable }
  }

  async #backwards(scan: Scan): Promise<LogPage> {
    const { before, untilMs, sinceMs, limit } = scan.query
    const next = this.lastPosition
    const { firstPosition } = this.#journal
    const until = untilMs === undefined ? next + 1 : await this.#firstAfter(untilMs)
    let at = Math.min(before ?? next + 1, until)
    let reachedAt: string | undefined
    while (at > firstPosition && scan.entries.length < limit && scan.read < ENTRIES_READ_MAX) {
      const from = Math.max(firstPosition, at - BLOCK)
      const found = await this.#matching(from, at, scan)
      const taken = found.slice(Math.max(0, found.length - (limit - scan.entries.length)))
      scan.entries.unshift(...taken)
      at = taken.length < found.length ? (taken[0]?.position ?? from) : from
      if (sinceMs !== undefined) {
        const [oldest] = await this.#read(at, 1, scan)
        // Times ascend but for a clock that was set back; a whole block is leeway enough for that.
        if (oldest && Date.parse(oldest.at) < sinceMs) return this.#page(scan, next)
      }
      await setImmediate()
    }
    if (at <= firstPosition) return this.#page(scan, next)
    if (scan.entries.length < limit) reachedAt = (await this.#read(at, 1, scan))[0]?.at
    return { ...this.#page(scan, next), older: at, ...(reachedAt !== undefined && { reachedAt }) }
  }

  #page({ entries, unreadable }: Scan, next: number): LogPage {
    return { entries, next, unreadable }
  }

  /** Of the positions from one up to another those that match; what is read on the way is known from then on. */
  async #matching(from: number, to: number, scan: Scan): Promise<LogEntry[]> {
    const may: number[] = []
    let known = true
    for (let position = from; position < to && known; position++) {
      const matches = this.#index.matches(position, scan.query)
      if (matches === undefined) known = false
      else if (matches) may.push(position)
    }
    if (known && may.length === 0) return []
    if (known && may.length < (to - from) / SPARSE) {
      const entries: LogEntry[] = []
      for (const position of may) entries.push(...(await this.#read(position, 1, scan)))
      return entries.filter((entry) => fits(entry, scan))
    }
    return (await this.#read(from, to - from, scan)).filter((entry) => fits(entry, scan))
  }

  /** The first position whose entry is of a later time. */
  async #firstAfter(ms: number): Promise<number> {
    let [low, high] = [this.#journal.firstPosition, this.#journal.nextPosition]
    while (low < high) {
      const middle = (low + high) >> 1
      const scan: Scan = { query: { limit: 1 }, text: undefined, read: 0, unreadable: 0, entries: [] }
      const [entry] = await this.#read(middle, 1, scan)
      if (entry && Date.parse(entry.at) > ms) high = middle
      else low = middle + 1
    }
    return low
  }

  /** What stands at the next `count` positions from one on. */
  async #read(first: number, count: number, scan: Scan): Promise<LogEntry[]> {
    const journal = this.#journal
    const entries: LogEntry[] = []
    let at = Math.max(first, journal.firstPosition)
    const end = Math.min(at + count, journal.nextPosition)
    while (at < end) {
      const page = await this.#stored(at, end - at)
      for (const { position, entry: bytes } of page) {
        const entry = entryOf(position, bytes)
        if (entry) this.#index.set(position, entry)
        else this.#index.setUnreadable(position)
        if (entry) entries.push(entry)
        else scan.unreadable++
      }
      const reached = page.at(-1)
      const next = reached ? reached.position + 1 : Math.min(end, await readableAfter(journal, at))
      if (!reached) {
        scan.unreadable += next - at
        for (let lost = at; lost < next; lost++) this.#index.setUnreadable(lost)
      }
      at = next
    }
    scan.read += count === 1 ? ALONE : end - Math.max(first, journal.firstPosition)
    return entries
  }

  /** Empty where the first of them is damaged. */
  async #stored(from: number, countMax: number): Promise<JournalEntry[]> {
    try {
      return await this.#journal.read(from, { countMax, bytesMax: 4_194_304 })
    } catch (error) {
      if (error instanceof JournalDamaged) return []
      throw error
    }
  }
}

function fits(entry: LogEntry, { query, text }: Scan): boolean {
  const { deployment, component, levels, sinceMs, untilMs } = query
  if (deployment !== undefined && entry.deployment !== deployment) return false
  if (component !== undefined && entry.component !== component) return false
  if (levels && !levels.includes(entry.level)) return false
  if (text !== undefined && !textOf(entry).includes(text)) return false
  if (sinceMs === undefined && untilMs === undefined) return true
  const at = Date.parse(entry.at)
  return at >= (sinceMs ?? 0) && at <= (untilMs ?? Number.POSITIVE_INFINITY)
}

function textOf({ template, component, fields }: LogEntry): string {
  const words = Object.entries(fields).map(([name, value]) => `${name}=${value}`)
  return [template, component ?? '', ...words].join(' ').toLowerCase()
}

const Line = v.pipe(v.string(), v.parseJson(), AuditLog)
const decoder = new TextDecoder()

function entryOf(position: number, bytes: Bytes): LogEntry | undefined {
  const parsed = v.safeParse(Line, decoder.decode(bytes))
  return parsed.success ? { position, ...parsed.output } : undefined
}
