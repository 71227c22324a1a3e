/** The whole log of all deployments, on the Runtime only: the newest are kept, the oldest make room. */
import * as v from 'valibot'
import { fromUtf8, utf8 } from '../base/mod.ts'
import { type Journal, JournalFull } from '../store/mod.ts'
import { AuditLog } from '../wire/mod.ts'

/** Entries in one answer; ≈ 200 B each. */
export const LOGS_PAGE_MAX = 1_000
/** How far back the newest entries of one deployment are looked for: 50 × 1,000 entries, some 100 ms of reading. */
const PAGES_BACK_MAX = 50
/** 128 MiB ≈ 500,000 entries. */
export const LOG_BYTES_MAX = 134_217_728

export type LogEntry = AuditLog & { position: number }

export class LocalLogs {
  readonly #journal: Journal

  constructor(journal: Journal) {
    this.#journal = journal
  }

  async add(entry: AuditLog): Promise<void> {
    const bytes = [utf8(JSON.stringify(entry))]
    try {
      await this.#journal.append(bytes)
    } catch (error) {
      if (!(error instanceof JournalFull)) throw error
      const { firstPosition, nextPosition } = this.#journal
      await this.#journal.trim(firstPosition + Math.floor((nextPosition - firstPosition) / 4))
      await this.#journal.append(bytes)
    }
  }

  /** Entries after a position; without one, the last `limit` (of a deployment, if one is named). `next` is where to go on. */
  async list(options: {
    after?: number
    limit: number
    deployment?: string
  }): Promise<{ entries: LogEntry[]; next: number }> {
    const { after, deployment } = options
    const limit = Math.min(options.limit, LOGS_PAGE_MAX)
    const fits = (entry: LogEntry): boolean => deployment === undefined || entry.deployment === deployment
    if (after !== undefined) {
      const page = await this.#page(after + 1, limit)
      return { entries: page.filter(fits), next: page.at(-1)?.position ?? after }
    }
    const next = this.#journal.nextPosition - 1
    const newest: LogEntry[] = []
    let before = this.#journal.nextPosition
    for (
      let pages = 0;
      newest.length < limit && before > this.#journal.firstPosition && pages < PAGES_BACK_MAX;
      pages++
    ) {
      const from = Math.max(this.#journal.firstPosition, before - LOGS_PAGE_MAX)
      newest.unshift(...(await this.#page(from, before - from)).filter(fits))
      before = from
    }
    return { entries: newest.slice(-limit), next }
  }

  async #page(from: number, countMax: number): Promise<LogEntry[]> {
    const read = await this.#journal.read(from, { countMax, bytesMax: 4_194_304 })
    return read.map(({ position, entry }) => ({ position, ...v.parse(AuditLog, JSON.parse(fromUtf8(entry))) }))
  }

  close(): Promise<void> {
    return this.#journal.close()
  }
}
