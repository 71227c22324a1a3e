/** Opens an encrypted database file: its key, its durability, its schema. */
import { closeSync, openSync, readSync } from 'node:fs'
import { type Client, createClient } from '@libsql/client/sqlite3'
import { LibSQLDatabase } from 'drizzle-orm/libsql/driver-core'
import { SQLiteAsyncDialect, type SQLiteTable } from 'drizzle-orm/sqlite-core'
import { type Bytes, fromUtf8, Unreachable } from '../base/mod.ts'
import { StoreFailed, StoreNotEncrypted } from './errors.ts'
import { type Migration, migrate } from './migrate.ts'
import { Revisions } from './revisions.ts'
import { type NoSchema, StoreSession } from './session.ts'
import { translateStoreError } from './translate.ts'
import { WriteLock } from './write-lock.ts'

/**
 * An open database with the tables that it holds. A room asks for no more than the tables it uses
 * (`Database<Pick<RuntimeSchema, 'credentials'>>`), so the compiler refuses a database that lacks them.
 * Writers take turns: within `transaction(async (tx) => …)` write through `tx` alone. A write through the database itself, or a
 * call into another room that writes, would wait there for its own end, until `store.busy` after ten seconds.
 */
export type Database<Schema> = LibSQLDatabase & {
  readonly tables: Schema
  close(): void
  move: MoveDatabase
  /** Grows with each write of this process to one of the tables, before whoever wrote goes on; not with what a write to another cascades to. */
  revisionOf(...tables: readonly SQLiteTable[]): number
}

/**
 * Goes on in another file, which `copy` makes of this one while nothing writes; reads go on. `commit` notes where the database is from
 * now on: when it fails, all stays as it was. Writers wait meanwhile.
 */
export type MoveDatabase = (
  to: { path: string; key: Bytes },
  steps: { copy: () => Promise<void>; commit: () => Promise<void> },
) => Promise<void>

/** `path`: made when it is not there, its folder is not · `schema`: the tables by name · `migrations`: all of them, oldest first. */
export type OpenDatabase<Schema> = {
  path: string
  /** 32 random bytes, of this database alone: the cipher is unsalted. */
  key: Bytes
  schema: Schema
  migrations: readonly Migration[]
}

/** libSQL's key is text, of which it reads the first 32 bytes and no more. */
const KEY_BYTES = 32
/** Wait for a writer of another process. It blocks the loop, so no two processes should write one database. */
export const BUSY_MS = 5_000
/** How page 1 begins when nobody encrypted it. */
const PLAIN_HEADER = 'SQLite format 3\0'
/** A WAL has a head of 32 bytes and one of 24 before each page. */
const WAL_FIRST_PAGE_AT = 32 + 24
/**
 * Databases whose own file was looked at: each once, before this process has it open. Whoever closes a descriptor of a file gives up all
 * locks that the process has on it (fcntl(2)); the next process that closes the database would take itself for its last user, and remove
 * the log that we write. A client that was closed counts as well: its connection lives until its last statement is collected.
 */
const lookedAt = new Set<string>()

/**
 * Opens or creates the database at `path`, WAL and synchronous=FULL, and brings it to its schema.
 * Refuses a wrong key (`store.wrong_key`), a newer schema (`store.schema_unknown`), a full disk (`store.disk_full`).
 * Statements are synchronous under their promises. A loop that awaits nothing but them starves the finalisation of native
 * statements (300,000 rows: 862 MB instead of 97 MB): call `yieldToFinalisers()` between batches.
 */
export async function openDatabase<Schema>(options: OpenDatabase<Schema>): Promise<Database<Schema>> {
  const seat = { client: await openPrepared(options) }
  const dialect = new SQLiteAsyncDialect()
  const lock = new WriteLock()
  const revisions = new Revisions()
  const session = new StoreSession(seatedIn(seat), dialect, lock, revisions)
  const database = new LibSQLDatabase<NoSchema>('async', dialect, session, undefined)
  const move: MoveDatabase = (to, { copy, commit }) =>
    lock.runLong(async () => {
      await copy()
      const client = await openPrepared({ ...options, ...to })
      try {
        await commit()
      } catch (error) {
        client.close()
        throw error
      }
      // Nothing is awaited in between: what is asked from here on is asked of the new file.
      const before = seat.client
      seat.client = client
      before.close()
    })
  return Object.assign(database, {
    ...{ tables: options.schema, close: () => seat.client.close(), move },
    revisionOf: (...tables: readonly SQLiteTable[]) => revisions.of(tables),
  })
}

/** A client of the file, which is brought to its schema; refuses as `openDatabase` does. */
export async function openPrepared({ path, key, migrations }: Omit<OpenDatabase<unknown>, 'schema'>): Promise<Client> {
  if (!lookedAt.has(path)) assertEncrypted(path, 0)
  lookedAt.add(path)
  const client = openClient(path, key)
  try {
    await prepare(client)
    await migrate(client, migrations)
    // SQLite locks no log. Of a new database it holds what was written so far.
    assertEncrypted(`${path}-wal`, WAL_FIRST_PAGE_AT)
    return client
  } catch (error) {
    client.close()
    throw translateStoreError(error)
  }
}

/** Whichever client is in the seat when it is asked. */
function seatedIn(seat: { client: Client }): Client {
  return new Proxy(seat.client, {
    get(_first, property) {
      const found: unknown = Reflect.get(seat.client, property, seat.client)
      return typeof found === 'function' ? found.bind(seat.client) : found
    },
  })
}

/** Lets the host finalise native statements: one turn of the loop that is more than a microtask. */
export function yieldToFinalisers(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** A client of the file and nothing more. Fails as libSQL does, under our names. */
export function openClient(path: string, key: Bytes): Client {
  try {
    return createClient({ url: fileUrl(path), encryptionKey: keyText(key), timeout: BUSY_MS })
  } catch (error) {
    throw translateStoreError(error)
  }
}

/** Every character that a URL could read otherwise is escaped, `?` and `#` too: behind a `?` the client reads options. */
function fileUrl(path: string): string {
  return `file:${path.split('/').map(encodeURIComponent).join('/')}`
}

/**
 * The key as 32 characters of 7 bits: 224 of its 256 bits. libSQL cuts what comes after the 32nd byte of the UTF-8 form,
 * so hex would leave 128 bits and base64url 192; NUL and control characters are keyed like any other.
 */
export function keyText(key: Bytes): string {
  return fromUtf8(keyCharacters(key))
}

/** The bytes of that text. */
export function keyCharacters(key: Bytes): Bytes {
  if (key.byteLength !== KEY_BYTES) throw new Unreachable('a database key has 32 bytes')
  return key.map((byte) => byte & 0x7f)
}

/** Only WAL has to be asked for. The rest are libSQL's defaults on every pooled connection; a build that differs is refused. */
async function prepare(client: Client): Promise<void> {
  const wanted = { 'journal_mode = WAL': 'wal', synchronous: 2, foreign_keys: 1, secure_delete: 1 }
  for (const [pragma, expected] of Object.entries(wanted)) {
    const row = (await client.execute(`PRAGMA ${pragma}`)).rows[0]
    if (row?.[0] !== expected) throw new StoreFailed(`libSQL answered ${String(row?.[0])} to PRAGMA ${pragma}`)
  }
}

/** libSQL ignores an encryption option that it does not understand and writes plaintext: what counts is what the disk holds. */
function assertEncrypted(path: string, pageAt: number): void {
  if (headOf(path, pageAt) === PLAIN_HEADER) throw new StoreNotEncrypted('the database file has a plaintext header')
}

/** Nothing where there is no file, or none that can be read: libSQL has its own words for that. */
function headOf(path: string, pageAt: number): string | undefined {
  try {
    const file = openSync(path, 'r')
    try {
      const head = Buffer.alloc(PLAIN_HEADER.length)
      readSync(file, head, 0, head.length, pageAt)
      return head.toString('latin1')
    } finally {
      closeSync(file)
    }
  } catch {
    return undefined
  }
}
