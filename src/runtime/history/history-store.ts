/** Keeps the history over starts: one row for each deployment, written now and then, a few at a time. */
import { eq } from 'drizzle-orm'
import type { Clock } from '../../base/mod.ts'
import type { RuntimeStore } from '../state/database.ts'
import type { History } from './history.ts'
import { decodeHistory, encodeHistory } from './history-bytes.ts'

/** What a crash may cost. A row is 21.2 kB for each component: 100 deployments of three make 6.4 MB in five minutes, 21 kB a second. */
export const HISTORY_KEPT_MS = 300_000
/** Rows written in one go: each some milliseconds of the loop at most, so that a heartbeat waits for none of it. */
export const ROWS_AT_ONCE = 4

export class HistoryStore {
  readonly #db: RuntimeStore
  readonly #clock: Clock
  /** Deployment → when its row was written. */
  readonly #keptMs = new Map<string, number>()

  constructor(db: RuntimeStore, clock: Clock) {
    this.#db = db
    this.#clock = clock
  }

  async load(history: History): Promise<void> {
    const table = this.#db.tables.runtimeHistory
    for (const { deployment } of await this.#db.select({ deployment: table.deployment }).from(table)) {
      const [row] = await this.#db.select().from(table).where(eq(table.deployment, deployment))
      if (row) history.restore(deployment, decodeHistory(row.rings))
    }
  }

  /** Writes the rows that are due, `ROWS_AT_ONCE` of them. */
  async keepSome(history: History): Promise<void> {
    const dueMs = this.#clock.monotonic() - HISTORY_KEPT_MS
    const first = (deployment: string): number => this.#keptMs.get(deployment) ?? this.#begin(deployment)
    const due = history.deployments.filter((deployment) => first(deployment) <= dueMs)
    for (const deployment of due.slice(0, ROWS_AT_ONCE)) await this.#keep(history, deployment)
  }

  /** All of it, before the end. */
  async keepAll(history: History): Promise<void> {
    for (const deployment of history.deployments) await this.#keep(history, deployment)
  }

  async forget(deployment: string): Promise<void> {
    const table = this.#db.tables.runtimeHistory
    this.#keptMs.delete(deployment)
    await this.#db.delete(table).where(eq(table.deployment, deployment))
  }

  #begin(deployment: string): number {
    const now = this.#clock.monotonic()
    this.#keptMs.set(deployment, now)
    return now
  }

  async #keep(history: History, deployment: string): Promise<void> {
    const table = this.#db.tables.runtimeHistory
    const set = { rings: encodeHistory(history.kept(deployment)), keptAtMs: this.#clock.now() }
    this.#begin(deployment)
    await this.#db
      .insert(table)
      .values({ deployment, ...set })
      .onConflictDoUpdate({ target: table.deployment, set })
  }
}
