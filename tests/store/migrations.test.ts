import { describe, expect, test } from 'bun:test'
import { readFileSync, writeFileSync } from 'node:fs'
import { sql } from 'drizzle-orm'
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { migrations } from '../../scripts/migrations.ts'
import { systemRandom } from '../../src/base/mod.ts'
import { type Migration, openDatabase } from '../../src/store/mod.ts'
import { memoryFolder, type TemporaryFolder } from '../support/folder.ts'

const one = sqliteTable('one', { id: integer('id').primaryKey() })
const oneMore = sqliteTable('one', { id: integer('id').primaryKey(), more: text('more') })
const two = sqliteTable('two', { id: integer('id').primaryKey() })

function run(folder: TemporaryFolder, mode: 'append' | 'check' | 'fresh', schema: object): Promise<string[]> {
  return migrations(mode, 1_000, `${folder.path}/`, { some: { ...schema } })
}

function embedded(folder: TemporaryFolder): Migration[] {
  const module = readFileSync(folder.file('some.ts'), 'utf8')
  return JSON.parse(module.slice(module.indexOf('= [') + 2))
}

describe('scripts/migrations', () => {
  test('the schemas of this program and its embedded migrations agree', async () => {
    expect(await migrations('check', 0)).toEqual([])
  })

  test('appends one step for each change and never touches an older one', async () => {
    using folder = memoryFolder()
    await run(folder, 'append', { one })
    const [first] = embedded(folder)
    expect(await run(folder, 'check', { one: oneMore, two })).toHaveLength(1)
    await run(folder, 'append', { one: oneMore, two })
    const steps = embedded(folder)
    expect(steps).toHaveLength(2)
    expect(steps[0]).toEqual(first)
    expect((steps[1]?.createdAtMs ?? 0) > (first?.createdAtMs ?? 0)).toBe(true)
    expect(await run(folder, 'check', { one: oneMore, two })).toEqual([])
  })

  test('leaves every byte as it is when nothing has changed, whatever the mode', async () => {
    using folder = memoryFolder()
    await run(folder, 'append', { one, two })
    const before = ['some.ts', 'some.json'].map((name) => readFileSync(folder.file(name), 'utf8'))
    for (const mode of ['append', 'check', 'fresh'] as const)
      await migrations(mode, 9_999, `${folder.path}/`, { some: { one, two } })
    expect(['some.ts', 'some.json'].map((name) => readFileSync(folder.file(name), 'utf8'))).toEqual(before)
  })

  test('a fresh start joins all steps into one', async () => {
    using folder = memoryFolder()
    await run(folder, 'append', { one })
    await run(folder, 'append', { one: oneMore })
    await run(folder, 'fresh', { one: oneMore })
    expect(embedded(folder)).toHaveLength(1)
    expect(await run(folder, 'check', { one: oneMore })).toEqual([])
  })

  test('a step that was edited by hand is found', async () => {
    using folder = memoryFolder()
    await run(folder, 'append', { one })
    writeFileSync(
      folder.file('some.ts'),
      readFileSync(folder.file('some.ts'), 'utf8').replace('CREATE TABLE', 'CREATE  TABLE'),
    )
    expect(await run(folder, 'check', { one })).toEqual([
      'some: the step of 1970-01-01T00:00:01.000Z was edited after it was generated',
    ])
  })

  test('what was generated makes the tables that the schema names', async () => {
    using folder = memoryFolder()
    await run(folder, 'append', { one })
    await run(folder, 'append', { one: oneMore })
    const options = { path: folder.file('a.db'), key: systemRandom(32), schema: { one: oneMore } }
    const db = await openDatabase({ ...options, migrations: embedded(folder) })
    await db.insert(oneMore).values({ id: 1, more: 'text' })
    expect(await db.all(sql`SELECT * FROM one`)).toEqual([{ id: 1, more: 'text' }])
    db.close()
  })
})
