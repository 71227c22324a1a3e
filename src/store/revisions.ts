/** How often each table was written by this process: who keeps what it read knows by that when to read again. */
import { getTableName } from 'drizzle-orm'
import type { SQLiteTable } from 'drizzle-orm/sqlite-core'

export class Revisions {
  readonly #written = new Map<string, number>()
  /** Writes that do not say which tables they are to. */
  #unnamed = 0

  /** Called once what was written can be read. Without names any table may have been written. */
  wrote(tables: readonly string[] | undefined): void {
    if (tables === undefined) this.#unnamed++
    for (const table of tables ?? []) this.#written.set(table, (this.#written.get(table) ?? 0) + 1)
  }

  of(tables: readonly SQLiteTable[]): number {
    return tables.reduce((sum, table) => sum + (this.#written.get(getTableName(table)) ?? 0), this.#unnamed)
  }
}
