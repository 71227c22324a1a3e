/** How far each source's records are durably done. Saves that come while one is being written share the next transaction. */
import { and, eq, inArray, sql } from 'drizzle-orm'
import type { RuntimeStore } from './database.ts'

type Row = { deployment: string; component: string; partition: string; position: number }
type Waiting = { rows: Map<string, Row>; done: Promise<void> }

/** Rows of one statement: the loop that answers heartbeats is held for a millisecond or so. */
const FORGOTTEN_AT_ONCE = 256

export class CheckpointStore {
  readonly #db: RuntimeStore
  #writing: Promise<void> = Promise.resolve()
  #next: Waiting | undefined

  constructor(db: RuntimeStore) {
    this.#db = db
  }

  /** In the order in which the partitions were first saved. */
  async load(deployment: string, component: string): Promise<Map<string, number>> {
    const table = this.#db.tables.runtimeCheckpoints
    const which = and(eq(table.deployment, deployment), eq(table.component, component))
    const rows = await this.#db.select().from(table).where(which).orderBy(sql`rowid`)
    return new Map(rows.map((row) => [row.partition, row.position]))
  }

  async forget(deployment: string): Promise<void> {
    const table = this.#db.tables.runtimeCheckpoints
    await this.#db.delete(table).where(eq(table.deployment, deployment))
  }

  /** Partitions of one component that no file has any more. */
  async forgetPartitions(deployment: string, component: string, partitions: readonly string[]): Promise<void> {
    const table = this.#db.tables.runtimeCheckpoints
    const mine = and(eq(table.deployment, deployment), eq(table.component, component))
    for (let at = 0; at < partitions.length; at += FORGOTTEN_AT_ONCE) {
      const some = partitions.slice(at, at + FORGOTTEN_AT_ONCE)
      await this.#db.delete(table).where(and(mine, inArray(table.partition, some)))
    }
  }

  /** Resolves once the positions are on the disk. */
  save(deployment: string, component: string, positions: ReadonlyMap<string, number>): Promise<void> {
    this.#next ??= this.#begin()
    const { rows, done } = this.#next
    for (const [partition, position] of positions) {
      rows.set(JSON.stringify([deployment, component, partition]), { deployment, component, partition, position })
    }
    return done
  }

  #begin(): Waiting {
    const rows = new Map<string, Row>()
    const done = this.#writing.then(() => {
      this.#next = undefined
      return this.#write([...rows.values()])
    })
    // A failed write is told to those who wait for it; the next one begins all the same.
    this.#writing = done.catch(() => undefined)
    return { rows, done }
  }

  async #write(rows: Row[]): Promise<void> {
    const table = this.#db.tables.runtimeCheckpoints
    const target = [table.deployment, table.component, table.partition]
    await this.#db.transaction(async (tx) => {
      for (const row of rows) {
        await tx
          .insert(table)
          .values(row)
          .onConflictDoUpdate({ target, set: { position: row.position } })
      }
    })
  }
}
