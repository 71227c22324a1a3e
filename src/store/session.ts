/** Drizzle's libSQL session with three things added: writers take turns, writes are counted, and every failure has a name of ours. */
import type { Client, Transaction } from '@libsql/client/sqlite3'
import type { BatchItem } from 'drizzle-orm/batch'
import { type LibSQLPreparedQuery, LibSQLSession, LibSQLTransaction } from 'drizzle-orm/libsql/session'
import type { ExtractTablesWithRelations } from 'drizzle-orm/relations'
import type { PreparedQueryConfig, SQLiteAsyncDialect } from 'drizzle-orm/sqlite-core'
import type { Revisions } from './revisions.ts'
import { translateStoreError } from './translate.ts'
import type { WriteLock } from './write-lock.ts'

/** Schemas are not handed to drizzle: its relational queries are not used, and without them one type fits all databases. */
export type NoSchema = Record<string, never>
type NoRelations = ExtractTablesWithRelations<NoSchema>
type PrepareArguments = Parameters<LibSQLSession<NoSchema, NoRelations>['prepareQuery']>

type QueryShape = Omit<PreparedQueryConfig, 'statement' | 'run'>

/** A transaction, and who is told to which tables it writes; without names a write may be to any. */
type Within = { transaction: Transaction; wrote: (tables: readonly string[] | undefined) => void }

const READS = /^\s*(select|values|explain|pragma)\b/i
const EXECUTIONS = ['run', 'all', 'get', 'values'] as const

export class StoreSession extends LibSQLSession<NoSchema, NoRelations> {
  readonly #client: Client
  readonly #dialect: SQLiteAsyncDialect
  readonly #lock: WriteLock
  readonly #revisions: Revisions
  readonly #within: Within | undefined

  constructor(client: Client, dialect: SQLiteAsyncDialect, lock: WriteLock, revisions: Revisions, within?: Within) {
    super(client, dialect, undefined, {}, within?.transaction)
    this.#client = client
    this.#dialect = dialect
    this.#lock = lock
    this.#revisions = revisions
    this.#within = within
  }

  override prepareQuery<T extends QueryShape>(...prepare: PrepareArguments): LibSQLPreparedQuery<T> {
    const query = super.prepareQuery<T>(...prepare)
    const [{ sql }, , , , , metadata] = prepare
    const reads = metadata === undefined ? READS.test(sql) : metadata.type === 'select'
    if (reads) return guarded(query, (execute) => execute())
    const within = this.#within
    if (within) return guarded(query, (execute) => told(execute, () => within.wrote(metadata?.tables)))
    return guarded(query, (execute) =>
      this.#lock.run(() => told(execute, () => this.#revisions.wrote(metadata?.tables))),
    )
  }

  override batch<T extends BatchItem<'sqlite'>[] | readonly BatchItem<'sqlite'>[]>(queries: T): Promise<unknown[]> {
    return translated(
      this.#lock.run(() =>
        told(
          () => super.batch(queries),
          () => this.#revisions.wrote(undefined),
        ),
      ),
    )
  }

  override transaction<T>(work: (tx: LibSQLTransaction<NoSchema, NoRelations>) => T | Promise<T>): Promise<T> {
    return translated(this.#lock.run(() => this.#transact(work)))
  }

  async #transact<T>(work: (tx: LibSQLTransaction<NoSchema, NoRelations>) => T | Promise<T>): Promise<T> {
    const transaction = await this.#client.transaction('write')
    const written = new Set<string | undefined>()
    const within: Within = {
      transaction,
      wrote(tables) {
        for (const table of tables ?? [undefined]) written.add(table)
      },
    }
    try {
      const session = new StoreSession(this.#client, this.#dialect, this.#lock, this.#revisions, within)
      const result = await work(new LibSQLTransaction('async', this.#dialect, session, undefined))
      await transaction.commit()
      return result
    } finally {
      // Rolls back whatever was not committed, a commit that found the disk full included.
      transaction.close()
      // Only now others can read it.
      for (const table of written) this.#revisions.wrote(table === undefined ? undefined : [table])
    }
  }
}

type Run = (execute: () => Promise<unknown>) => Promise<unknown>

/** One that failed may have been done all the same. */
async function told<T>(write: () => Promise<T>, wrote: () => void): Promise<T> {
  try {
    return await write()
  } finally {
    wrote()
  }
}

/**
 * Puts the lock and the names around the four ways in which drizzle runs a prepared query. A proxy, not four patched methods:
 * `all` and `get` call `values` on the query itself, where the lock must not be taken again.
 */
function guarded<Query extends LibSQLPreparedQuery>(query: Query, run: Run): Query {
  return new Proxy(query, {
    get(target, property) {
      if (!isExecution(property)) return Reflect.get(target, property, target)
      return (values?: Record<string, unknown>) => {
        return translated(run(() => target[property](values)))
      }
    },
  })
}

function isExecution(property: string | symbol): property is (typeof EXECUTIONS)[number] {
  return (EXECUTIONS as readonly (string | symbol)[]).includes(property)
}

async function translated<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    throw translateStoreError(error)
  }
}
