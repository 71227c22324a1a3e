/** Where alerts go, what is wrong just now, and what has still to be told. In the database of a Runtime and of a Platform Tenant. */
import { index, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { bytes } from '../columns.ts'

export const alertChannels = sqliteTable('alert_channels', {
  id: text('id').primaryKey(),
  name: text('name').notNull().unique(),
  kind: text('kind', { enum: ['webhook', 'mail'] }).notNull(),
  /** Its settings as JSON, secrets among them: AES-256-GCM, the id as associated data. */
  sealed: bytes('sealed').notNull(),
  createdAtMs: integer('created_at_ms').notNull(),
  lastSentAtMs: integer('last_sent_at_ms'),
  /** Code of why the last attempt failed; null after one that did not. */
  lastFailure: text('last_failure'),
  /** Alerts that it was never told of: the oldest give way, and so do those older than a day. */
  dropped: integer('dropped').notNull().default(0),
})

/** What is wrong and since when; a row goes when it has passed for good and that was told. */
export const alertConditions = sqliteTable('alert_conditions', {
  id: text('id').primaryKey(),
  what: text('what').notNull(),
  effect: text('effect'),
  sinceMs: integer('since_ms').notNull(),
  /** When it was told; null while it may still pass by itself. */
  toldAtMs: integer('told_at_ms'),
  /** Not wrong any more since then; null while it is. */
  passedAtMs: integer('passed_at_ms'),
})

/** One row for each channel that has still to be told of an alert, in the order of `position`. */
export const alertMessages = sqliteTable(
  'alert_messages',
  {
    position: integer('position').primaryKey({ autoIncrement: true }),
    channel: text('channel')
      .notNull()
      .references(() => alertChannels.id, { onDelete: 'cascade' }),
    /** The alert as JSON. */
    alert: text('alert').notNull(),
    atMs: integer('at_ms').notNull(),
    attempts: integer('attempts').notNull(),
    nextAtMs: integer('next_at_ms').notNull(),
  },
  (table) => [index('alert_messages_by_channel').on(table.channel)],
)
