/** backup: a data folder while it is in use as one sealed file, and such a file as a data folder again. */
export { type BackupDeps, makeBackup, removeBackupLeftovers } from './make.ts'
export { DATA_FOLDER_RESTORED, restoreBackup } from './restore.ts'
export { type BackupOpener, type BackupSealing, PASSPHRASE_LENGTH_MIN } from './sealing.ts'
export { describeBackup, verifyBackup } from './verify.ts'
