/** Named secrets of a Runtime. They can be set, replaced, listed by name, removed and used; there is no way to read one back. */
import { eq } from 'drizzle-orm'
import { type Bytes, type Clock, fromUtf8, newId, type Random, utf8 } from '../base/mod.ts'
import { importWrappingKey, unwrap, type WrappingKey, wrap } from '../crypto/mod.ts'
import { credentials, type Database, type RuntimeSchema } from '../store/mod.ts'
import { CredentialMalformed, CredentialNotFound } from './errors.ts'

/** `key`: 32 bytes, the vault's own. */
export type VaultDeps = { db: Database<Pick<RuntimeSchema, 'credentials'>>; key: Bytes; clock: Clock; random: Random }

/** What may be known of a credential. Times are ms since 1970. */
export type CredentialSummary = {
  id: string
  name: string
  /** Names of its fields, in order; never their values. */
  fields: string[]
  createdAt: number
  replacedAt: number | null
}

/** An open vault. */
export type Vault = {
  /**
   * Keeps a secret under a name; one of the same name is replaced and keeps its id.
   * Refuses `credential.malformed`: a name of other than 1 to 64 characters `a-z A-Z 0-9 _ . -`, no field or more than 32,
   * more than 64 KiB in all.
   */
  set(name: string, secret: Record<string, string>): Promise<CredentialSummary>
  /** All credentials by name. */
  list(): Promise<CredentialSummary[]>
  /** Refuses `credential.not_found`. */
  remove(name: string): Promise<void>
  /** Lends the secret of an id to `fn` for one call. Refuses `credential.not_found`, `crypto.not_authentic`. */
  use<T>(id: string, fn: (secret: Record<string, string>) => Promise<T>): Promise<T>
}

const NAME = /^[A-Za-z0-9_.-]{1,64}$/
const FIELDS_MAX = 32
/** A service account's JSON or a chain of certificates with its key fits well; 1,000 credentials stay below 64 MiB. */
const SECRET_BYTES_MAX = 64 * 1_024
const PURPOSE = 'credential'

/** Opens the vault in `db` under `key` (32 bytes, which the caller overwrites afterwards). */
export function openVault(deps: VaultDeps): Vault {
  // A copy, since the import may still read it when the caller overwrites the original.
  const bytes = deps.key.slice()
  const key = importWrappingKey(bytes).finally(() => bytes.fill(0))
  // Whoever uses the vault first sees the failure of the import; until then it must not count as unhandled.
  key.catch(() => undefined)
  return {
    set: (name, secret) => set(deps, key, name, secret),
    list: () => list(deps.db),
    remove: (name) => remove(deps.db, name),
    use: (id, fn) => use(deps.db, key, id, fn),
  }
}

async function set(
  deps: VaultDeps,
  key: Promise<WrappingKey>,
  name: string,
  secret: Record<string, string>,
): Promise<CredentialSummary> {
  const plain = encode(name, secret)
  const wrappingKey = await key
  return deps.db.transaction(async (tx) => {
    const before = await tx.select().from(credentials).where(eq(credentials.name, name)).get()
    const now = deps.clock.now()
    const id = before?.id ?? newId('cred', deps.clock, deps.random)
    const sealed = await wrap(wrappingKey, { purpose: PURPOSE, id }, plain)
    plain.fill(0)
    const row = {
      id,
      name,
      fields: Object.keys(secret),
      sealed,
      createdAtMs: before?.createdAtMs ?? now,
      replacedAtMs: before ? now : null,
    }
    await tx.insert(credentials).values(row).onConflictDoUpdate({ target: credentials.id, set: row })
    return summaryOf(row)
  })
}

function encode(name: string, secret: Record<string, string>): Bytes {
  if (!NAME.test(name)) throw new CredentialMalformed('a credential name has 1 to 64 letters, digits, _ . or -')
  const count = Object.keys(secret).length
  if (count < 1 || count > FIELDS_MAX) throw new CredentialMalformed(`a credential has 1 to ${FIELDS_MAX} fields`)
  const plain = utf8(JSON.stringify(secret))
  if (plain.byteLength > SECRET_BYTES_MAX) {
    throw new CredentialMalformed(`a credential has at most ${SECRET_BYTES_MAX} bytes, not ${plain.byteLength}`)
  }
  return plain
}

async function list(db: VaultDeps['db']): Promise<CredentialSummary[]> {
  return (await db.select().from(credentials).orderBy(credentials.name)).map(summaryOf)
}

async function remove(db: VaultDeps['db'], name: string): Promise<void> {
  const removed = await db.delete(credentials).where(eq(credentials.name, name)).returning({ id: credentials.id })
  if (removed.length === 0) throw new CredentialNotFound(`there is no credential named ${JSON.stringify(name)}`)
}

async function use<T>(
  db: VaultDeps['db'],
  key: Promise<WrappingKey>,
  id: string,
  fn: (secret: Record<string, string>) => Promise<T>,
): Promise<T> {
  const row = await db.select({ sealed: credentials.sealed }).from(credentials).where(eq(credentials.id, id)).get()
  if (row === undefined) throw new CredentialNotFound(`there is no credential ${JSON.stringify(id)}`)
  const plain = await unwrap(await key, { purpose: PURPOSE, id }, row.sealed)
  const secret: Record<string, string> = JSON.parse(fromUtf8(plain))
  plain.fill(0)
  return fn(secret)
}

function summaryOf(row: Omit<typeof credentials.$inferSelect, 'sealed'>): CredentialSummary {
  return { id: row.id, name: row.name, fields: row.fields, createdAt: row.createdAtMs, replacedAt: row.replacedAtMs }
}
