/** Settings of the owner: key → value, each parsed when it is read. */
import { eq, like } from 'drizzle-orm'
import * as v from 'valibot'
import type { Clock } from '../../base/mod.ts'
import type { RuntimeStore } from './database.ts'

export class Settings {
  readonly #db: RuntimeStore
  readonly #clock: Clock

  constructor(deps: { db: RuntimeStore; clock: Clock }) {
    this.#db = deps.db
    this.#clock = deps.clock
  }

  /** `undefined` for one that was never set; throws valibot's own error for one that does not parse. */
  async get<Schema extends v.GenericSchema>(key: string, schema: Schema): Promise<v.InferOutput<Schema> | undefined> {
    const table = this.#db.tables.runtimeSettings
    const [row] = await this.#db.select().from(table).where(eq(table.key, key))
    return row && v.parse(v.pipe(v.string(), v.parseJson(), schema), row.value)
  }

  /** The values of all keys that begin with a text of letters and dots, unparsed, by the rest of their keys. */
  async below(prefix: string): Promise<Map<string, string>> {
    const table = this.#db.tables.runtimeSettings
    const rows = await this.#db
      .select()
      .from(table)
      .where(like(table.key, `${prefix}%`))
    return new Map(rows.map(({ key, value }) => [key.slice(prefix.length), value]))
  }

  /** Fails when the database does not answer. */
  async isReachable(): Promise<void> {
    await this.#db.select({ key: this.#db.tables.runtimeSettings.key }).from(this.#db.tables.runtimeSettings).limit(1)
  }

  async set(key: string, value: unknown): Promise<void> {
    const table = this.#db.tables.runtimeSettings
    const row = { key, value: JSON.stringify(value), changedAtMs: this.#clock.now() }
    await this.#db.insert(table).values(row).onConflictDoUpdate({ target: table.key, set: row })
  }

  /** One setting on its own, for a part that parses it itself. */
  keptAt(key: string): { get(): Promise<unknown>; set(value: unknown): Promise<void>; remove(): Promise<void> } {
    return {
      get: () => this.get(key, v.unknown()),
      set: (value) => this.set(key, value),
      remove: () => this.remove(key),
    }
  }

  async remove(key: string): Promise<void> {
    const table = this.#db.tables.runtimeSettings
    await this.#db.delete(table).where(eq(table.key, key))
  }
}

const Position = v.pipe(v.number(), v.safeInteger(), v.minValue(0))

/** Where a journal's last acknowledged position is kept. */
export function acknowledgedIn(
  settings: Settings,
  journal: string,
): { load(): Promise<number>; save(position: number): Promise<void> } {
  const key = `${journal}.acknowledged`
  return {
    load: async () => (await settings.get(key, Position)) ?? 0,
    save: (position) => settings.set(key, position),
  }
}
