/** store: openings, migrations and schemas of databases, and the journal. Queries live in the room that owns the table. */
export {
  accountSettings,
  apiTokens,
  dataTenantMembers,
  identities,
  knownAddresses,
  oneTimeLinks,
  recoveryCodes,
  sessions,
  totpSecrets,
  users,
} from './accounts/schema.ts'
export { alertChannels, alertConditions, alertMessages } from './alerts/schema.ts'
export { auditHead, auditTrail } from './audit/schema.ts'
export { bytes } from './columns.ts'
export { type CheckDatabase, COPIER_SUBCOMMAND, type CopyDatabase, checkerBy, copierBy, runCopier } from './copier.ts'
export { type DataDatabase, dataDatabase, emptyDatabase, type SqlResult, type SqlValue } from './data/data-database.ts'
export type { ForeignValue } from './data/foreign-statement.ts'
export { holdDataFolder, RESTORING_FOLDER } from './data-folder.ts'
export { type Database, openDatabase, yieldToFinalisers } from './database.ts'
export { checkDatabase } from './database-check.ts'
export { databasePath, demandDatabase, removeDatabase, removeOtherGenerations } from './database-files.ts'
export {
  type RegistrySchema,
  type RuntimeSchema,
  registryDatabase,
  runtimeDatabase,
  type TenantSchema,
  tenantDatabase,
} from './databases.ts'
export { StatementOutOfMemory, StatementRefused, StoreMissing } from './errors.ts'
export {
  JournalClosed,
  JournalDamaged,
  JournalFull,
  JournalWrongKey,
} from './journal/errors.ts'
export { type Journal, type JournalEntry, type OpenJournal, openJournal } from './journal/journal.ts'
export { readableAfter } from './journal/readable-after.ts'
export { journalIsThere } from './journal/recover.ts'
export { credentials } from './keys/schema.ts'
export type { Migration } from './migrate.ts'
export { remembered } from './remembered.ts'
export { connectorRuns, connectors, dataTenants, uploadTokens } from './runtime/schema.ts'
