/** A keyring that is opened without its master key and gets a new one: by the recovery key, or out of a backup. */
import type { Bytes } from '../base/mod.ts'
import { unwrap, type WrappingKey } from '../crypto/mod.ts'
import { KeyringDamaged, KeyringMissing, MasterKeyWrong, RecoveryKeyWrong, RecoveryNotNeeded } from './errors.ts'
import { BACKUP_KEY } from './file-keyring.ts'
import { openByMaster, openByRecovery } from './key-encryption.ts'
import { type KeyringAct, parseKeyring, readKeyringFile } from './keyring-file.ts'
import { type KeyringDeps, KeyringStore } from './keyring-store.ts'
import { readRecoveryKey } from './recovery-key.ts'

/**
 * Lets `master` open the keyring at `path`, by its recovery key. No server may have it open. It is told to the audit trail at the next
 * start. Refuses `keyring.missing`, `recovery_key.malformed`, `recovery_key.wrong`, `recovery_key.not_needed` when `master` opens it.
 */
export async function recoverKeyring(deps: KeyringDeps & { recoveryKey: string }): Promise<void> {
  const { path, master, recoveryKey } = deps
  const file = await readKeyringFile(path)
  if (!file) throw new KeyringMissing(`there is no keyring at ${path}`)
  // One of the first form was written before there was a recovery key.
  if (file.form === 1 || !file.content.recovery) throw new RecoveryKeyWrong('this keyring has no recovery key')
  if (await opens(path, master, file.content)) {
    throw new RecoveryNotNeeded('the master key opens the keyring, there is nothing to recover')
  }
  const kek = await openByRecovery(file.content.recovery, await readRecoveryKey(recoveryKey))
  if (!kek) throw new RecoveryKeyWrong(`the recovery key is not that of the keyring at ${path}`)
  const store = await KeyringStore.openByKey(deps, file, kek)
  await note(store, { action: 'recovery_key.used', atMs: deps.clock.now(), detail: {} })
}

/** The keyring of a backup, to be written to `path`: `wrappedKey` as `copyFor(key)` gave it. Refuses `keyring.damaged`. */
export async function restoreKeyring(
  deps: KeyringDeps,
  copy: { text: string; wrappedKey: Bytes; key: WrappingKey; act: KeyringAct },
): Promise<void> {
  const file = parseKeyring(deps.path, copy.text)
  if (file.form === 1) throw new KeyringDamaged('the keyring of the backup is of a form that no backup has')
  const kek = await unwrap(copy.key, BACKUP_KEY, copy.wrappedKey)
  const store = await KeyringStore.openByKey(deps, file, kek, 'new')
  await note(store, copy.act)
}

function note(store: KeyringStore, act: KeyringAct): Promise<void> {
  return store.inTurn(() => store.write((content) => ({ ...content, acts: [...content.acts, act] })))
}

async function opens(path: string, master: WrappingKey, content: Parameters<typeof openByMaster>[2]): Promise<boolean> {
  try {
    const { kek } = await openByMaster(path, master, content)
    kek.fill(0)
    return true
  } catch (error) {
    if (error instanceof MasterKeyWrong) return false
    throw error
  }
}
