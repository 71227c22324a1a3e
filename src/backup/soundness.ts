/** Whether what was unpacked is a state that a server can go on from: every database and every journal opens by the keyring's keys. */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Bytes } from '../base/mod.ts'
import { type Keyring, keptDatabasePath } from '../keys/mod.ts'
import {
  checkDatabase,
  demandDatabase,
  type Journal,
  JournalDamaged,
  JournalWrongKey,
  journalIsThere,
  openJournal,
  readableAfter,
} from '../store/mod.ts'
import { BackupUnsound } from './errors.ts'
import type { Manifest } from './manifest.ts'

/** So many entries of a journal cannot be read; they could not be when the backup was made. */
export type RestoredDamage = { journal: string; lost: number }

/** More than anybody was told since the backup: at 1,000 entries a second, 24 days of them. A journal can do this two million times. */
const SKIPPED = 0x8000_0000
const READ = { countMax: 10_000, bytesMax: 1_048_576 }

/** Refuses `backup.unsound`. Journals that others count by are moved on behind what they may have been told. */
export async function checkRestored(folder: string, keyring: Keyring, manifest: Manifest): Promise<RestoredDamage[]> {
  for (const place of manifest.databases) {
    const path = keptDatabasePath(keyring, { ...place, folder: join(folder, place.folder) })
    await demandDatabase(path).catch(asUnsound)
    const key = await keyring.secretFor('database', place.id)
    await checkDatabase(path, key).catch(asUnsound)
    key.fill(0)
  }
  const damage: RestoredDamage[] = []
  for (const path of await journalsBelow(folder, '')) {
    const { journal, id } = await openByKeys(folder, path, keyring)
    try {
      const lost = await unreadable(journal)
      if (lost > 0) damage.push({ journal: path, lost })
      if (manifest.toldJournals.includes(id)) await journal.skip(SKIPPED)
    } finally {
      await journal.close()
    }
  }
  return damage
}

function asUnsound(cause: unknown): never {
  throw new BackupUnsound('a database of the backup does not open or is damaged', { cause })
}

async function journalsBelow(folder: string, below: string): Promise<string[]> {
  const found: string[] = []
  for (const entry of await readdir(join(folder, below), { withFileTypes: true })) {
    if (!entry.isDirectory()) continue
    const path = below === '' ? entry.name : `${below}/${entry.name}`
    if (await journalIsThere(join(folder, path))) found.push(path)
    found.push(...(await journalsBelow(folder, path)))
  }
  return found.sort()
}

/** Which key a journal has is said by its path: the key's id is one of its names (`journals/logs`, `deployments/dep_…/…`). */
async function openByKeys(folder: string, path: string, keyring: Keyring): Promise<{ journal: Journal; id: string }> {
  const names = path.split('/')
  for (const { purpose, id } of keyring.list().filter((key) => names.includes(key.id) && key.purpose !== 'database')) {
    const { current, next } = await keyring.pair(purpose, id)
    const journal = await opened(join(folder, path), current, next)
    current.fill(0)
    next?.fill(0)
    if (journal) return { journal, id }
  }
  throw new BackupUnsound(`no key of the backup opens the journal ${path}`)
}

async function opened(folder: string, key: Bytes, nextKey: Bytes | undefined): Promise<Journal | undefined> {
  try {
    return await openJournal({ folder, key, nextKey, bytesMax: Number.MAX_SAFE_INTEGER, passOverDamage: true })
  } catch (error) {
    if (error instanceof JournalWrongKey) return undefined
    throw error
  }
}

/** Reads all of it. */
async function unreadable(journal: Journal): Promise<number> {
  let lost = journal.damage.reduce((sum, found) => sum + found.lost, 0)
  for (let at = journal.firstPosition; at < journal.nextPosition; ) {
    try {
      const last = (await journal.read(at, READ)).at(-1)
      at = last ? last.position + 1 : journal.nextPosition
    } catch (error) {
      if (!(error instanceof JournalDamaged)) throw error
      const next = await readableAfter(journal, at)
      lost += next - at
      at = next
    }
  }
  return lost
}
