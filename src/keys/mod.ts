/** keys: the master key, the keyring of what it wraps, and the vault of credentials. Recovery and rotation join here. */
export { CredentialNotFound } from './errors.ts'
export { type Keyring, openKeyring } from './keyring.ts'
export { createMasterKeyFile, loadMasterKey, type MasterKeySource } from './master-key.ts'
export { type CredentialSummary, openVault, type Vault } from './vault.ts'
