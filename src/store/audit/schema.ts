/** What `audit` keeps: the hash chain of what people and keys did, and its signed head. */
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { bytes } from '../columns.ts'

/** One row for each act; `count` is its place in the chain, from 1 without gaps. */
export const auditTrail = sqliteTable('audit_trail', {
  count: integer('count').primaryKey(),
  atMs: integer('at_ms').notNull(),
  actor: text('actor').notNull(),
  action: text('action').notNull(),
  subject: text('subject').notNull(),
  /** A JSON object of strings, numbers and booleans, in its canonical form as it went into the hash. */
  detail: text('detail').notNull(),
  /** Hex SHA-256 over the hash before it and this row. */
  hash: text('hash').notNull(),
})

/** One row (`id` 1): the last hash of the chain, signed. */
export const auditHead = sqliteTable('audit_head', {
  id: integer('id').primaryKey(),
  count: integer('count').notNull(),
  hash: text('hash').notNull(),
  signature: bytes('signature').notNull(),
  /** RFC 7638 thumbprint of the key that signed. */
  kid: text('kid').notNull(),
})
