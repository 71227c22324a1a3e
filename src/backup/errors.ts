/** What can go wrong with backups, by name. No message holds a key, a passphrase or anything of what is backed up. */
import { AppError } from '../base/mod.ts'

/** Not a backup of Sluice, or its header is damaged. */
export class BackupMalformed extends AppError {
  override readonly code = 'backup.malformed' as const
  override readonly advice = 'Name a file that `sluice backup` wrote.'
}

/** Written by a later version of Sluice. */
export class BackupVersionUnknown extends AppError {
  override readonly code = 'backup.version_unknown' as const
  override readonly kind = 'conflict' as const
  override readonly advice = 'Use the version of Sluice that wrote the backup, or a later one.'
}

/** The backup was cut off, or bytes of it were changed. */
export class BackupDamaged extends AppError {
  override readonly code = 'backup.damaged' as const
  override readonly advice = 'Take another copy of the backup, or an earlier one.'
}

/** The passphrase, recovery key or key file does not open the backup. */
export class BackupKeyWrong extends AppError {
  override readonly code = 'backup.key_wrong' as const
  override readonly kind = 'unauthenticated' as const
  override readonly advice = 'Give what the backup was made for: `sluice backup verify` says which kind it is.'
}

/** The backup is whole, and another key signed it than the one that was demanded: another server's, or somebody else's. */
export class BackupMakerOther extends AppError {
  override readonly code = 'backup.maker_other' as const
  override readonly kind = 'unauthenticated' as const
  override readonly advice =
    'Restore it only if you know that other key. `sluice key list` says by which one a server signs its backups.'
}

/** A passphrase that is too short to keep anything, or too long. */
export class PassphraseUnfit extends AppError {
  override readonly code = 'backup.passphrase_unfit' as const
  override readonly advice = 'Take several words; they are what keeps the backup closed.'
}

/** A restore goes into a folder of its own: what is there would be mixed with what comes. */
export class RestoreFolderNotEmpty extends AppError {
  override readonly code = 'backup.folder_not_empty' as const
  override readonly kind = 'conflict' as const
  override readonly advice = 'Name a folder that is empty or does not exist yet.'
}

/** The backup is whole, and what is in it is not sound: a database does not open or contradicts itself. */
export class BackupUnsound extends AppError {
  override readonly code = 'backup.unsound' as const
  override readonly kind = 'internal' as const
  override readonly advice = 'Nothing was restored. Take an earlier backup.'
}

/** Something of the data folder changed in a way that a copy cannot follow. */
export class BackupInterrupted extends AppError {
  override readonly code = 'backup.interrupted' as const
  override readonly kind = 'unavailable' as const
  override readonly advice = 'Make the backup again.'
}
