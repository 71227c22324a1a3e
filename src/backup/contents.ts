/**
 * What of a data folder goes into a backup: everything but what belongs to this host or this process, and what the owner keeps there
 * himself. So whatever is added to the folder later is backed up without a word here.
 */
import type { Dirent } from 'node:fs'
import { type FileHandle, open, readdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { type ArchiveEntry, isArchivePath } from './archive.ts'
import { BackupInterrupted } from './errors.ts'

export type ContentsOptions = {
  folder: string
  /** Absolute paths that are left out with all below them: the owner's files, the master key. */
  leftOut: readonly string[]
}

/** Of this host, or of this moment: locks, access, ids of processes, what is half written. The keyring comes last and by itself. */
const NOT_OURS = /^(lock(\..*)?|access\.json|worker\.json|keyring\.json|.*\.(tmp|removing|resealed|next)|\..*)$/
/** Databases are copied by libSQL, never by their bytes. */
const DATABASE = /\.db(-wal|-shm|-journal)?$/
const SEGMENT = /\.journal$/
const CHUNK_BYTES = 65_536
/** Segments may be begun and trimmed while others are read; a journal that changes all its segments so often is not read to an end. */
const LOOKS_MAX = 16

/** Files but databases and journals: small, replaced whole, and never newer than the journals beside them, which come later. */
export async function* stateFiles(options: ContentsOptions): AsyncGenerator<ArchiveEntry, void> {
  for await (const path of filesIn(options, '')) {
    if (!SEGMENT.test(path)) yield* fileEntry(options.folder, path, 'exactly')
  }
}

/** The segments of every journal, each journal's in the order of their positions. */
export async function* journalFiles(options: ContentsOptions): AsyncGenerator<ArchiveEntry, void> {
  const folders = new Set<string>()
  for await (const path of filesIn(options, '')) {
    if (SEGMENT.test(path)) folders.add(path.slice(0, Math.max(0, path.lastIndexOf('/'))))
  }
  for (const folder of folders) yield* segmentsOf(options, folder)
}

/** A segment that is trimmed away while the others are read was told to its end, and so are all before it. */
async function* segmentsOf({ folder }: ContentsOptions, journal: string): AsyncGenerator<ArchiveEntry, void> {
  const done = new Set<string>()
  for (let looks = 0; looks < LOOKS_MAX; looks++) {
    let vanished = false
    const there = (await entriesIn(join(folder, journal))).map(({ name }) => name)
    const names = there.filter((name) => SEGMENT.test(name) && !done.has(name))
    for (const name of names) {
      done.add(name)
      let found = false
      for await (const entry of fileEntry(folder, `${journal}/${name}`, 'padded')) {
        found = true
        yield entry
      }
      vanished ||= !found
    }
    // Whatever took the place of what vanished has a later position.
    if (!vanished) return
  }
  throw new BackupInterrupted(`the journal ${journal} changed its segments faster than they could be read`)
}

/** All paths below, sorted, without links and what is left out. */
async function* filesIn(options: ContentsOptions, below: string): AsyncGenerator<string, void> {
  const { folder, leftOut } = options
  for (const entry of await entriesIn(join(folder, below))) {
    const { name } = entry
    const path = below === '' ? name : `${below}/${name}`
    const full = resolve(folder, path)
    if (NOT_OURS.test(name) || DATABASE.test(name) || !isArchivePath(path) || leftOut.includes(full)) continue
    if (entry.isDirectory()) yield* filesIn(options, path)
    else if (entry.isFile()) yield path
  }
}

/** A deployment may be forgotten, with its folder, while the others are read. */
async function entriesIn(folder: string): Promise<Dirent[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error) => {
    if (isGone(error)) return []
    throw unread('a folder', error)
  })
  return entries.sort((a, b) => (a.name < b.name ? -1 : 1))
}

/**
 * A file as long as it is now; nothing when it is gone. `padded`: a journal takes back what it failed to write, and then a copy has zeros
 * there, which opening cuts off.
 */
async function* fileEntry(
  folder: string,
  path: string,
  whole: 'exactly' | 'padded',
): AsyncGenerator<ArchiveEntry, void> {
  const file = await open(join(folder, path), 'r').catch((error) => {
    if (isGone(error)) return undefined
    throw unread(path, error)
  })
  if (!file) return
  try {
    const bytes = (await file.stat()).size
    yield { path, bytes, content: contentOf(file, bytes, whole) }
  } finally {
    await file.close()
  }
}

function isGone(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}

/** What is there and cannot be read would be missing from the backup without a word. */
function unread(what: string, cause: unknown): BackupInterrupted {
  const why = cause instanceof Error && 'code' in cause ? ` (${String(cause.code)})` : ''
  return new BackupInterrupted(`${what} of the data folder cannot be read${why}`, { cause })
}

/** Bytes of an open file from its beginning. */
async function* contentOf(
  file: FileHandle,
  bytes: number,
  whole: 'exactly' | 'padded',
): AsyncGenerator<Uint8Array, void> {
  for (let at = 0; at < bytes; ) {
    const chunk = new Uint8Array(Math.min(CHUNK_BYTES, bytes - at))
    const { bytesRead } = await file.read(chunk, 0, chunk.byteLength, at)
    if (bytesRead === 0 && whole === 'exactly') return
    const given = bytesRead === 0 ? chunk.byteLength : bytesRead
    yield chunk.subarray(0, given)
    at += given
  }
}

/** A file of ours, whole: a copy that libSQL made. */
export async function* copiedFile(file: string, path: string): AsyncGenerator<ArchiveEntry, void> {
  const opened = await open(file, 'r')
  try {
    const bytes = (await opened.stat()).size
    yield { path, bytes, content: contentOf(opened, bytes, 'exactly') }
  } finally {
    await opened.close()
  }
}
