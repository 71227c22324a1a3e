/** What can go wrong with keys and credentials, by name. No message ever holds a key or a value. */
import { AppError } from '../base/mod.ts'

/** No master key where the configuration says that it is. */
export class MasterKeyMissing extends AppError {
  override readonly code = 'master_key.missing' as const
  override readonly kind = 'not_found' as const
  override readonly advice = 'Point the configuration at the master key of this data folder.'
}

/** What was found is not 32 bytes in base64url. */
export class MasterKeyMalformed extends AppError {
  override readonly code = 'master_key.malformed' as const
  override readonly advice = 'A master key is one line: 43 characters of base64url, without padding.'
}

/** Others on this machine may read the file. */
export class MasterKeyPermissions extends AppError {
  override readonly code = 'master_key.permissions' as const
  override readonly kind = 'forbidden' as const
  override readonly advice = 'Take the rights of group and others away: chmod 600.'
}

/** The command that should print the master key failed or took too long. */
export class MasterKeyCommandFailed extends AppError {
  override readonly code = 'master_key.command_failed' as const
  override readonly kind = 'unavailable' as const
  override readonly advice = 'Run the configured command by hand and see why it fails.'
}

/** A master key was to be made where one is. */
export class MasterKeyExists extends AppError {
  override readonly code = 'master_key.exists' as const
  override readonly kind = 'conflict' as const
  override readonly advice = 'Use the key that is there: without it, what it wraps is lost.'
}

/** The keyring was wrapped under another master key. */
export class MasterKeyWrong extends AppError {
  override readonly code = 'master_key.wrong' as const
  override readonly advice = 'Start with the master key that made this data folder.'
}

/** The keyring file is not what was last written. */
export class KeyringDamaged extends AppError {
  override readonly code = 'keyring.damaged' as const
  override readonly kind = 'internal' as const
  override readonly advice = 'Restore the keyring file from a backup.'
}

/** Someone else has written the keyring file since this process read it: to replace it would lose their keys. */
export class KeyringChanged extends AppError {
  override readonly code = 'keyring.changed' as const
  override readonly kind = 'conflict' as const
  override readonly advice = 'Stop the other process that uses this data folder, then start again.'
}

/** Not a recovery key as Sluice writes them, or mistyped. */
export class RecoveryKeyMalformed extends AppError {
  override readonly code = 'recovery_key.malformed' as const
  override readonly advice = 'Type it as it was shown: SLR and fourteen groups of four letters and digits.'
}

/** A recovery key of something else, or one that was replaced by a newer one. */
export class RecoveryKeyWrong extends AppError {
  override readonly code = 'recovery_key.wrong' as const
  override readonly advice = 'Take the recovery key that was shown last for this data folder or this backup.'
}

/** Recovery was asked for where the master key opens the keyring. */
export class RecoveryNotNeeded extends AppError {
  override readonly code = 'recovery_key.not_needed' as const
  override readonly kind = 'conflict' as const
  override readonly advice = 'Start the server: its master key is the right one.'
}

/** The master key comes from outside (a variable, a command, systemd): Sluice cannot change it there. */
export class MasterKeyNotOurs extends AppError {
  override readonly code = 'master_key.not_ours' as const
  override readonly kind = 'conflict' as const
  override readonly advice = 'Make the new key where the old one comes from, and give it with --new-key-file.'
}

/** A rotation of the master key waits for the start that uses the new one. */
export class MasterKeyPending extends AppError {
  override readonly code = 'master_key.pending' as const
  override readonly kind = 'conflict' as const
  override readonly advice = 'Start once with the new master key, or set another one, then do this again.'
}

/** Nobody has been shown the recovery key yet, so nothing may depend on it. */
export class RecoveryKeyNotTaken extends AppError {
  override readonly code = 'recovery_key.not_taken' as const
  override readonly kind = 'conflict' as const
  override readonly advice = 'Make one with `sluice recovery renew` and keep it, or give a passphrase.'
}

/** There is nothing to recover: the folder has no keyring. */
export class KeyringMissing extends AppError {
  override readonly code = 'keyring.missing' as const
  override readonly kind = 'not_found' as const
  override readonly advice = 'Name the data folder of a server that was started before.'
}

/** No key of that name is kept here, or it is none that is rotated. */
export class KeyNotFound extends AppError {
  override readonly code = 'key.not_found' as const
  override readonly kind = 'not_found' as const
  override readonly advice = 'See which there are with: sluice key list.'
}

/** Keys are being rotated or copied, and only one of these goes on at a time. */
export class KeysBusy extends AppError {
  override readonly code = 'key.busy' as const
  override readonly kind = 'conflict' as const
  override readonly advice = 'Wait until it has ended; see how far it is with: sluice key list.'
}

/** There is no credential of that id or name. */
export class CredentialNotFound extends AppError {
  override readonly code = 'credential.not_found' as const
  override readonly kind = 'not_found' as const
  override readonly advice = 'See which there are with: sluice credential list.'
}

/** A credential's name or fields are outside their bounds. */
export class CredentialMalformed extends AppError {
  override readonly code = 'credential.malformed' as const
}
