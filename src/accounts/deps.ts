/** What accounts stand on: their tables, time, chance, and keys if the host keeps some. */
import type { Bytes, Clock, Random } from '../base/mod.ts'
import type { WrappingKey } from '../crypto/mod.ts'
import type { Database, RuntimeSchema } from '../store/mod.ts'

export type AccountTables = Pick<
  RuntimeSchema,
  | 'users'
  | 'sessions'
  | 'knownAddresses'
  | 'oneTimeLinks'
  | 'apiTokens'
  | 'totpSecrets'
  | 'recoveryCodes'
  | 'identities'
  | 'accountSettings'
  | 'dataTenantMembers'
>

/** What `openAccounts` takes. */
export type AccountsDeps = {
  db: Database<AccountTables>
  clock: Clock
  random: Random
  /** 32 bytes from the keyring, mixed into every password: a stolen database alone can't be searched. Never change it. */
  pepper?: Bytes
  /** The key under which what has to be used again is kept: secrets of authenticators and OpenID clients. Asked for at first use. */
  sealing: () => Promise<WrappingKey>
  /** Tells that a user (by id) has to wait, since attempts on the account keep failing: once an hour for each, to whoever records it. */
  onLocked?: (userId: string, address: string) => Promise<void>
  /**
   * Aborted when the server stops: passwords that wait to be checked are refused then, since the database is about to be closed, and
   * an OpenID provider is waited for no longer.
   */
  closing?: AbortSignal | undefined
}

/** Where a piece of work reads and writes: the database, or a transaction on it that several pieces share. */
export type WithinDeps = Omit<AccountsDeps, 'db'> & {
  db: Pick<Database<AccountTables>, 'select' | 'insert' | 'update' | 'delete'>
}

/** Does it in one transaction: whole, or not at all. */
export function within<T>(deps: AccountsDeps, work: (tx: WithinDeps) => Promise<T>): Promise<T> {
  return deps.db.transaction((tx) => work({ ...deps, db: tx }))
}
