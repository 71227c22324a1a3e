/** What accounts stand on: their tables, time, chance, and a pepper if the host keeps one. */
import type { Bytes, Clock, Random } from '../base/mod.ts'
import type { Database, RuntimeSchema } from '../store/mod.ts'

export type AccountTables = Pick<RuntimeSchema, 'users' | 'sessions' | 'knownAddresses' | 'oneTimeLinks' | 'apiTokens'>

/** What `openAccounts` takes. */
export type AccountsDeps = {
  db: Database<AccountTables>
  clock: Clock
  random: Random
  /** 32 bytes from the keyring, mixed into every password: a stolen database alone can't be searched. Never change it. */
  pepper?: Bytes
}

/** Where a piece of work reads and writes: the database, or a transaction on it that several pieces share. */
export type WithinDeps = Omit<AccountsDeps, 'db'> & {
  db: Pick<Database<AccountTables>, 'select' | 'insert' | 'update' | 'delete'>
}
