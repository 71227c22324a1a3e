/** Opens the database of a table. The driver is synchronous: a deployment's worker has nothing else to do meanwhile. */
import { existsSync } from 'node:fs'
import Driver from 'libsql'
import { LibsqlDatabaseMissing, LibsqlUrlUnsupported, libsqlFailure } from './errors.ts'

export type Connection = InstanceType<typeof Driver>

/** How long a statement waits for somebody else's lock before it fails as `libsql_table.unavailable`, milliseconds; the loop stands still meanwhile. */
const BUSY_TIMEOUT_MS = 1_000

export type DatabaseAddress = { path: string; encryptionKey?: string }

/** The path of a `file:` URL as libSQL's clients write it. Refuses others with `libsql_table.url_unsupported`. */
export function pathOfUrl(url: string | undefined): string {
  const path = url?.startsWith('file:') ? url.slice('file:'.length).replace(/^\/\/(?=\/)/, '') : ''
  // `?cipher=…` is ignored silently by the driver and would leave plaintext.
  if (path === '' || path.includes('?')) throw new LibsqlUrlUnsupported('the url is not `file:` and a path')
  return path
}

/** Opens the database; a new one is made with write-ahead log if `create` says so. Commits are durable (`synchronous=FULL`). */
export function openConnection(address: DatabaseAddress, create: boolean): Connection {
  const isNew = !existsSync(address.path)
  if (isNew && !create) throw new LibsqlDatabaseMissing(`no database at ${address.path}`)
  try {
    const options = { timeout: BUSY_TIMEOUT_MS, ...(address.encryptionKey && { encryptionKey: address.encryptionKey }) }
    const connection = new Driver(address.path, options)
    if (isNew) connection.exec('PRAGMA journal_mode = WAL')
    connection.exec('PRAGMA synchronous = FULL')
    // The first read is where a wrong key shows.
    connection.prepare('SELECT count(*) FROM sqlite_schema').get([])
    return connection
  } catch (error) {
    throw libsqlFailure(error)
  }
}

/** An SQL identifier, whatever is in it. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}
