/** What can go wrong in a database, by name. Messages never hold parameters: rows and secrets stay out of logs. */
import { AppError } from '../base/mod.ts'

/** The file is encrypted under another key, or is no database at all; libSQL cannot tell these apart. */
export class StoreWrongKey extends AppError {
  override readonly code = 'store.wrong_key' as const
  override readonly advice = 'Start with the master key that made this data folder, or restore the file from a backup.'
}

/** The file on the disk is readable without a key. */
export class StoreNotEncrypted extends AppError {
  override readonly code = 'store.not_encrypted' as const
  override readonly kind = 'internal' as const
}

/** The disk had no room; the transaction was rolled back whole. */
export class StoreDiskFull extends AppError {
  override readonly code = 'store.disk_full' as const
  override readonly kind = 'unavailable' as const
  override readonly advice = 'Free some space on the volume of the data folder; nothing was half-written.'
}

/** Another writer held the database for longer than we wait. */
export class StoreBusy extends AppError {
  override readonly code = 'store.busy' as const
  override readonly kind = 'unavailable' as const
}

/** A row with this key exists already. */
export class StoreConflict extends AppError {
  override readonly code = 'store.conflict' as const
  override readonly kind = 'conflict' as const
}

/** A row breaks a rule of its table: a missing value, a missing parent, a check. */
export class StoreConstraint extends AppError {
  override readonly code = 'store.constraint' as const
}

/** Pages of the file contradict each other. */
export class StoreDamaged extends AppError {
  override readonly code = 'store.damaged' as const
  override readonly kind = 'internal' as const
  override readonly advice = 'Restore the database from a backup.'
}

/** The database was written by a later version of Sluice, or by another line of migrations. */
export class StoreSchemaUnknown extends AppError {
  override readonly code = 'store.schema_unknown' as const
  override readonly kind = 'conflict' as const
  override readonly advice = 'Run the version of Sluice that wrote this data folder, or a later one.'
}

/** A statement that libSQL refused for another reason; `message` has its code. */
export class StoreFailed extends AppError {
  override readonly code = 'store.failed' as const
  override readonly kind = 'internal' as const
}

/** The keyring has the key of something whose file or folder is gone. To begin afresh would hide the loss. */
export class StoreMissing extends AppError {
  override readonly code = 'store.missing' as const
  override readonly kind = 'not_found' as const
  override readonly advice =
    'Restore the data folder from a backup (`sluice restore`), or start with a new, empty folder.'
}

/** Another process works with this data folder. */
export class DataFolderInUse extends AppError {
  override readonly code = 'store.folder_in_use' as const
  override readonly kind = 'conflict' as const
  override readonly advice = 'Stop the other process, or choose another folder with --data.'
}

/** A restore into this folder was cut off before its end. */
export class RestoreUnfinished extends AppError {
  override readonly code = 'store.restore_unfinished' as const
  override readonly kind = 'conflict' as const
  override readonly advice = 'Empty the folder and restore the backup again.'
}

/** The process that copies or checks a database ended without having done so. */
export class StoreCopyFailed extends AppError {
  override readonly code = 'store.copy_failed' as const
  override readonly kind = 'unavailable' as const
  override readonly advice = 'Try again; the database itself was not touched.'
}

/** A statement that people wrote and SQLite does not take; `message` is what it says. */
export class StatementRefused extends AppError {
  override readonly code = 'store.statement_refused' as const
}

/** A statement that people wrote came to more memory than its process lets it have. */
export class StatementOutOfMemory extends AppError {
  override readonly code = 'store.statement_out_of_memory' as const
  override readonly kind = 'limit' as const
}
