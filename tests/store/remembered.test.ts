import { afterEach, beforeEach, expect, test } from 'bun:test'
import { eq, sql } from 'drizzle-orm'
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { systemRandom } from '../../src/base/mod.ts'
import { type Database, openDatabase, remembered } from '../../src/store/mod.ts'
import { memoryFolder, type TemporaryFolder } from '../support/folder.ts'
import { refusalOf } from '../support/refusal.ts'

const notes = sqliteTable('notes', { id: integer('id').primaryKey(), text: text('text').notNull() })
const others = sqliteTable('others', { id: integer('id').primaryKey() })
const statements = [
  'CREATE TABLE notes (id integer PRIMARY KEY, text text NOT NULL)',
  'CREATE TABLE others (id integer)',
]

let folder: TemporaryFolder
let db: Database<{ notes: typeof notes; others: typeof others }>
let readings: number
let texts: () => Promise<string[]>

beforeEach(async () => {
  folder = memoryFolder()
  db = await openDatabase({
    ...{ path: folder.file('notes.db'), key: systemRandom(32), schema: { notes, others } },
    migrations: [{ createdAtMs: 1, hash: 'first', statements }],
  })
  readings = 0
  texts = remembered(db, [notes], async () => {
    readings++
    return (await db.select().from(notes)).map((note) => note.text)
  })
})
afterEach(() => {
  db.close()
  folder[Symbol.dispose]()
})

test('what was read is not read again until its table is written, and others may be', async () => {
  expect(await texts()).toEqual([])
  await db.insert(others).values({ id: 1 })
  await db.select().from(notes)
  expect([await texts(), readings]).toEqual([[], 1])
})

test('every way to write is seen at once: insert, update, delete, in a transaction, and by raw SQL', async () => {
  await texts()
  const writes: [() => Promise<unknown>, string[]][] = [
    [() => db.insert(notes).values({ id: 1, text: 'a' }), ['a']],
    [
      () =>
        db
          .insert(notes)
          .values({ id: 1, text: 'x' })
          .onConflictDoUpdate({ target: notes.id, set: { text: 'b' } }),
      ['b'],
    ],
    [() => db.update(notes).set({ text: 'c' }).where(eq(notes.id, 1)).returning(), ['c']],
    [() => db.transaction(async (tx) => void (await tx.update(notes).set({ text: 'd' }))), ['d']],
    [() => db.run(sql`UPDATE notes SET text = 'e'`), ['e']],
    [() => db.delete(notes), []],
  ]
  for (const [write, expected] of writes) {
    await write()
    expect(await texts()).toEqual(expected)
    await texts()
  }
  expect(readings).toBe(1 + writes.length)
})

test('what was read while a transaction was open is read again after its end', async () => {
  await db.insert(notes).values({ id: 1, text: 'before' })
  await db.transaction(async (tx) => {
    await tx.update(notes).set({ text: 'after' })
    expect(await texts()).toEqual(['before'])
  })
  expect(await texts()).toEqual(['after'])
})

test('what is read while somebody writes is read again at the next call', async () => {
  const [reading, writing] = [texts(), db.insert(notes).values({ id: 1, text: 'a' })]
  await Promise.all([reading, writing])
  expect(await texts()).toEqual(['a'])
})

test('those who ask at the same time share one reading, and one that fails is not kept', async () => {
  await Promise.all([texts(), texts(), texts()])
  expect(readings).toBe(1)
  let attempts = 0
  const failing = remembered(db, [notes], async () => {
    if (++attempts === 1) throw new Error('the disk is away')
    return attempts
  })
  expect(await refusalOf(failing)).not.toBe('nothing')
  expect(await failing()).toBe(2)
})
