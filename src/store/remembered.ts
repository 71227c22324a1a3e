/** What was read is kept until it is written: for who looks each second at what changes once an hour. */
import type { SQLiteTable } from 'drizzle-orm/sqlite-core'
import type { Database } from './database.ts'

/**
 * Reads at the first call, and again once this process has written one of the tables that `read` reads. A reading that fails is not
 * kept. Whoever wrote sees it at the next call; nobody else writes our databases while they are open.
 */
export function remembered<T>(
  db: Pick<Database<unknown>, 'revisionOf'>,
  tables: readonly SQLiteTable[],
  read: () => Promise<T>,
): () => Promise<T> {
  let known: { revision: number; reading: Promise<T> } | undefined
  return () => {
    // Taken before it is read: a write that comes in between makes the next call read again.
    const revision = db.revisionOf(...tables)
    if (known?.revision === revision) return known.reading
    const mine = { revision, reading: read() }
    known = mine
    mine.reading.catch(() => {
      if (known === mine) known = undefined
    })
    return mine.reading
  }
}
