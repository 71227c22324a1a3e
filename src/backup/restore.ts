/**
 * A backup becomes a data folder, on this host or another: put together aside, checked as a whole, and only then moved into its place.
 * Journals by whose positions others count begin far behind what they may have been told since the backup was made, so that no
 * position ever stands for two things.
 */
import { type FileHandle, mkdir, open, readdir, rename, rm, rmdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type Clock, fromBase64url, type Random } from '../base/mod.ts'
import { importWrappingKey, type WrappingKey } from '../crypto/mod.ts'
import { fileFailure, makePrivateFolder, syncFolder } from '../host/mod.ts'
import { type Keyring, openKeyring, restoreKeyring } from '../keys/mod.ts'
import { RESTORING_FOLDER } from '../store/mod.ts'
import type { ArchiveEntry } from './archive.ts'
import { RestoreFolderNotEmpty } from './errors.ts'
import type { BackupHeader, BackupOpener } from './sealing.ts'
import { checkRestored, type RestoredDamage } from './soundness.ts'
import { type Unpacked, unpackBackup } from './unpack.ts'

export type RestoreDeps = {
  /** The backup file's bytes. */
  source: AsyncIterable<Uint8Array>
  opener: BackupOpener
  /** Id of the key that must have signed it. */
  maker?: string | undefined
  /** The data folder that it becomes: empty, or not there. */
  folder: string
  /** The master key of the restored folder; asked for once all was checked, so that a key file is made for nothing but success. */
  master: (header: BackupHeader) => Promise<WrappingKey>
  clock: Clock
  random: Random
}

/** What was restored, and which entries of journals were unreadable when the backup was made. */
export type Restored = {
  role: BackupHeader['role']
  name: string
  madeAt: string
  files: number
  damage: RestoredDamage[]
  /** Id of the key that signed it; whose that is, it cannot say. */
  maker: string
}

/** What the keyring of a restored folder tells of until the audit trail has it. */
export const DATA_FOLDER_RESTORED = 'data_folder.restored'
const KEYRING = 'keyring.json'
/** Of a temporary keyring that only this function sees. */
const KEY_BYTES = 32

/**
 * Refuses what opening a backup refuses, `backup.folder_not_empty`, `backup.unsound`, `host.disk_full` …; then the folder is as it was.
 * Cut off by a crash it leaves a folder that no server starts with (`store.restore_unfinished`).
 */
export async function restoreBackup(deps: RestoreDeps): Promise<Restored> {
  const { folder } = deps
  await makePrivateFolder(folder)
  if ((await readdir(folder)).length > 0) throw new RestoreFolderNotEmpty(`${folder} is not empty`)
  const aside = join(folder, RESTORING_FOLDER)
  // Of two at once the second fails here.
  await mkdir(aside, { mode: 0o700 }).catch((cause) => {
    throw fileFailure('make the folder', aside, cause)
  })
  try {
    const unpacked = await unpackBackup(deps.source, deps, (entry) => writeEntry(aside, entry))
    const damage = await checked(deps, aside, unpacked)
    await writeKeyring(deps, join(aside, KEYRING), unpacked, await deps.master(unpacked.header))
    await moveIntoPlace(aside, folder)
    const { header, manifest, maker } = unpacked
    return {
      ...{ role: header.role, name: manifest.name, madeAt: header.madeAt, damage, maker },
      files: manifest.entries.length,
    }
  } catch (error) {
    await rm(aside, { recursive: true, force: true })
    throw error
  }
}

/** Opens everything by its own keys, under a master key that is gone with this function. */
async function checked(deps: RestoreDeps, aside: string, unpacked: Unpacked): Promise<RestoredDamage[]> {
  const { clock, random } = deps
  const path = join(aside, KEYRING)
  const bytes = random(KEY_BYTES)
  const master = await importWrappingKey(bytes)
  bytes.fill(0)
  await writeKeyring(deps, path, unpacked, master)
  const keyring: Keyring = await openKeyring({ path, master, clock, random })
  const damage = await checkRestored(aside, keyring, unpacked.manifest)
  await rm(path)
  return damage
}

function writeKeyring(
  { clock, random }: RestoreDeps,
  path: string,
  { header, keyring, keys }: Unpacked,
  master: WrappingKey,
): Promise<void> {
  const act = { action: DATA_FOLDER_RESTORED, atMs: clock.now(), detail: { madeAt: header.madeAt } }
  const copy = { text: keyring.text, wrappedKey: fromBase64url(keyring.wrappedKey), key: keys.keyring, act }
  return restoreKeyring({ path, master, clock, random }, copy)
}

async function writeEntry(aside: string, { path, content }: ArchiveEntry): Promise<void> {
  const full = join(aside, path)
  try {
    await mkdir(dirname(full), { recursive: true, mode: 0o700 })
    const file = await open(full, 'wx', 0o600)
    try {
      for await (const chunk of content) await writeWhole(file, chunk)
      await file.sync()
    } finally {
      await file.close()
    }
  } catch (cause) {
    throw cause instanceof Error && 'code' in cause && 'syscall' in cause ? fileFailure('write', full, cause) : cause
  }
}

/** A volume that fills up takes a part of it; what comes next then says why. */
async function writeWhole(file: FileHandle, chunk: Uint8Array): Promise<void> {
  for (let at = 0; at < chunk.byteLength; ) at += (await file.write(chunk, at, chunk.byteLength - at)).bytesWritten
}

/** The keyring last: without it nothing of the folder opens. */
async function moveIntoPlace(aside: string, folder: string): Promise<void> {
  const names = (await readdir(aside)).filter((name) => name !== KEYRING)
  for (const name of [...names, KEYRING]) await rename(join(aside, name), join(folder, name))
  await syncFolder(folder)
  await rmdir(aside)
  await syncFolder(folder)
}
