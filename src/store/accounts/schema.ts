/**
 * Tables of users, sessions, one-time links, second steps and API tokens; in the database of a Runtime and of a Platform Tenant.
 * Secrets stand here as hashes, or sealed where they have to be used.
 */
import { index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { bytes } from '../columns.ts'

export const users = sqliteTable('users', {
  id: text('id').primaryKey(),
  /** Lower case; what is typed at sign-in. */
  name: text('name').notNull().unique(),
  role: text('role', { enum: ['owner', 'operator', 'viewer'] }).notNull(),
  /** PHC string of argon2id; null until a first password is set. */
  passwordHash: text('password_hash'),
  createdAtMs: integer('created_at_ms').notNull(),
  passwordSetAtMs: integer('password_set_at_ms'),
  /** Since when this user may do nothing at all; null while they may. */
  disabledAtMs: integer('disabled_at_ms'),
})

function userId() {
  return text('user_id')
    .notNull()
    .references(() => users.id, { onDelete: 'cascade' })
}

/** One row for each session that may still be alive. */
export const sessions = sqliteTable(
  'sessions',
  {
    id: text('id').primaryKey(),
    /** SHA-256 of the cookie's token. */
    tokenHash: bytes('token_hash').notNull().unique(),
    userId: userId(),
    createdAtMs: integer('created_at_ms').notNull(),
    /** To the minute; what the idle limit counts from. */
    seenAtMs: integer('seen_at_ms').notNull(),
    /** When its user last proved to be there; null in rows older than this column. */
    confirmedAtMs: integer('confirmed_at_ms'),
    address: text('address').notNull(),
    userAgent: text('user_agent').notNull(),
  },
  (table) => [index('sessions_by_user').on(table.userId)],
)

/** From where a user has signed in before; a lock of the account for strangers does not hold there. */
export const knownAddresses = sqliteTable(
  'known_addresses',
  { userId: userId(), address: text('address').notNull(), seenAtMs: integer('seen_at_ms').notNull() },
  (table) => [primaryKey({ columns: [table.userId, table.address] })],
)

/** A row goes when its link is used. */
export const oneTimeLinks = sqliteTable('one_time_links', {
  /** SHA-256 of the link's token. */
  tokenHash: bytes('token_hash').primaryKey(),
  userId: userId(),
  /** `second-step`: the password was right, the code is still to come. */
  purpose: text('purpose', { enum: ['set-password', 'sign-in', 'second-step'] }).notNull(),
  expiresAtMs: integer('expires_at_ms').notNull(),
})

/** One row for each token that was not revoked. */
export const apiTokens = sqliteTable('api_tokens', {
  /** The part of the token that is no secret: `slt_` and 16 characters. */
  id: text('id').primaryKey(),
  /** SHA-256 of the whole token. */
  tokenHash: bytes('token_hash').notNull(),
  userId: userId(),
  name: text('name').notNull(),
  createdAtMs: integer('created_at_ms').notNull(),
  expiresAtMs: integer('expires_at_ms').notNull(),
  /** To the minute. */
  usedAtMs: integer('used_at_ms'),
})

/** A user's authenticator: one row from the first look at its secret on, in force from `confirmedAtMs` on. */
export const totpSecrets = sqliteTable('totp_secrets', {
  userId: userId().primaryKey(),
  /** AES-256-GCM, the user's id as associated data. */
  sealed: bytes('sealed').notNull(),
  confirmedAtMs: integer('confirmed_at_ms'),
  /** The time step of the last code that was taken: no code of it or before is taken again. */
  lastStep: integer('last_step'),
  /** Wrong first codes; after a few the secret is given up. */
  failures: integer('failures').notNull().default(0),
})

/** What gets a user in whose authenticator is lost; a row goes when its code is used. */
export const recoveryCodes = sqliteTable('recovery_codes', {
  /** SHA-256 of user id and code. */
  codeHash: bytes('code_hash').primaryKey(),
  userId: userId(),
})

/** Accounts at OpenID providers that sign a user in here. */
export const identities = sqliteTable(
  'identities',
  {
    issuer: text('issuer').notNull(),
    /** The provider's own, unchanging name of the person. */
    subject: text('subject').notNull(),
    userId: userId(),
    /** Whether the user was made by a first sign-in: then the provider's claims decide the role. */
    managed: integer('managed', { mode: 'boolean' }).notNull(),
    linkedAtMs: integer('linked_at_ms').notNull(),
  },
  (table) => [primaryKey({ columns: [table.issuer, table.subject] }), index('identities_by_user').on(table.userId)],
)

/** What an owner set for all accounts; JSON by name, secrets within it sealed. */
export const accountSettings = sqliteTable('account_settings', {
  name: text('name').primaryKey(),
  value: text('value').notNull(),
})

/** Who may do what with the datasets of one data tenant, beside the user's role on the server. */
export const dataTenantMembers = sqliteTable(
  'data_tenant_members',
  {
    userId: userId(),
    /** The data tenant's opaque id, `dt_…`. */
    dataTenant: text('data_tenant').notNull(),
    role: text('role', { enum: ['owner', 'operator', 'viewer'] }).notNull(),
    /** Up to which class of fields they see values; who was a member before there were classes sees all. */
    clearance: text('clearance', { enum: ['public', 'restricted'] })
      .notNull()
      .default('restricted'),
    grantedAtMs: integer('granted_at_ms').notNull(),
  },
  (table) => [primaryKey({ columns: [table.userId, table.dataTenant] })],
)
