/** What `keys` keeps in a database: the vault. Master key, wraps and key pairs are in the keyring file, not here. */
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { bytes } from '../columns.ts'

/** One row for each credential. Only `sealed` holds its values: AES-256-GCM, bound to `id`. */
export const credentials = sqliteTable('credentials', {
  id: text('id').primaryKey(),
  name: text('name').notNull().unique(),
  /** Names of the fields, never their values. */
  fields: text('fields', { mode: 'json' }).$type<string[]>().notNull(),
  sealed: bytes('sealed').notNull(),
  /** Which kind of credential it is; for showing, since the sealed part says it as well. */
  kind: text('kind').notNull().default('fields'),
  /** Where each field's value comes from, as far as it may be shown; null from before there were sources: all is stored. */
  sources: text('sources', { mode: 'json' }).$type<Record<string, { from: string; name?: string }>>(),
  /** What is public of it by its nature: the public part of a key and its fingerprint. */
  publicFacts: text('public_facts', { mode: 'json' }).$type<{ publicKey: string; fingerprint: string }>(),
  createdAtMs: integer('created_at_ms').notNull(),
  replacedAtMs: integer('replaced_at_ms'),
})
