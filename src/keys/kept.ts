/**
 * Databases and journals by the keys of a keyring. What was made once must be there ever after: a key whose file is gone is refused
 * with `store.missing`, for a server that began afresh would hide the loss.
 */
import type { Bytes } from '../base/mod.ts'
import {
  type CopyDatabase,
  type Database,
  databasePath,
  demandDatabase,
  type Journal,
  journalIsThere,
  type OpenJournal,
  openJournal,
  removeDatabase,
  removeOtherGenerations,
  StoreMissing,
} from '../store/mod.ts'
import type { Keyring } from './keyring.ts'

/** `folder`/`name`.db, under the `database` key of `id`. */
export type DatabasePlace = { folder: string; name: string; id: string }
type PlaceKeys = Pick<Keyring, 'placeOf' | 'settle' | 'secretFor'>

const DATABASE = 'database'
const JOURNAL = 'journal'

/** Where the database of a place is now. */
export function keptDatabasePath(keyring: Pick<Keyring, 'placeOf'>, { folder, name, id }: DatabasePlace): string {
  return databasePath(folder, name, keyring.placeOf(DATABASE, id).generation)
}

/** Opens it, or makes it the first time. Refuses `store.missing`, and what `open` refuses. */
export async function openKeptDatabase<Opened>(
  keyring: PlaceKeys,
  place: DatabasePlace,
  open: (path: string, key: Bytes) => Promise<Opened>,
): Promise<Opened> {
  const { folder, name, id } = place
  const { settled, generation } = keyring.placeOf(DATABASE, id)
  const path = databasePath(folder, name, generation)
  if (settled) {
    await demandDatabase(path)
    await removeOtherGenerations(folder, name, generation)
  }
  const key = await keyring.secretFor(DATABASE, id)
  try {
    const opened = await open(path, key)
    // Only now: a crash before it leaves a key that nothing was made for, and the next start makes it.
    await keyring.settle(DATABASE, id)
    return opened
  } finally {
    key.fill(0)
  }
}

/**
 * Gives an open database a new key: it is copied under it, goes on in the copy, and the file of the old key is removed. Where the
 * keyring names the new file but its folder could not be made durable, the database goes on in the new one too, for the next start goes
 * by the keyring; the rotation fails, and both files stay for whichever of them a power cut leaves named.
 */
export async function rotateDatabaseKey(
  keyring: Pick<Keyring, 'placeOf' | 'beginRotation' | 'finishRotation'>,
  place: DatabasePlace & { database: Pick<Database<unknown>, 'move'> },
  copyDatabase: CopyDatabase,
): Promise<void> {
  const { folder, name, id, database } = place
  const { generation } = keyring.placeOf(DATABASE, id)
  const { current, next } = await keyring.beginRotation(DATABASE, id)
  const from = databasePath(folder, name, generation)
  const to = databasePath(folder, name, generation + 1)
  const copy = async (): Promise<void> => {
    try {
      await copyDatabase({ path: from, key: current, to, newKey: next })
    } catch (error) {
      await removeDatabase(to)
      throw error
    }
  }
  let unsure: unknown
  // The one moment at which the database changes its place.
  const commit = async (): Promise<void> => {
    try {
      await keyring.finishRotation(DATABASE, id, generation + 1)
    } catch (error) {
      if (keyring.placeOf(DATABASE, id).generation !== generation + 1) throw error
      unsure = error
    }
  }
  try {
    await removeDatabase(to)
    await database.move({ path: to, key: next }, { copy, commit })
  } finally {
    current.fill(0)
    next.fill(0)
  }
  if (unsure !== undefined) throw unsure
  await removeDatabase(from)
}

/** Opens a journal under the `journal` key of `id`, amid a rotation of that key too. Refuses `store.missing`. */
export async function openKeptJournal(
  keyring: Pick<Keyring, 'placeOf' | 'settle' | 'pair'>,
  id: string,
  options: Omit<OpenJournal, 'key' | 'nextKey'>,
): Promise<Journal> {
  if (keyring.placeOf(JOURNAL, id).settled && !(await journalIsThere(options.folder))) {
    throw new StoreMissing(`the journal ${options.folder} was made and is not there`)
  }
  const { current, next } = await keyring.pair(JOURNAL, id)
  try {
    const journal = await openJournal({ ...options, key: current, nextKey: next })
    await keyring.settle(JOURNAL, id)
    return journal
  } finally {
    current.fill(0)
    next?.fill(0)
  }
}

/** Gives an open journal a new key and re-seals all that it holds; an interrupted one is gone on with. */
export async function rotateJournalKey(
  keyring: Pick<Keyring, 'beginRotation' | 'finishRotation'>,
  { id, journal }: { id: string; journal: Pick<Journal, 'rekey'> },
  progress?: (done: number, of: number) => void,
  signal?: AbortSignal,
): Promise<void> {
  const { current, next } = await keyring.beginRotation(JOURNAL, id)
  current.fill(0)
  try {
    await journal.rekey(next, progress, signal)
  } finally {
    next.fill(0)
  }
  await keyring.finishRotation(JOURNAL, id)
}
