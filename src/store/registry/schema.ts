/** What the Platform as a whole keeps: the list of its tenants. Everything else of a tenant is in the tenant's own database. */
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'

/** One row for each Platform Tenant. The name is for people; only the id stands in paths, logs and messages. */
export const tenants = sqliteTable('tenants', {
  id: text('id').primaryKey(),
  name: text('name').notNull(),
  createdAtMs: integer('created_at_ms').notNull(),
})
