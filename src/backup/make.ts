/**
 * A backup while all goes on. Its parts are taken in the order in which they depend on each other, so that what is restored is a state
 * that the server could have crashed in:
 *
 *   1. databases, each at one moment: how far sources have been read, what was approved, who may do what
 *   2. small files, then journals: all that a database's positions stand on is in them, and perhaps more, as after a crash
 *   3. the keyring, which then has the keys of all of these; keys are not rotated meanwhile
 *   4. the list of all of it, and the server's signature
 *
 * The owner's own files (where components read and write) are not in it, nor are the master key and the access file of this host.
 */
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { type Bytes, base64url, type Clock, type Random, utf8 } from '../base/mod.ts'
import { type SigningKey, sealStream } from '../crypto/mod.ts'
import { type DatabasePlace, type Keyring, keptDatabasePath } from '../keys/mod.ts'
import type { CopyDatabase } from '../store/mod.ts'
import { type ArchiveEntry, packEntries } from './archive.ts'
import { copiedFile, journalFiles, stateFiles } from './contents.ts'
import { BackupDigest, MAKER_PATH, markOf } from './maker.ts'
import { KEYRING_PATH, MANIFEST_PATH, type Manifest } from './manifest.ts'
import { type BackupHeader, type BackupKeys, type BackupSealing, beginBackup } from './sealing.ts'

export type BackupDeps = {
  /** The data folder. */
  folder: string
  role: BackupHeader['role']
  /** What people call the server. */
  name: string
  /** Of this program. */
  version: string
  keyring: Pick<Keyring, 'copyFor' | 'placeOf' | 'secretFor'>
  /** The server's own key, by which its owner knows its backups. */
  signer: SigningKey
  databases: readonly DatabasePlace[]
  /** Those that the first of them name, asked for once these are copied: what it names by then is there. */
  namedDatabases?: () => Promise<readonly DatabasePlace[]>
  /** Ids of the journals whose positions others count by. A restored one begins far behind what they may know. */
  toldJournals: readonly string[]
  /** Absolute paths that are left out: the owner's files, the master key. */
  leftOut: readonly string[]
  copyDatabase: CopyDatabase
  clock: Clock
  random: Random
}

const COPIES_PREFIX = '.backup-'

/**
 * The bytes of a backup, as they come; a few segments of 64 KiB are in memory at a time, and copies of the databases on the disk.
 * Refuses `backup.passphrase_unfit`, `store.disk_full`, `store.damaged`, `backup.interrupted`. What it put on the disk goes when the
 * reader stops, too.
 */
export async function* makeBackup(deps: BackupDeps, sealing: BackupSealing): AsyncGenerator<Bytes, void> {
  const { folder, role, version, clock, random } = deps
  const { head, keys } = await beginBackup({ role, version, madeAtMs: clock.now() }, sealing, random)
  const copies = await mkdtemp(join(folder, COPIES_PREFIX))
  try {
    // All of them before the first byte, each at a moment of its own; none knows of another's rows.
    const copied = await copiesOf(deps, copies)
    yield head
    yield* sealStream(keys.stream, keys.context, packEntries(entriesOf(deps, keys, copied)))
  } finally {
    keys.stream.fill(0)
    await rm(copies, { recursive: true, force: true })
  }
}

/** Removes what a backup left that was cut off with its process. */
export async function removeBackupLeftovers(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (name.startsWith(COPIES_PREFIX)) await rm(join(folder, name), { recursive: true, force: true })
  }
}

async function* entriesOf(
  deps: BackupDeps,
  keys: BackupKeys,
  copied: readonly Copied[],
): AsyncGenerator<ArchiveEntry, void> {
  const { folder, keyring, leftOut } = deps
  const listed: Manifest['entries'] = []
  const digest = new BackupDigest(keys.context)
  function* noted(entry: ArchiveEntry): Generator<ArchiveEntry> {
    listed.push({ path: entry.path, bytes: entry.bytes })
    yield digest.over(entry)
  }
  for (const { file, path } of copied) {
    for await (const entry of copiedFile(file, path)) yield* noted(entry)
    await rm(file)
  }
  for await (const entry of stateFiles({ folder, leftOut })) yield* noted(entry)
  for await (const entry of journalFiles({ folder, leftOut })) yield* noted(entry)
  const { text, wrappedKey } = await keyring.copyFor(keys.keyring)
  for (const entry of textEntry(KEYRING_PATH, JSON.stringify({ text, wrappedKey: base64url(wrappedKey) }))) {
    yield* noted(entry)
  }
  const manifest: Manifest = {
    ...{ name: deps.name, entries: listed, toldJournals: [...deps.toldJournals] },
    databases: copied.map(({ place: { folder: at, name, id } }) => ({ folder: relative(folder, at), name, id })),
  }
  for (const entry of textEntry(MANIFEST_PATH, JSON.stringify(manifest))) yield digest.over(entry)
  yield* textEntry(MAKER_PATH, await markOf(deps.signer, digest))
}

/** `path`: where it belongs below the data folder. */
type Copied = { file: string; path: string; place: DatabasePlace }

async function copiesOf(deps: BackupDeps, copies: string): Promise<Copied[]> {
  const copied: Copied[] = []
  async function add(place: DatabasePlace): Promise<void> {
    copied.push(await copyOf(deps, place, join(copies, `${copied.length}.db`)))
  }
  for (const place of deps.databases) await add(place)
  const isThere = ({ id }: DatabasePlace): boolean => deps.keyring.placeOf('database', id).settled
  for (const place of (await deps.namedDatabases?.()) ?? []) {
    // It may be removed meanwhile, key and all.
    if (isThere(place)) await add(place).catch((error) => (isThere(place) ? Promise.reject(error) : undefined))
  }
  return copied
}

async function copyOf(
  { folder, keyring, copyDatabase }: BackupDeps,
  place: DatabasePlace,
  file: string,
): Promise<Copied> {
  const path = keptDatabasePath(keyring, place)
  const key = await keyring.secretFor('database', place.id)
  try {
    await copyDatabase({ path, key, to: file })
  } finally {
    key.fill(0)
  }
  return { file, path: relative(folder, path), place }
}

function* textEntry(path: string, text: string): Generator<ArchiveEntry> {
  const bytes = utf8(text)
  async function* content(): AsyncGenerator<Uint8Array, void> {
    yield bytes
  }
  yield { path, bytes: bytes.byteLength, content: content() }
}
