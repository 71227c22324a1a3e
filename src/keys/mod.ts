/** keys: the master key, the keyring of what it wraps, recovery, rotation, and the vault of credentials. */
export type { Unavailable } from './availability.ts'
export { credentialKinds, fieldsOf, kindOf } from './credential-kinds.ts'
export {
  CREDENTIAL_SOURCES,
  type CredentialSource,
  FieldReference,
  type SourceAccess,
} from './credential-sources.ts'
export { CredentialNotFound, RecoveryKeyNotTaken } from './errors.ts'
export { openKeyring } from './file-keyring.ts'
export {
  type DatabasePlace,
  keptDatabasePath,
  openKeptDatabase,
  openKeptJournal,
  rotateDatabaseKey,
  rotateJournalKey,
} from './kept.ts'
export { KEY_ALGORITHMS } from './key-pairs.ts'
export type { KeyAbout, Keyring } from './keyring.ts'
export { createMasterKeyFile, loadMasterKey, type MasterKeySource } from './master-key.ts'
export { openServerKeyring, rotateMasterKey } from './master-rotation.ts'
export { recoverKeyring, restoreKeyring } from './recovery.ts'
export { readRecoveryKey } from './recovery-key.ts'
export {
  openWrappingKey,
  rotateWrappingKey,
  type SealedItems,
  sealedCredentials,
  writersDone,
} from './resealing.ts'
export { type Progress, type RotationState, Rotations, type RotationTarget } from './rotations.ts'
export { type CredentialSummary, type NewKey, openVault, type Vault } from './vault.ts'
