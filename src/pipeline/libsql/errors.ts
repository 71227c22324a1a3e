/** What libSQL complains about, told apart by what is to be done: refuse the row, try again, or give up. */
import { AppError } from '../../base/mod.ts'

/** The database's disk, or its quota, is full. The batch waits. */
class LibsqlDiskFull extends AppError {
  override readonly code = 'libsql_table.disk_full' as const
  override readonly kind = 'unavailable' as const
  override readonly advice = 'Free some space on the volume of the database; the flow goes on by itself.'
}

/** Somebody else holds the database's lock, or reading or writing its file failed. The batch waits. */
class LibsqlUnavailable extends AppError {
  override readonly code = 'libsql_table.unavailable' as const
  override readonly kind = 'unavailable' as const
  readonly item: string
  constructor(sqliteCode: string, options?: ErrorOptions) {
    super(`the database cannot be used now (${sqliteCode})`, options)
    this.item = sqliteCode
  }
}

/** The key does not fit the database, or the file is none. */
class LibsqlWrongKey extends AppError {
  override readonly code = 'libsql_table.wrong_key' as const
  override readonly advice = 'Check `encryptionKey` of the credential, and that the path is that of a libSQL database.'
}

/** There is no database at the path, and `create` is false. */
export class LibsqlDatabaseMissing extends AppError {
  override readonly code = 'libsql_table.database_missing' as const
  override readonly kind = 'not_found' as const
  override readonly advice = 'Check the path, or set `create: true`.'
}

/** The database has no such table, and `create` is false. */
export class LibsqlTableMissing extends AppError {
  override readonly code = 'libsql_table.table_missing' as const
  override readonly kind = 'not_found' as const
  override readonly advice = 'Make the table, or set `create: true` to have it made from the first rows.'
}

/** The credential has no `url` that this component can use. */
export class LibsqlUrlUnsupported extends AppError {
  override readonly code = 'libsql_table.url_unsupported' as const
  override readonly advice = 'The field `url` of the credential must be `file:` and a path.'
}

/** Any other complaint; `item` is SQLite's own name of it. */
class LibsqlFailed extends AppError {
  override readonly code = 'libsql_table.failed' as const
  override readonly kind = 'internal' as const
  readonly item: string
  constructor(sqliteCode: string, options?: ErrorOptions) {
    super(`the database refused the statement (${sqliteCode})`, options)
    this.item = sqliteCode
  }
}

// Primary result codes, https://www.sqlite.org/rescode.html.
const SQLITE_BUSY = 5
const SQLITE_LOCKED = 6
const SQLITE_IOERR = 10
const SQLITE_FULL = 13
const SQLITE_CANTOPEN = 14
const SQLITE_TOOBIG = 18
const SQLITE_CONSTRAINT = 19
const SQLITE_MISMATCH = 20
const SQLITE_NOTADB = 26
/** libsql-js has no name for this one: a value that a STRICT table does not take. */
const SQLITE_CONSTRAINT_DATATYPE = 3_091

/** Complaints that are about one row: constraints, types, sizes. */
const ABOUT_A_ROW = new Set([SQLITE_TOOBIG, SQLITE_CONSTRAINT, SQLITE_MISMATCH])

type SqliteError = Error & { code: string; rawCode: number }

function isSqliteError(error: unknown): error is SqliteError {
  return error instanceof Error && 'rawCode' in error && typeof error.rawCode === 'number'
}

/** SQLite's name of the complaint if it is about a row's content, else `undefined`. The driver's message may quote values; the name never does. */
export function rowComplaint(error: unknown): string | undefined {
  if (!isSqliteError(error) || !ABOUT_A_ROW.has(error.rawCode & 0xff)) return undefined
  return sqliteName(error)
}

/** Names a complaint of the driver. The cause is kept for the local log only. */
export function libsqlFailure(error: unknown): AppError {
  if (error instanceof AppError) return error
  if (!isSqliteError(error)) return new LibsqlFailed('no code', { cause: error })
  switch (error.rawCode & 0xff) {
    case SQLITE_FULL:
      return new LibsqlDiskFull('no space left for the database', { cause: error })
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
      return new LibsqlUnavailable(sqliteName(error), { cause: error })
    case SQLITE_NOTADB:
      return new LibsqlWrongKey('the key does not fit, or the file is no database', { cause: error })
    default:
      return new LibsqlFailed(sqliteName(error), { cause: error })
  }
}

function sqliteName(error: SqliteError): string {
  if (error.rawCode === SQLITE_CONSTRAINT_DATATYPE) return 'SQLITE_CONSTRAINT_DATATYPE'
  return /^SQLITE_[A-Z_]+$/.test(error.code) ? error.code : `SQLITE_${error.rawCode}`
}
