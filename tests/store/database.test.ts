import { describe, expect, test } from 'bun:test'
import { readFileSync, writeFileSync } from 'node:fs'
import { sql } from 'drizzle-orm'
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { type Bytes, base64url, codeOf, systemRandom } from '../../src/base/mod.ts'
import {
  bytes,
  credentials,
  type Database,
  type Migration,
  openDatabase,
  registryDatabase,
  runtimeDatabase,
  tenantDatabase,
  yieldToFinalisers,
} from '../../src/store/mod.ts'
import { memoryFolder } from '../support/folder.ts'
import { canMount, onSmallDisk } from '../support/full-disk.ts'
import { refusalOf } from '../support/refusal.ts'

const notes = sqliteTable('notes', {
  id: integer('id').primaryKey(),
  text: text('text').notNull().unique(),
  blob: bytes('blob'),
})
const fullDisk = new URL('../support/database-on-full-disk.ts', import.meta.url).pathname
const visitor = new URL('../support/database-visitor.ts', import.meta.url).pathname
const first: Migration = {
  createdAtMs: 1,
  hash: 'first',
  statements: ['CREATE TABLE notes (id integer PRIMARY KEY, text text NOT NULL UNIQUE, blob blob)'],
}
const second: Migration = { createdAtMs: 2, hash: 'second', statements: ['ALTER TABLE notes ADD more text'] }

function openNotes(path: string, key: Bytes, migrations = [first]): Promise<Database<{ notes: typeof notes }>> {
  return openDatabase({ path, key, schema: { notes }, migrations })
}

/** The process's memory of what it has read is of no interest, only what the disk holds. */
function plaintextIn(path: string, marker: string): boolean {
  const file = readFileSync(path)
  return file.includes(marker) || file.includes('SQLite format 3')
}

describe('encryption', () => {
  test('no database or WAL of ours starts with a plaintext header or holds what was written', async () => {
    for (const open of [runtimeDatabase, tenantDatabase, registryDatabase]) {
      using folder = memoryFolder()
      const path = folder.file('some.db')
      const db = await open(path, systemRandom(32))
      await db.run(sql`CREATE TABLE probe (marker text)`)
      await db.run(sql`INSERT INTO probe VALUES ('marker-of-the-canary')`)
      expect(readFileSync(`${path}-wal`).byteLength).toBeGreaterThan(0)
      expect(plaintextIn(`${path}-wal`, 'marker-of-the-canary')).toBe(false)
      db.close()
      expect(plaintextIn(path, 'marker-of-the-canary')).toBe(false)
    }
  })

  test('openDatabase() refuses another key, whichever of its bytes differs', async () => {
    using folder = memoryFolder()
    const key = systemRandom(32)
    const db = await openNotes(folder.file('a.db'), key)
    db.close()
    for (const at of [0, 15, 16, 23, 24, 31]) {
      const other = key.slice()
      other[at] = (other[at] ?? 0) ^ 1
      expect(await refusalOf(() => openNotes(folder.file('a.db'), other))).toBe('store.wrong_key')
    }
    const again = await openNotes(folder.file('a.db'), key)
    again.close()
  })

  test('openDatabase() takes keys with zero and control bytes', async () => {
    using folder = memoryFolder()
    const zeros = new Uint8Array(32)
    const db = await openNotes(folder.file('a.db'), zeros)
    await db.insert(notes).values({ text: 'kept' })
    db.close()
    const other = zeros.slice()
    other[31] = 1
    expect(await refusalOf(() => openNotes(folder.file('a.db'), other))).toBe('store.wrong_key')
  })

  test('openDatabase() refuses a key of another length and a file that is no database', async () => {
    using folder = memoryFolder()
    expect(await refusalOf(() => openNotes(folder.file('a.db'), systemRandom(16)))).toBe('internal.unreachable')
    writeFileSync(folder.file('b.db'), 'x'.repeat(8_192))
    expect(await refusalOf(() => openNotes(folder.file('b.db'), systemRandom(32)))).toBe('store.wrong_key')
  })

  test('openDatabase() opens a path with spaces, percent and question marks', async () => {
    using folder = memoryFolder()
    const path = folder.file('a b%20?c#d.db')
    const db = await openNotes(path, systemRandom(32))
    db.close()
    expect(plaintextIn(path, 'CREATE TABLE')).toBe(false)
  })
})

describe('migrations', () => {
  test('openDatabase() applies what is missing and keeps the rows', async () => {
    using folder = memoryFolder()
    const key = systemRandom(32)
    const before = await openNotes(folder.file('a.db'), key)
    await before.insert(notes).values({ text: 'old' })
    before.close()
    const after = await openNotes(folder.file('a.db'), key, [first, second])
    expect(await after.all(sql`SELECT text, more FROM notes`)).toEqual([{ text: 'old', more: null }])
    after.close()
  })

  test('openDatabase() refuses a database that a later version wrote', async () => {
    using folder = memoryFolder()
    const key = systemRandom(32)
    const later = await openNotes(folder.file('a.db'), key, [first, second])
    later.close()
    expect(await refusalOf(() => openNotes(folder.file('a.db'), key))).toBe('store.schema_unknown')
  })

  test('openDatabase() applies all steps or none', async () => {
    using folder = memoryFolder()
    const key = systemRandom(32)
    const broken = { ...second, statements: ['ALTER TABLE notes ADD more text', 'ALTER TABLE nothing ADD more text'] }
    expect(await refusalOf(() => openNotes(folder.file('a.db'), key, [first, broken]))).toBe('store.failed')
    const db = await openNotes(folder.file('a.db'), key)
    expect(await db.select().from(notes)).toEqual([])
    db.close()
  })

  test('a step that rebuilds a parent table leaves its children alone', async () => {
    using folder = memoryFolder()
    const family = {
      ...second,
      statements: ['CREATE TABLE child (note integer REFERENCES notes(id) ON DELETE CASCADE)'],
    }
    const rebuild: Migration = {
      createdAtMs: 3,
      hash: 'third',
      statements: [
        'CREATE TABLE __new_notes (id integer PRIMARY KEY, text text NOT NULL, blob blob)',
        'INSERT INTO __new_notes SELECT * FROM notes',
        'DROP TABLE notes',
        'ALTER TABLE __new_notes RENAME TO notes',
      ],
    }
    const key = systemRandom(32)
    const before = await openNotes(folder.file('a.db'), key, [first, family])
    await before.run(sql`INSERT INTO notes (id, text) VALUES (1, 'parent')`)
    await before.run(sql`INSERT INTO child VALUES (1)`)
    before.close()
    const after = await openNotes(folder.file('a.db'), key, [first, family, rebuild])
    expect(await after.all(sql`SELECT note FROM child`)).toEqual([{ note: 1 }])
    expect(await refusalOf(() => after.run(sql`INSERT INTO child VALUES (99)`))).toBe('store.constraint')
    after.close()
  })
})

describe('statements', () => {
  test('every failure has a code of ours, and neither message nor cause names a parameter', async () => {
    using folder = memoryFolder()
    const db = await openNotes(folder.file('a.db'), systemRandom(32))
    await db.insert(notes).values({ text: 'secret-of-a-row' })
    const thrown = await db
      .insert(notes)
      .values({ text: 'secret-of-a-row' })
      .catch((error: unknown) => error)
    expect(codeOf(thrown)).toBe('store.conflict')
    expect(Bun.inspect(thrown)).not.toContain('secret-of-a-row')
    expect(await refusalOf(() => db.run(sql`INSERT INTO notes (text) VALUES (null)`))).toBe('store.constraint')
    expect(await refusalOf(() => db.run(sql`SELECT nothing FROM nowhere`))).toBe('store.failed')
    expect(await refusalOf(() => db.transaction((tx) => tx.insert(notes).values({ text: 'secret-of-a-row' })))).toBe(
      'store.conflict',
    )
    expect(await refusalOf(() => db.batch([db.insert(notes).values({ text: 'secret-of-a-row' })]))).toBe(
      'store.conflict',
    )
    db.close()
  })

  test('bytes come back as they went in, over memory of their own', async () => {
    using folder = memoryFolder()
    const db = await openNotes(folder.file('a.db'), systemRandom(32))
    const blob = systemRandom(1_000)
    await db.insert(notes).values([
      { text: 'some', blob },
      { text: 'none', blob: null },
    ])
    const rows = await db.select({ blob: notes.blob }).from(notes)
    expect(rows).toEqual([{ blob }, { blob: null }])
    expect(rows[0]?.blob?.byteOffset).toBe(0)
    db.close()
  })

  test('a full disk is store.disk_full, and the transaction leaves nothing behind', async () => {
    using folder = memoryFolder()
    const db = await openNotes(folder.file('a.db'), systemRandom(32))
    const fill = db.transaction(async (tx) => {
      await tx.insert(notes).values({ text: 'before the disk was full' })
      // The bound that SQLite keeps on a connection's pages fails exactly as a full volume does.
      await tx.run(sql`PRAGMA max_page_count = 20`)
      await tx.insert(notes).values({ text: 'big', blob: new Uint8Array(1_000_000) })
    })
    expect(await refusalOf(() => fill)).toBe('store.disk_full')
    expect(await db.select().from(notes)).toEqual([])
    await db.insert(notes).values({ text: 'small' })
    db.close()
  })

  test.skipIf(!canMount())(
    'a disk that fills up loses no acknowledged row, and writing goes on once there is room',
    () => {
      using folder = memoryFolder()
      expect(onSmallDisk(fullDisk, folder.path)).toEqual({ refused: 'store.disk_full', some: true, kept: true })
    },
  )

  test('writers of one process take turns instead of blocking each other', async () => {
    using folder = memoryFolder()
    const db = await openNotes(folder.file('a.db'), systemRandom(32))
    const order: string[] = []
    const write = (name: string): Promise<void> =>
      db.transaction(async (tx) => {
        order.push(`${name} begins`)
        await tx.insert(notes).values({ text: name })
        await yieldToFinalisers()
        expect(await tx.select().from(notes)).toContainEqual({ id: order.length, text: name, blob: null })
        order.push(`${name} ends`)
      })
    const single = (): Promise<unknown> => db.insert(notes).values({ id: 90, text: 'single' }).returning().all()
    await Promise.all([write('a'), single(), db.batch([db.delete(notes).where(sql`id = 90`)])])
    await write('b').catch(() => undefined)
    expect(order.slice(0, 2)).toEqual(['a begins', 'a ends'])
    expect(await db.select({ text: notes.text }).from(notes)).toContainEqual({ text: 'a' })
    db.close()
  })

  test('a reader beside an open transaction sees what was committed before it', async () => {
    using folder = memoryFolder()
    const db = await openNotes(folder.file('a.db'), systemRandom(32))
    await db.transaction(async (tx) => {
      await tx.insert(notes).values({ text: 'not yet' })
      expect(await db.select().from(notes)).toEqual([])
    })
    expect(await db.$count(notes)).toBe(1)
    db.close()
  })

  test('a transaction that throws is rolled back, a nested one only as far as itself', async () => {
    using folder = memoryFolder()
    const db = await openNotes(folder.file('a.db'), systemRandom(32))
    await db.transaction(async (tx) => {
      await tx.insert(notes).values({ text: 'outer' })
      await tx
        .transaction(async (inner) => {
          await inner.insert(notes).values({ text: 'inner' })
          throw new RangeError('inner gives up')
        })
        .catch(() => undefined)
    })
    const outer = db.transaction(async (tx) => {
      await tx.insert(notes).values({ text: 'lost' })
      throw new RangeError('a failure of the caller')
    })
    expect(outer).rejects.toBeInstanceOf(RangeError)
    await outer.catch(() => undefined)
    expect(await db.select({ text: notes.text }).from(notes)).toEqual([{ text: 'outer' }])
    db.close()
  })

  test('what was committed is there when the database is opened again', async () => {
    using folder = memoryFolder()
    const key = systemRandom(32)
    const db = await runtimeDatabase(folder.file('a.db'), key)
    const row = {
      id: 'cred_1',
      name: 'one',
      fields: ['a'],
      sealed: systemRandom(4),
      kind: 'fields',
      sources: null,
      publicFacts: null,
      createdAtMs: 1,
      replacedAtMs: null,
    }
    await db.insert(credentials).values(row)
    db.close()
    const again = await runtimeDatabase(folder.file('a.db'), key)
    expect(await again.select().from(credentials)).toEqual([row])
    again.close()
  })
})

test('another process that looks into a database in use, and closes it, takes no log away from under it', async () => {
  using folder = memoryFolder()
  const [path, key] = [folder.file('some.db'), systemRandom(32)]
  for (const text of ['first', 'second', 'third']) {
    // The first time it is made, then it is there.
    const db = await openNotes(path, key)
    await db.insert(notes).values({ text: `${text}, before` })
    const visit = Bun.spawn([process.execPath, visitor, path, base64url(key)], {
      stdio: ['ignore', 'inherit', 'inherit'],
    })
    expect(await visit.exited).toBe(0)
    await db.insert(notes).values({ text: `${text}, after` })
    const other = await openNotes(path, key)
    expect((await other.select().from(notes)).map((row) => row.text)).toContain(`${text}, after`)
    other.close()
    db.close()
  }
})
