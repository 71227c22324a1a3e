/** Named secrets of a Runtime. They can be set, made, replaced, listed by name, removed and used; there is no way to read one back. */
import { and, count, eq } from 'drizzle-orm'
import { type Bytes, type Clock, newId, type Random, rfc3339 } from '../base/mod.ts'
import { importWrappingKey, type WrappingKey } from '../crypto/mod.ts'
import { credentials, type Database, type RuntimeSchema } from '../store/mod.ts'
import { type Unavailable, unavailableFields } from './availability.ts'
import { CredentialExists, CredentialFieldInvalid, CredentialsNoRoom } from './credential-errors.ts'
import { checkFields, kindOf, type PublicFacts } from './credential-kinds.ts'
import {
  CREDENTIAL_SOURCES,
  type CredentialSource,
  checkReference,
  type FieldReference,
  fetchField,
  type SourceAccess,
  sourceFacts,
} from './credential-sources.ts'
import { CredentialMalformed, CredentialNotFound } from './errors.ts'
import { generatePrivateKey, type KeyAlgorithm } from './key-pairs.ts'
import type { OAuth2Client } from './oauth2.ts'
import { type Fields, markOf, openFields, type Sealed, sealFields } from './sealed-fields.ts'
import { type StoredClient, TokenDesk } from './token-desk.ts'

/** `key`: the vault's own, or its 32 bytes. Without `sources` every value is stored here. */
export type VaultDeps = {
  db: Database<Pick<RuntimeSchema, 'credentials'>>
  key: Bytes | WrappingKey
  clock: Clock
  random: Random
  sources?: SourceAccess
}

/** What may be known of a credential. Times are ms since 1970. */
export type CredentialSummary = {
  id: string
  name: string
  kind: string
  /** Names of its fields, in order; never their values. */
  fields: string[]
  /** Where the value of each field comes from: `stored`, or which variable, file or program. */
  sources: Record<string, { from: string; name?: string }>
  /** The public part of a key pair or an SSH key, with its fingerprint. */
  publicFacts: PublicFacts | null
  createdAt: number
  replacedAt: number | null
}

/** A key that is to be made. `username` is for SSH. */
export type NewKey = { kind: 'key_pair' | 'ssh_key'; algorithm: KeyAlgorithm; username?: string | undefined }

/** An open vault. */
export type Vault = {
  /** Where values may come from beside the vault, as its owner allows. */
  readonly sources: readonly CredentialSource[]
  /**
   * Keeps a secret under a name; one of the same name is replaced and keeps its id. A field's value is a text, or a reference to
   * where it is fetched from at every use. Refuses `credential.malformed` (a name of other than 1 to 64 characters
   * `a-z A-Z 0-9 _ . -`, no field or more than 32, more than 64 KiB in all), `credential.kind_unknown`, `credential.field_invalid`,
   * `credential.source_forbidden`, `credential.no_room`, and without `replace` (default true) `credential.exists`.
   */
  set(name: string, fields: Fields, kind?: string, replace?: boolean): Promise<CredentialSummary>
  /** Makes a private key and keeps it as `set` does: nobody ever sees it, or the one that it replaces. `replace`: default false. */
  generate(name: string, key: NewKey, replace?: boolean): Promise<CredentialSummary>
  /** All credentials by name. */
  list(): Promise<CredentialSummary[]>
  /** Refuses `credential.not_found`. */
  find(name: string): Promise<CredentialSummary>
  /** The fields that cannot be fetched now from where they stand, or are not what the kind needs. Refuses `credential.not_found`. */
  unavailable(name: string): Promise<Unavailable[]>
  /** Refuses `credential.not_found`. */
  remove(name: string): Promise<void>
  /**
   * Lends the secret of an id to `fn` for one call: its fields, or what its kind lends instead. Refuses `credential.not_found`,
   * `crypto.not_authentic`, `credential.source_…`, `credential.token_refused`.
   */
  use<T>(id: string, fn: (secret: Record<string, string>) => Promise<T>): Promise<T>
}

const NAME = /^[A-Za-z0-9_.-]{1,64}$/
/** As many as an inventory names: 1,024 × ≤ 64 KiB stay below 70 MiB. */
export const CREDENTIALS_MAX = 1_024

/** Opens the vault in `db` under `key`; the caller overwrites bytes afterwards. */
export function openVault(deps: VaultDeps): Vault {
  const key = deps.key instanceof Uint8Array ? imported(deps.key) : Promise.resolve(deps.key)
  // Whoever uses the vault first sees the failure of the import; until then it must not count as unhandled.
  key.catch(() => undefined)
  const room: Room = { ...deps, key, tokens: new TokenDesk(deps.clock) }
  return {
    sources: CREDENTIAL_SOURCES.filter((source) => deps.sources?.allowed.has(source)),
    set: (name, fields, kind = 'fields', replace = true) => set(room, name, { kind, fields }, replace),
    generate: (name, wanted, replace = false) => generate(room, name, wanted, replace),
    list: async () => (await deps.db.select().from(credentials).orderBy(credentials.name)).map(summaryOf),
    find: (name) => find(room, name),
    unavailable: async (name) => {
      const { id } = await find(room, name)
      return unavailableFields((await openRow(room, id)).sealed, deps.sources)
    },
    remove: (name) => remove(room, name),
    use: (id, fn) => use(room, id, fn),
  }
}

function imported(key: Bytes): Promise<WrappingKey> {
  // A copy, since the import may still read it when the caller overwrites the original.
  const bytes = key.slice()
  return importWrappingKey(bytes).finally(() => bytes.fill(0))
}

type Room = Omit<VaultDeps, 'key'> & { key: Promise<WrappingKey>; tokens: TokenDesk }
type Row = typeof credentials.$inferSelect

async function set(room: Room, name: string, sealed: Sealed, replace: boolean): Promise<CredentialSummary> {
  if (!NAME.test(name)) throw new CredentialMalformed('a credential name has 1 to 64 letters, digits, _ . or -')
  const publicFacts = (await examined(room, sealed)) ?? null
  const { kind, fields } = sealed
  const sources = Object.fromEntries(Object.entries(fields).map(([field, value]) => [field, sourceFacts(value)]))
  const key = await room.key
  return room.db.transaction(async (tx) => {
    const before = await tx.select().from(credentials).where(eq(credentials.name, name)).get()
    if (before && !replace) throw new CredentialExists(`there is a credential named ${name} already`)
    if (!before) await refuseBeyondRoom(tx)
    const now = room.clock.now()
    const id = before?.id ?? newId('cred', room.clock, room.random)
    const row = {
      ...{ id, name, kind, sources, publicFacts, fields: Object.keys(fields) },
      sealed: await sealFields(key, id, sealed),
      createdAtMs: before?.createdAtMs ?? now,
      replacedAtMs: before ? now : null,
    }
    await tx.insert(credentials).values(row).onConflictDoUpdate({ target: credentials.id, set: row })
    return summaryOf(row)
  })
}

/** Checks what stands here at once; what stands elsewhere is checked when it is fetched. */
async function examined(room: Room, { kind, fields }: Sealed): Promise<PublicFacts | undefined> {
  const about = kindOf(kind)
  const stored: Record<string, string> = {}
  const outside: string[] = []
  for (const [field, value] of Object.entries(fields)) {
    if (typeof value === 'string') stored[field] = value
    else {
      checkReference(field, value, room.sources)
      // Servers give another one for each that is used: what stands elsewhere would be worth nothing after the first use.
      if (field === 'refreshToken') throw new CredentialFieldInvalid(field, 'must be kept in the vault itself')
      outside.push(field)
    }
  }
  checkFields(about, stored, outside)
  return outside.length === 0 ? about.examine?.(stored) : undefined
}

async function refuseBeyondRoom(db: Pick<VaultDeps['db'], 'select'>): Promise<void> {
  const [found] = await db.select({ kept: count() }).from(credentials)
  if ((found?.kept ?? 0) >= CREDENTIALS_MAX) {
    throw new CredentialsNoRoom(`there are ${CREDENTIALS_MAX} credentials, as many as are kept`)
  }
}

async function generate(
  room: Room,
  name: string,
  { kind, algorithm, username }: NewKey,
  replace: boolean,
): Promise<CredentialSummary> {
  if (username !== undefined && kind === 'key_pair')
    throw new CredentialFieldInvalid('username', 'is not one of the kind key_pair')
  const privateKey = await generatePrivateKey(algorithm, kind === 'ssh_key', room.random)
  const fields = { privateKey, ...(username !== undefined && { username }) }
  return set(room, name, { kind, fields }, replace)
}

async function find({ db }: Room, name: string): Promise<CredentialSummary> {
  const row = await db.select().from(credentials).where(eq(credentials.name, name)).get()
  if (!row) throw new CredentialNotFound(`there is no credential named ${JSON.stringify(name)}`)
  return summaryOf(row)
}

async function remove({ db, tokens }: Room, name: string): Promise<void> {
  const [removed] = await db.delete(credentials).where(eq(credentials.name, name)).returning({ id: credentials.id })
  if (!removed) throw new CredentialNotFound(`there is no credential named ${JSON.stringify(name)}`)
  tokens.forget(removed.id)
}

async function use<T>(room: Room, id: string, fn: (secret: Record<string, string>) => Promise<T>): Promise<T> {
  const { sealed } = await openRow(room, id)
  if (sealed.kind !== 'oauth2_client') return fn(await fetched(room, sealed))
  const { accessToken, expiresAtMs } = await room.tokens.use(id, () => storedClient(room, id))
  return fn({ accessToken, tokenType: 'Bearer', expiresAt: rfc3339(expiresAtMs) })
}

async function openRow({ db, key }: Room, id: string): Promise<{ sealed: Sealed; bytes: Bytes }> {
  const row = await db.select({ sealed: credentials.sealed }).from(credentials).where(eq(credentials.id, id)).get()
  if (row === undefined) throw new CredentialNotFound(`there is no credential ${JSON.stringify(id)}`)
  return { sealed: await openFields(await key, id, row.sealed), bytes: row.sealed }
}

/** Every field with its value. What came from outside is held against the kind only now. */
async function fetched({ sources }: Room, { kind, fields }: Sealed): Promise<Record<string, string>> {
  const outside = Object.values(fields).some((value) => typeof value !== 'string')
  const values = await Promise.all(
    Object.entries(fields).map(async ([field, value]) => [field, await valueFor(field, value, sources)] as const),
  )
  const secret = Object.fromEntries(values)
  if (outside) {
    checkFields(kindOf(kind), secret)
    await kindOf(kind).examine?.(secret)
  }
  return secret
}

async function valueFor(
  field: string,
  value: string | FieldReference,
  sources: SourceAccess | undefined,
): Promise<string> {
  return typeof value === 'string' ? value : fetchField(field, value, sources)
}

async function storedClient(room: Room, id: string): Promise<StoredClient> {
  const { sealed, bytes } = await openRow(room, id)
  return {
    mark: markOf(bytes),
    // The kind's own check has found each of them.
    client: async () => (await fetched(room, sealed)) as OAuth2Client,
    keepRefreshToken: (refreshToken) => keepRefreshToken(room, id, { sealed, bytes }, refreshToken),
  }
}

/** Puts it in the place of the former one, unless the owner has replaced the credential meanwhile: then it is worth nothing any more. */
async function keepRefreshToken(
  room: Room,
  id: string,
  former: { sealed: Sealed; bytes: Bytes },
  refreshToken: string,
): Promise<string | undefined> {
  const { sealed } = former
  const key = await room.key
  // Sealed while it holds the database: a rotation of the vault's key waits for who holds it before its last look.
  const replaceWhereIs = (bytes: Bytes): Promise<string | undefined> =>
    room.db.transaction(async (tx) => {
      const next = await sealFields(key, id, { ...sealed, fields: { ...sealed.fields, refreshToken } })
      const unchanged = and(eq(credentials.id, id), eq(credentials.sealed, bytes))
      const written = await tx.update(credentials).set({ sealed: next }).where(unchanged).returning()
      return written.length > 0 ? markOf(next) : undefined
    })
  for (let { bytes } = former; ; ) {
    const mark = await replaceWhereIs(bytes)
    if (mark !== undefined) return mark
    const row = await room.db.select().from(credentials).where(eq(credentials.id, id)).get()
    const now = row && (await openFields(key, id, row.sealed))
    // The same content under another seal: the vault's key was rotated.
    if (!row || JSON.stringify(now) !== JSON.stringify(sealed)) return undefined
    bytes = row.sealed
  }
}

function summaryOf(row: Omit<Row, 'sealed'>): CredentialSummary {
  const { id, name, kind, fields, publicFacts, createdAtMs: createdAt, replacedAtMs: replacedAt } = row
  const sources = row.sources ?? Object.fromEntries(fields.map((field) => [field, { from: 'stored' }]))
  return { id, name, kind, fields, sources, publicFacts, createdAt, replacedAt }
}
