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
  createdAtMs: integer('created_at_ms').notNull(),
  replacedAtMs: integer('replaced_at_ms'),
})
