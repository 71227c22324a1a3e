/** Tables of users, sessions, one-time links and API tokens; in the database of a Runtime and of a Platform Tenant. Secrets stand here as hashes only. */
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
  purpose: text('purpose', { enum: ['set-password', 'sign-in'] }).notNull(),
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
