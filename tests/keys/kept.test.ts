import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { type FileHandle, open as openFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { fromUtf8, systemRandom, utf8 } from '../../src/base/mod.ts'
import { importWrappingKey } from '../../src/crypto/mod.ts'
import {
  type Keyring,
  openKeptDatabase,
  openKeptJournal,
  openKeyring,
  rotateDatabaseKey,
  rotateJournalKey,
} from '../../src/keys/mod.ts'
import { type CopyDatabase, copierBy, type Database, type RuntimeSchema, runtimeDatabase } from '../../src/store/mod.ts'
import { memoryFolder, type TemporaryFolder } from '../support/folder.ts'
import { frozenClock } from '../support/frozen-clock.ts'
import { slowTest } from '../support/quick.ts'
import { refusalOf } from '../support/refusal.ts'

// Copies are made by processes of their own, on a machine that others use as well.
setDefaultTimeout(60_000)

const copy = copierBy({ entry: fileURLToPath(new URL('../support/copier-entry.ts', import.meta.url)) })
const master = await importWrappingKey(systemRandom(32))
const clock = frozenClock()

const keyringIn = (folder: TemporaryFolder): Promise<Keyring> =>
  openKeyring({ path: folder.file('keyring.json'), master, clock, random: systemRandom })
const placeIn = (folder: TemporaryFolder) => ({ folder: folder.path, name: 'runtime', id: 'runtime' })
const open = (keyring: Keyring, folder: TemporaryFolder): Promise<Database<RuntimeSchema>> =>
  openKeptDatabase(keyring, placeIn(folder), runtimeDatabase)
const databases = (folder: TemporaryFolder): string[] => readdirSync(folder.path).filter((name) => name.endsWith('.db'))

async function set(db: Database<RuntimeSchema>, ...keys: string[]): Promise<void> {
  for (const key of keys) await db.insert(db.tables.runtimeSettings).values({ key, value: '1', changedAtMs: 1 })
}
const keysOf = async (db: Database<RuntimeSchema>): Promise<string[]> =>
  (await db.select().from(db.tables.runtimeSettings)).map(({ key }) => key).sort()

class PowerCut extends Error {}

/** A disk double: every fsync of a folder fails as a broken volume makes it fail; those of files succeed. */
async function folderFsyncFails(): Promise<AsyncDisposable> {
  await using file = await openFile(fileURLToPath(import.meta.url), 'r')
  const handles = Object.getPrototypeOf(file)
  const sync: () => Promise<void> = handles.sync
  handles.sync = async function (this: FileHandle) {
    if ((await this.stat()).isDirectory()) throw Object.assign(new Error('EIO'), { code: 'EIO' })
    return sync.call(this)
  }
  return {
    async [Symbol.asyncDispose]() {
      handles.sync = sync
    },
  }
}

describe('what a key was made for', () => {
  test('must be there: a database that is gone, emptied or a folder is refused, and nothing is made in its place', async () => {
    const harms: ((path: string) => void)[] = [
      () => undefined,
      (path) => writeFileSync(path, ''),
      (path) => rmSync(path, { force: true }),
    ]
    for (const harm of harms) {
      using folder = memoryFolder()
      const db = await open(await keyringIn(folder), folder)
      await set(db, 'kept')
      db.close()
      for (const suffix of ['', '-wal', '-shm']) rmSync(folder.file(`runtime.db${suffix}`), { force: true })
      harm(folder.file('runtime.db'))
      const before = readdirSync(folder.path).sort()
      expect(await refusalOf(async () => open(await keyringIn(folder), folder))).toBe('store.missing')
      expect(readdirSync(folder.path).sort()).toEqual(before)
    }
  })

  test('is made by the next start when the one that made the key was cut off before it', async () => {
    using folder = memoryFolder()
    const cut = openKeptDatabase(await keyringIn(folder), placeIn(folder), () => Promise.reject(new PowerCut()))
    expect(await refusalOf(() => cut)).toBe('internal.unexpected')
    const db = await open(await keyringIn(folder), folder)
    await set(db, 'kept')
    db.close()
    const again = await open(await keyringIn(folder), folder)
    expect(await keysOf(again)).toEqual(['kept'])
    again.close()
  })

  test('holds for journals as well', async () => {
    using folder = memoryFolder()
    const at = { folder: folder.file('logs') }
    const journal = await openKeptJournal(await keyringIn(folder), 'logs', at)
    await journal.append([utf8('one')])
    await journal.close()
    await (await openKeptJournal(await keyringIn(folder), 'logs', at)).close()
    rmSync(at.folder, { recursive: true })
    expect(await refusalOf(async () => openKeptJournal(await keyringIn(folder), 'logs', at))).toBe('store.missing')
    expect(existsSync(at.folder)).toBe(false)
  })
})

describe('the key of a database', () => {
  test('is rotated while the database is read and written, and nothing is lost', async () => {
    using folder = memoryFolder()
    const keyring = await keyringIn(folder)
    const database = await open(keyring, folder)
    await set(database, 'a', 'b')
    const rotating = rotateDatabaseKey(keyring, { ...placeIn(folder), database }, copy)
    const [, read] = await Promise.all([set(database, 'meanwhile'), keysOf(database)])
    expect(read).toContain('a')
    await rotating
    await set(database, 'later')
    expect(await keysOf(database)).toEqual(['a', 'b', 'later', 'meanwhile'])
    database.close()
    expect(databases(folder)).toEqual(['runtime.2.db'])
    const again = await open(await keyringIn(folder), folder)
    expect(await keysOf(again)).toEqual(['a', 'b', 'later', 'meanwhile'])
    again.close()
  })

  test('is another one afterwards, and can be rotated again', async () => {
    using folder = memoryFolder()
    const keyring = await keyringIn(folder)
    const before = await keyring.secretFor('database', 'runtime')
    const database = await open(keyring, folder)
    await set(database, 'a')
    await rotateDatabaseKey(keyring, { ...placeIn(folder), database }, copy)
    expect(await keyring.secretFor('database', 'runtime')).not.toEqual(before)
    expect(await refusalOf(() => runtimeDatabase(folder.file('runtime.2.db'), before))).toBe('store.wrong_key')
    await rotateDatabaseKey(keyring, { ...placeIn(folder), database }, copy)
    expect(await keysOf(database)).toEqual(['a'])
    database.close()
    expect(databases(folder)).toEqual(['runtime.3.db'])
  })

  slowTest(
    'cut off before, amid or after the copy, or before the old file is gone, leaves the database whole',
    async () => {
      const cuts: Record<string, CopyDatabase> = {
        'before the copy': () => Promise.reject(new PowerCut()),
        'amid the copy': async ({ to }) => {
          writeFileSync(to, new Uint8Array(5_000))
          throw new PowerCut()
        },
        'after the copy': async (wanted) => {
          await copy(wanted)
          throw new PowerCut()
        },
      }
      for (const cut of Object.values(cuts)) {
        using folder = memoryFolder()
        const keyring = await keyringIn(folder)
        const database = await open(keyring, folder)
        await set(database, 'a')
        await rotateDatabaseKey(keyring, { ...placeIn(folder), database }, cut).catch(() => undefined)
        await set(database, 'later')
        expect(await keysOf(database)).toEqual(['a', 'later'])
        database.close()
        // A power cut removes nothing: what the copy had made would still be there.
        writeFileSync(folder.file('runtime.2.db'), new Uint8Array(5_000))
        const restarted = await keyringIn(folder)
        expect(restarted.list().find(({ purpose }) => purpose === 'database')?.rotating).toBe(true)
        const again = await open(restarted, folder)
        expect(databases(folder)).toEqual(['runtime.db'])
        expect(await keysOf(again)).toEqual(['a', 'later'])
        await rotateDatabaseKey(restarted, { ...placeIn(folder), database: again }, copy)
        expect(await keysOf(again)).toEqual(['a', 'later'])
        again.close()
      }
    },
  )

  test('cut off once it is in force, before the old file is gone, goes on in the new file; the old one is removed', async () => {
    using folder = memoryFolder()
    const keyring = await keyringIn(folder)
    const database = await open(keyring, folder)
    await set(database, 'a')
    const cutting: Pick<Keyring, 'placeOf' | 'beginRotation' | 'finishRotation'> = {
      placeOf: (...about) => keyring.placeOf(...about),
      beginRotation: (...about) => keyring.beginRotation(...about),
      async finishRotation(...about) {
        await keyring.finishRotation(...about)
        throw new PowerCut()
      },
    }
    await rotateDatabaseKey(cutting, { ...placeIn(folder), database }, copy).catch(() => undefined)
    database.close()
    expect(databases(folder).sort()).toEqual(['runtime.2.db', 'runtime.db'])
    const again = await open(await keyringIn(folder), folder)
    expect(await keysOf(again)).toEqual(['a'])
    expect(databases(folder)).toEqual(['runtime.2.db'])
    again.close()
  })
})

describe('a folder that cannot be made durable', () => {
  test('at the very cut-over of a database fails the rotation, and the process goes on where the next start will', async () => {
    using folder = memoryFolder()
    const keyring = await keyringIn(folder)
    const database = await open(keyring, folder)
    await set(database, 'a')
    const cutOver: Pick<Keyring, 'placeOf' | 'beginRotation' | 'finishRotation'> = {
      placeOf: (...about) => keyring.placeOf(...about),
      beginRotation: (...about) => keyring.beginRotation(...about),
      async finishRotation(...about) {
        await using _faulty = await folderFsyncFails()
        await keyring.finishRotation(...about)
      },
    }
    const rotating = rotateDatabaseKey(cutOver, { ...placeIn(folder), database }, copy)
    expect(await refusalOf(() => rotating)).toStartWith('host.')
    await set(database, 'later')
    // Both stay: a power cut may leave the keyring naming either.
    expect(databases(folder).sort()).toEqual(['runtime.2.db', 'runtime.db'])
    // The keyring goes on as well.
    await keyring.secretFor('another', 'runtime')
    await rotateDatabaseKey(keyring, { ...placeIn(folder), database }, copy)
    expect(await keysOf(database)).toEqual(['a', 'later'])
    database.close()
    const again = await open(await keyringIn(folder), folder)
    expect(await keysOf(again)).toEqual(['a', 'later'])
    expect(databases(folder)).toEqual(['runtime.3.db'])
    again.close()
  })
})

describe('the key of a journal', () => {
  test('is rotated, cut off and brought to its end over a restart', async () => {
    using folder = memoryFolder()
    const at = { folder: folder.file('logs'), segmentBytesMax: 300 }
    const keyring = await keyringIn(folder)
    const journal = await openKeptJournal(keyring, 'logs', at)
    for (let n = 1; n <= 9; n++) await journal.append([utf8(`entry ${n} ${'x'.repeat(100)}`)])
    const stop = new AbortController()
    const cut = rotateJournalKey(keyring, { id: 'logs', journal }, (done) => done === 1 && stop.abort(), stop.signal)
    expect(await refusalOf(() => cut)).toBe('internal.cancelled')
    await journal.close()
    const restarted = await keyringIn(folder)
    const again = await openKeptJournal(restarted, 'logs', at)
    await again.append([utf8('entry 10')])
    await rotateJournalKey(restarted, { id: 'logs', journal: again })
    expect(restarted.list().some(({ rotating }) => rotating)).toBe(false)
    await again.close()
    const last = await openKeptJournal(await keyringIn(folder), 'logs', at)
    const read = await last.read(1, { countMax: 100, bytesMax: 1e6 })
    expect(read.map(({ entry }) => fromUtf8(entry).split(' ')[1])).toEqual(
      Array.from({ length: 10 }, (_, at) => String(at + 1)),
    )
    await last.close()
  })
})
