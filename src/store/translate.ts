/** libSQL's failures under our names. Drizzle's own wrapper is dropped, since its message lists every parameter. */
import { LibsqlError } from '@libsql/client/sqlite3'
import { DrizzleQueryError } from 'drizzle-orm/errors'
import Driver from 'libsql'
import { AppError } from '../base/mod.ts'
import {
  StoreBusy,
  StoreConflict,
  StoreConstraint,
  StoreDamaged,
  StoreDiskFull,
  StoreFailed,
  StoreWrongKey,
} from './errors.ts'

const CONFLICTS = new Set(['SQLITE_CONSTRAINT_PRIMARYKEY', 'SQLITE_CONSTRAINT_UNIQUE', 'SQLITE_CONSTRAINT_ROWID'])

/** The error to throw for what a statement threw. What is not libSQL's passes unchanged. */
export function translateStoreError(thrown: unknown): unknown {
  const cause = thrown instanceof DrizzleQueryError ? thrown.cause : thrown
  if (cause instanceof AppError) return cause
  if (cause instanceof LibsqlError) return named(cause, cause.code, cause.extendedCode)
  // The driver below the client gives the extended code alone: `SQLITE_CONSTRAINT_UNIQUE`.
  if (cause instanceof Driver.SqliteError) return named(cause, primaryOf(cause.code), cause.code)
  return thrown instanceof DrizzleQueryError ? new StoreFailed('the statement failed', { cause }) : thrown
}

function primaryOf(code: string): string {
  return /^SQLITE_[A-Z]+/.exec(code)?.[0] ?? code
}

function named(cause: Error, code: string, extendedCode: string | undefined): AppError {
  switch (code) {
    case 'SQLITE_FULL':
      return new StoreDiskFull('the disk is full', { cause })
    case 'SQLITE_BUSY':
    case 'SQLITE_LOCKED':
      return new StoreBusy('another writer holds the database', { cause })
    case 'SQLITE_CONSTRAINT':
      return CONFLICTS.has(extendedCode ?? '')
        ? new StoreConflict('a row with this key exists', { cause })
        : new StoreConstraint(`the row breaks a rule of its table (${extendedCode})`, { cause })
    case 'SQLITE_NOTADB':
      return new StoreWrongKey('the key does not open this database', { cause })
    case 'SQLITE_CORRUPT':
      return new StoreDamaged('the database file is damaged', { cause })
    default:
      return new StoreFailed(`libSQL refused the statement (${extendedCode ?? code})`, { cause })
  }
}
