/** Drizzle's libSQL session with two things added: writers take turns, and every failure has a name of ours. */
import type { Client, Transaction } from '@libsql/client/sqlite3'
import type { BatchItem } from 'drizzle-orm/batch'
import { type LibSQLPreparedQuery, LibSQLSession, LibSQLTransaction } from 'drizzle-orm/libsql/session'
import type { ExtractTablesWithRelations } from 'drizzle-orm/relations'
import type { PreparedQueryConfig, SQLiteAsyncDialect } from 'drizzle-orm/sqlite-core'
import { translateStoreError } from './translate.ts'
import type { WriteLock } from './write-lock.ts'

/** Schemas are not handed to drizzle: its relational queries are not used, and without them one type fits all databases. */
export type NoSchema = Record<string, never>
type NoRelations = ExtractTablesWithRelations<NoSchema>
type PrepareArguments = Parameters<LibSQLSession<NoSchema, NoRelations>['prepareQuery']>

type QueryShape = Omit<PreparedQueryConfig, 'statement' | 'run'>

const READS = /^\s*(select|values|explain|pragma)\b/i
const EXECUTIONS = ['run', 'all', 'get', 'values'] as const

export class StoreSession extends LibSQLSession<NoSchema, NoRelations> {
  readonly #client: Client
  readonly #dialect: SQLiteAsyncDialect
  readonly #lock: WriteLock
  readonly #inTransaction: boolean

  constructor(client: Client, dialect: SQLiteAsyncDialect, lock: WriteLock, transaction?: Transaction) {
    super(client, dialect, undefined, {}, transaction)
    this.#client = client
    this.#dialect = dialect
    this.#lock = lock
    this.#inTransaction = transaction !== undefined
  }

  override prepareQuery<T extends QueryShape>(...prepare: PrepareArguments): LibSQLPreparedQuery<T> {
    const query = super.prepareQuery<T>(...prepare)
    const [{ sql }, , , , , metadata] = prepare
    const reads = metadata === undefined ? READS.test(sql) : metadata.type === 'select'
    return guarded(query, this.#inTransaction || reads ? undefined : this.#lock)
  }

  override batch<T extends BatchItem<'sqlite'>[] | readonly BatchItem<'sqlite'>[]>(queries: T): Promise<unknown[]> {
    return translated(this.#lock.run(() => super.batch(queries)))
  }

  override transaction<T>(work: (tx: LibSQLTransaction<NoSchema, NoRelations>) => T | Promise<T>): Promise<T> {
    return translated(this.#lock.run(() => this.#transact(work)))
  }

  async #transact<T>(work: (tx: LibSQLTransaction<NoSchema, NoRelations>) => T | Promise<T>): Promise<T> {
    const transaction = await this.#client.transaction('write')
    try {
      const session = new StoreSession(this.#client, this.#dialect, this.#lock, transaction)
      const result = await work(new LibSQLTransaction('async', this.#dialect, session, undefined))
      await transaction.commit()
      return result
    } finally {
      // Rolls back whatever was not committed, a commit that found the disk full included.
      transaction.close()
    }
  }
}

/**
 * Puts the lock and the names around the four ways in which drizzle runs a prepared query. A proxy, not four patched methods:
 * `all` and `get` call `values` on the query itself, where the lock must not be taken again.
 */
function guarded<Query extends LibSQLPreparedQuery>(query: Query, lock: WriteLock | undefined): Query {
  return new Proxy(query, {
    get(target, property) {
      if (!isExecution(property)) return Reflect.get(target, property, target)
      return (values?: Record<string, unknown>) => {
        const execute = (): Promise<unknown> => target[property](values)
        return translated(lock === undefined ? execute() : lock.run(execute))
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
