/**
 * Writes rows to a table of a libSQL (or SQLite) database file. Exactly-once: rows and the sources' positions are committed in one
 * transaction, and what is sent again after a crash is skipped by its position.
 */
import { resolve } from 'node:path'
import { setImmediate } from 'node:timers'
import * as v from 'valibot'
import { truePath } from '../../../host/mod.ts'
import { type Batch, trimBefore } from '../../batch.ts'
import { type CheckContext, type ComponentContext, defineSink, type GroupingSink } from '../../component.ts'
import { type Connection, type DatabaseAddress, openConnection, pathOfUrl } from '../../libsql/connection.ts'
import { LibsqlDatabaseMissing, LibsqlTableMissing, libsqlFailure } from '../../libsql/errors.ts'
import { PositionsTable } from '../../libsql/positions-table.ts'
import { type Complaint, RowWriter } from '../../libsql/row-writer.ts'
import { columnsOf, createTable } from '../../libsql/table.ts'
import { madePath } from '../../made-path.ts'
import { refusalOf, soundRows } from '../../sound-rows.ts'
import type { Row } from '../../value.ts'

const ColumnName = v.pipe(v.string(), v.minLength(1), v.maxLength(128))

const LibsqlTableConfig = v.pipe(
  v.strictObject({
    credential: v.pipe(
      v.optional(v.pipe(v.string(), v.minLength(1), v.maxLength(64))),
      v.description('Credential with `url` (`file:` and a path) and, for an encrypted database, `encryptionKey`.'),
    ),
    path: v.pipe(
      v.optional(v.pipe(v.string(), v.minLength(1), v.maxLength(4_096))),
      v.description('Path of the database file, in place of a credential.'),
    ),
    table: v.pipe(
      v.string(),
      v.minLength(1),
      v.maxLength(128),
      v.regex(
        /^(?!sqlite_|_sluice_)/i,
        'must not begin with `sqlite_` or `_sluice_`, which are for the database and for Sluice',
      ),
      v.description(
        'The table to write to. In `_sluice_positions` beside it stands how far each file was written: a row of ~120 bytes for each that ever was, 50 MB for one a minute over a year. Rows of files that will never come again may be deleted while the deployment is stopped.',
      ),
    ),
    mode: v.pipe(
      v.optional(v.picklist(['insert', 'upsert']), 'insert'),
      v.description('`insert` adds rows; `upsert` replaces the row with the same key.'),
    ),
    key: v.pipe(
      v.optional(v.pipe(v.array(ColumnName), v.maxLength(16)), []),
      v.description(
        'Columns of the key, for `upsert` and for the table that `create` makes. An existing table needs a unique index on them.',
      ),
    ),
    create: v.pipe(
      v.optional(v.boolean(), false),
      v.description(
        'Whether to make the database with its folder, and the table, from the first rows, if they are not there.',
      ),
    ),
  }),
  v.check(
    (config) => (config.credential === undefined) !== (config.path === undefined),
    'either `credential` or `path`',
  ),
  v.check((config) => config.mode === 'insert' || config.key.length > 0, '`key` for `mode: upsert`'),
)
type LibsqlTableConfig = v.InferOutput<typeof LibsqlTableConfig>

/** The sink type `libsql_table`. Rows that the database complains about are refused as `libsql_table.sqlite_…`, SQLite's own name of it. */
export const libsqlTableSink = defineSink({
  type: 'libsql_table',
  summary: 'Writes rows to a table of a libSQL database.',
  delivery: 'exactly-once',
  config: LibsqlTableConfig,
  example: { credential: 'warehouse', table: 'orders', mode: 'upsert', key: ['id'] },
  touches: ({ credential, path, table }) => ({
    tables: [`${credential ?? path}/${table}`],
    ...(credential !== undefined && { credentials: [credential] }),
    ...(path !== undefined && { paths: [path] }),
  }),
  check,
  async open(config, context) {
    const connection = await connect(config, context)
    try {
      return new LibsqlTableSink(config, context, connection)
    } catch (error) {
      connection.close()
      throw libsqlFailure(error)
    }
  },
})

/** Opens the database and looks for the table, without making either. */
async function check(config: LibsqlTableConfig, context: CheckContext): Promise<void> {
  try {
    const connection = await connect({ ...config, create: false }, context)
    try {
      if (columnsOf(connection, config.table).size === 0 && !config.create) {
        throw new LibsqlTableMissing(`the database has no table ${config.table}`)
      }
    } finally {
      connection.close()
    }
  } catch (error) {
    // What `create` makes with the first rows need not be there yet.
    if (!(config.create && error instanceof LibsqlDatabaseMissing)) throw libsqlFailure(error)
  }
}

function connect(config: LibsqlTableConfig, context: CheckContext): Promise<Connection> {
  const { credential, path, create } = config
  const open = (address: DatabaseAddress): Promise<Connection> => openAdmitted(address, create, context)
  if (credential === undefined) return open({ path: path ?? '' })
  return context.secrets.use(credential, async ({ url, encryptionKey }) =>
    open({ path: pathOfUrl(url), ...(encryptionKey && { encryptionKey }) }),
  )
}

/** The driver opens by name: looked at before, so that nothing is made in a closed place, and after, for a link swapped meanwhile. */
async function openAdmitted(address: DatabaseAddress, create: boolean, context: CheckContext): Promise<Connection> {
  const given = resolve(address.path)
  const path = create ? await madePath(given, context.admitPath) : await truePath(given).catch(() => given)
  context.admitPath(path)
  const connection = openConnection({ ...address, path }, create)
  try {
    context.admitPath(await truePath(path))
    return connection
  } catch (error) {
    connection.close()
    throw error
  }
}

class LibsqlTableSink implements GroupingSink {
  readonly #config: LibsqlTableConfig
  readonly #context: ComponentContext
  readonly #connection: Connection
  readonly #positions: PositionsTable
  #writer: RowWriter | undefined

  constructor(config: LibsqlTableConfig, context: ComponentContext, connection: Connection) {
    this.#config = config
    this.#context = context
    this.#connection = connection
    this.#writer = this.#existingTable()
    if (!this.#writer && !config.create) throw new LibsqlTableMissing(`the database has no table ${config.table}`)
    this.#positions = new PositionsTable(connection, context)
  }

  write(batch: Batch): Promise<void> {
    return this.writeTogether([batch])
  }

  async writeTogether(batches: readonly Batch[]): Promise<void> {
    // The driver frees its statements between macrotasks only; without one, memory grows for as long as there is work.
    await new Promise((done) => setImmediate(done))
    try {
      this.#connection.exec('BEGIN IMMEDIATE')
      for (const batch of batches) await this.#writeBatch(batch)
      this.#connection.exec('COMMIT')
    } catch (error) {
      this.#rollBack()
      throw libsqlFailure(error)
    }
  }

  async close(): Promise<void> {
    this.#connection.close()
  }

  async #writeBatch(batch: Batch): Promise<void> {
    const position = this.#positions.read(batch.partition)
    if (batch.to <= position) return
    const { batch: rest, rows } = await soundRows(trimBefore(batch, position), this.#context.refuse)
    if (rows.length > 0) {
      this.#writer ??= this.#existingTable() ?? this.#newTable(rest, rows)
      // Refused rows are durable as dead letters before the commit that moves the position past them.
      await this.#refuse(rest, this.#writer.write(rows))
    }
    this.#positions.write(batch.partition, batch.to)
  }

  async #refuse(batch: Batch, complaints: readonly Complaint[]): Promise<void> {
    const codeOf = ({ sqliteCode }: Complaint): string => sqliteCode?.toLowerCase() ?? 'column_missing'
    await this.#context.refuse(
      complaints.map((complaint) => refusalOf(batch, complaint.index, { code: `libsql_table.${codeOf(complaint)}` })),
    )
  }

  #existingTable(): RowWriter | undefined {
    const columns = columnsOf(this.#connection, this.#config.table)
    return columns.size > 0 ? new RowWriter(this.#connection, this.#config, columns) : undefined
  }

  #newTable(batch: Batch, rows: readonly Row[]): RowWriter {
    createTable(this.#connection, this.#config, batch.records.fields, rows)
    return new RowWriter(this.#connection, this.#config, columnsOf(this.#connection, this.#config.table))
  }

  #rollBack(): void {
    // A table made in this transaction goes with it.
    this.#writer = undefined
    // Some failures (a full disk among them) have ended the transaction already.
    if (this.#connection.open && this.#connection.inTransaction) this.#connection.exec('ROLLBACK')
  }
}
