/**
 * A new master key in the place of the one in use. Killed at any step, the data folder opens with the key that its source then gives:
 * between the steps the keyring opens by either.
 */
import { rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { type Random, systemRandom } from '../base/mod.ts'
import { fileFailure, readTextIfThere, syncFolder } from '../host/mod.ts'
import { MasterKeyNotOurs } from './errors.ts'
import { openKeyring } from './file-keyring.ts'
import type { Keyring } from './keyring.ts'
import type { KeyringDeps } from './keyring-store.ts'
import { createMasterKeyFile, loadMasterKey, type MasterKeySource } from './master-key.ts'

export type MasterRotation = {
  keyring: Keyring
  source: MasterKeySource
  /**
   * The new key's text, made where the key comes from. Without one Sluice makes it, which it can only where the source is a file.
   */
  next?: string | undefined
  random?: Random
  /** Told before each step. */
  onStep?: (step: 'made' | 'wrapped' | 'placed') => void
}

/**
 * Rotates the master key. A key in a file is replaced at once. One that comes from outside is accepted beside the present one, until
 * the source gives it at a start: `pending`. Refuses `master_key.not_ours` (no `next` where one is needed), `master_key.malformed`,
 * host errors of the key's folder; then nothing has changed.
 */
export async function rotateMasterKey(rotation: MasterRotation): Promise<{ pending: boolean }> {
  const { keyring, source, next, random = systemRandom, onStep = () => undefined } = rotation
  if (source.kind !== 'file') {
    if (next === undefined) throw new MasterKeyNotOurs('the master key does not come from a file')
    await keyring.prepareMaster(await loadMasterKey({ kind: 'value', value: next }))
    return { pending: true }
  }
  const beside = besideOf(source.path)
  await rm(beside, { force: true })
  await createMasterKeyFile(beside, random, next)
  onStep('made')
  const key = await loadMasterKey({ kind: 'file', path: beside })
  await keyring.prepareMaster(key)
  onStep('wrapped')
  await place(source.path)
  onStep('placed')
  await keyring.settleMaster(key)
  return { pending: false }
}

/**
 * The keyring of a server by the master key that its source gives; a rotation of that key that was interrupted is brought to its end.
 * Refuses what `loadMasterKey` and `openKeyring` refuse.
 */
export async function openServerKeyring(source: MasterKeySource, deps: Omit<KeyringDeps, 'master'>): Promise<Keyring> {
  const keyring = await openKeyring({ ...deps, master: await loadMasterKey(source) })
  if (source.kind === 'file') await resume(source.path, keyring)
  return keyring
}

/** Opened by the old key, with a new one beside it: the file was about to be replaced. Without one nothing is to follow. */
async function resume(path: string, keyring: Keyring): Promise<void> {
  const beside = besideOf(path)
  if (!keyring.master().nextSet) return rm(beside, { force: true })
  if ((await readTextIfThere(beside)) === undefined) return keyring.dropNextMaster()
  const key = await loadMasterKey({ kind: 'file', path: beside })
  if (!(await keyring.opensWithNext(key))) return keyring.dropNextMaster()
  await place(path)
  await keyring.settleMaster(key)
}

async function place(path: string): Promise<void> {
  try {
    await rename(besideOf(path), path)
  } catch (cause) {
    throw fileFailure('replace', path, cause)
  }
  await syncFolder(dirname(path))
}

function besideOf(path: string): string {
  return `${path}.next`
}
