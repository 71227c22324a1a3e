/** store: openings, migrations and schemas of databases, and the journal. Queries live in the room that owns the table. */
export { apiTokens, knownAddresses, oneTimeLinks, sessions, users } from './accounts/schema.ts'
export { auditHead, auditTrail } from './audit/schema.ts'
export { bytes } from './columns.ts'
export { type Database, openDatabase, yieldToFinalisers } from './database.ts'
export {
  type RegistrySchema,
  type RuntimeSchema,
  registryDatabase,
  runtimeDatabase,
  type TenantSchema,
  tenantDatabase,
} from './databases.ts'
export {
  JournalDamaged,
  JournalFull,
} from './journal/errors.ts'
export { type Journal, type JournalEntry, openJournal } from './journal/journal.ts'
export { credentials } from './keys/schema.ts'
export type { Migration } from './migrate.ts'
