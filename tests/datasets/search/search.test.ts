import { expect, test } from 'bun:test'
import { systemClock, Turns } from '../../../src/base/mod.ts'
import { buildSearches, STEP_RECORDS_MAX } from '../../../src/datasets/search/build.ts'
import { searchIndexOf, setSearch } from '../../../src/datasets/search/declare.ts'
import { WORDS_MAX } from '../../../src/datasets/search/words.ts'
import { classifyField } from '../../../src/datasets/tenant/dataset-rows.ts'
import { queryRecords } from '../../../src/datasets/tenant/query.ts'
import { removeDataset, sweepRemoved } from '../../../src/datasets/tenant/removed-datasets.ts'
import type { DataDatabase } from '../../../src/store/mod.ts'
import type { Clearance, Query, Shape } from '../../../src/wire/mod.ts'
import { TenantDatabase } from '../../support/datasets/tenant-database.ts'
import { refusalOf } from '../../support/refusal.ts'

const build = ({ db }: TenantDatabase) => buildSearches({ db, turns: new Turns() })

async function of(shape: Shape, rows: readonly object[]): Promise<{ tenant: TenantDatabase; id: string }> {
  const tenant = await TenantDatabase.open()
  const { id } = await tenant.createDataset('said', shape)
  await take(tenant, id, rows)
  return { tenant, id }
}

function take(tenant: TenantDatabase, id: string, rows: readonly object[]) {
  const text = rows.map((row) => JSON.stringify(row)).join('\n')
  return tenant.import(id, { text, contentType: 'application/x-ndjson' })
}

const REVIEWS = [
  { id: 'a', rating: 5, title: 'Crème brûlée', text: 'The app opens my fridge at once.', author: 'Mary' },
  { id: 'b', rating: 1, title: 'Crash', text: 'It crashes when the fridge is open. Error foo-bar_7!', author: 'Bob' },
  { id: 'c', rating: 1, title: 'CRASHED again', text: 'Ärger mit dem Kühlschrank', author: 'Crash Dummy' },
  { id: 'd', rating: 3, title: '冷蔵庫', text: '冷蔵庫を開ける。速い' },
]

async function reviews() {
  const { tenant, id } = await of('reviews', REVIEWS)
  await build(tenant)
  const found = (search: string, more: Partial<Query> = {}, clearance: Clearance = 'restricted') => {
    const page = tenant.query(id, { search, fields: ['id'], ...more }, clearance)
    expect(page.search).toEqual({ from: 'index', waiting: 0 })
    return page.rows.flat()
  }
  return { tenant, id, found }
}

test('each word occurs in one of the searched fields, whatever its case and accents; the newest come first', async () => {
  const { tenant, found } = await reviews()
  using _ = tenant
  expect(found('fridge')).toEqual(['b', 'a'])
  expect(found('FRIDGE crash')).toEqual(['b'])
  expect(found('creme BRÛLEE')).toEqual(['a'])
  expect(found('arger kuhlschrank')).toEqual(['c'])
  expect(found('crash*')).toEqual(['c', 'b'])
  expect(found('crash')).toEqual(['b'])
  expect(found('"fridge is open"')).toEqual(['b'])
  expect(found('"open fridge"')).toEqual([])
  expect(found('"the frid"*')).toEqual(['b'])
  expect(found('"the frid" *')).toEqual([])
  expect(found('foo-bar_7')).toEqual(['b'])
  // Runs of a script without spaces are words of their own: found whole or by their beginning.
  expect(found('冷蔵庫')).toEqual(['d'])
  expect(found('冷蔵*')).toEqual(['d'])
  expect(found('fri')).toEqual([])
})

test('what people type is never part of the syntax of a full-text query', async () => {
  const { tenant, id, found } = await reviews()
  using _ = tenant
  for (const typed of ['fridge OR crash', 'NOT crash', 'title:fridge', 'NEAR(the fridge)', '{c5} : mary', 'c5:mary'])
    expect([typed, found(typed)]).toEqual([typed, []])
  for (const typed of ['fridge AND', 'fridge "', 'fridge ")', '(fridge', '-fridge', '^fridge', "fridge'; DROP TABLE x"])
    expect([typed, found(typed).length]).toEqual([typed, typed.includes('AND') || typed.includes('DROP') ? 0 : 2])
  expect(found('fridge\0crash')).toEqual(['b'])
  for (const search of ['*', '""', ' ', '!?', 'a*', Array.from({ length: WORDS_MAX + 1 }, () => 'x').join(' ')])
    expect([search, await refusalOf(() => tenant.query(id, { search }))]).toEqual([search, 'query.invalid'])
})

test('goes together with conditions, orders and pages, each record once', async () => {
  const rows = Array.from({ length: 50 }, (_, n) => ({
    id: `r${n}`,
    rating: n % 5,
    text: n % 2 ? 'odd one' : 'even one',
  }))
  const { tenant, id } = await of('reviews', rows)
  using _ = tenant
  await build(tenant)
  const asked: Partial<Query>[] = [
    {},
    { where: [{ field: 'rating', is: 'ge', value: 3 }] },
    { sort: [{ field: 'rating' }, { field: 'id', descending: true }] },
    { sort: [{ field: '_received_at' }] },
    { sort: [{ field: '_record' }], where: [{ field: '_record', is: 'gt', value: 9 }] },
  ]
  for (const query of asked) {
    const expected = tenant.query(id, {
      ...query,
      fields: ['id'],
      where: [...(query.where ?? []), { field: 'text', is: 'contains', value: 'odd' }],
    })
    const paged: unknown[][] = []
    for (let after: string | undefined, more = true; more; more = after !== undefined) {
      const page = tenant.query(id, {
        ...query,
        search: 'odd',
        fields: ['id'],
        limit: 7,
        ...(after !== undefined && { after }),
      })
      paged.push(...page.rows)
      after = page.next
    }
    expect(paged).toEqual(expected.rows)
  }
  const { next: after = '' } = tenant.query(id, { search: 'odd', limit: 1 })
  expect(await refusalOf(() => tenant.query(id, { search: 'even', limit: 1, after }))).toBe('query.invalid')
})

test('who is not cleared finds nothing by restricted fields, nor learns their words; a class that changes holds at once', async () => {
  const { tenant, id, found } = await reviews()
  using _ = tenant
  await setSearch(tenant.db, id, ['title', 'text', 'author'])
  await build(tenant)
  expect(found('mary')).toEqual(['a'])
  expect(found('mary', {}, 'public')).toEqual([])
  expect(found('crash*', {}, 'public')).toEqual(['c', 'b'])
  expect(found('dummy', {}, 'public')).toEqual([])
  expect(found('fridge mary', {}, 'public')).toEqual([])
  const classify = (field: string, from: Clearance, to: Clearance) =>
    classifyField({ db: tenant.db, clock: systemClock }, id, {
      id: `cls_${field}` as never,
      field,
      from,
      to,
      by: 'test',
    })
  await classify('text', 'public', 'restricted')
  expect(found('fridge', {}, 'public')).toEqual([])
  expect(found('fridge')).toEqual(['b', 'a'])
  await classify('author', 'restricted', 'public')
  expect(found('mary', {}, 'public')).toEqual(['a'])
})

test('without an index the texts of all records are looked through, each word in one of them', async () => {
  const { tenant, id } = await of('table', [
    { a: 'Deep fjord', b: '100%_sure', n: 1 },
    { a: 'shallow', b: 'fjord', n: 2 },
  ])
  using _ = tenant
  await build(tenant)
  const found = (search: string) => {
    const page = tenant.query(id, { search, fields: ['n'] })
    expect(page.search).toEqual({ from: 'records', waiting: 0 })
    return page.rows.flat()
  }
  expect(found('fjo DEEP')).toEqual([1])
  expect(found('fjord')).toEqual([2, 1])
  expect(found('"deep fjord"')).toEqual([1])
  expect(found('100%_')).toEqual([1])
  expect(found('fjo*')).toEqual([2, 1])
})

test('setSearch() takes fields that have words, keeps what is built, and turns search off and on again', async () => {
  const { tenant, id } = await of('table', [{ a: 'deep fjord', tags: ['x-ray', 'old'], n: 1 }])
  using _ = tenant
  const { db } = tenant
  expect(searchIndexOf(db, id)).toEqual({ state: 'off', fields: [], waiting: 0 })
  for (const fields of [['n'], ['none'], ['_import'], ['a', 'constructor']])
    expect(await refusalOf(() => setSearch(db, id, fields))).toBe('search.unfit')
  expect(await setSearch(db, id, ['a', 'tags', 'a'])).toEqual({ state: 'building', fields: ['a', 'tags'], waiting: 1 })
  await build(tenant)
  expect(tenant.query(id, { search: 'ray fjord', fields: ['n'] }).rows).toEqual([[1]])
  expect(await setSearch(db, id, ['a', 'tags'])).toMatchObject({ state: 'ready' })
  expect(await setSearch(db, id, [])).toEqual({ state: 'off', fields: [], waiting: 0 })
  await build(tenant)
  expect(db.all("SELECT name FROM sqlite_schema WHERE name LIKE 'search%_%' AND name NOT LIKE 'searches%'")).toEqual([])
  await setSearch(db, id, ['tags'])
  await build(tenant)
  expect(tenant.query(id, { search: 'fjord', fields: ['n'] }).rows).toEqual([])
  await take(tenant, id, [{ a: 'b', tags: ['fjord'], n: 2 }])
  expect(tenant.query(id, { search: 'fjord' })).toMatchObject({ rows: [], search: { from: 'index', waiting: 1 } })
  await build(tenant)
  expect(tenant.query(id, { search: 'fjord', fields: ['n'] }).rows).toEqual([[2]])
})

test('issues, reviews and test results are searched from their beginning; one that was turned off stays so', async () => {
  using tenant = await TenantDatabase.open()
  const fields: Partial<Record<Shape, string[]>> = {}
  for (const shape of ['test-results', 'issues', 'reviews', 'table'] as const) {
    const { id } = await tenant.createDataset(shape, shape)
    fields[shape] = searchIndexOf(tenant.db, id).fields
    await setSearch(tenant.db, id, [])
    // As a database of an earlier version has it.
    if (shape === 'issues') tenant.db.run('DELETE FROM searches WHERE fields = ? AND dataset = 2', ['[]'])
  }
  expect(fields).toEqual({
    'test-results': ['suite', 'name', 'message'],
    ...{ issues: ['key', 'summary', 'description'], reviews: ['title', 'text', 'reply'], table: [] },
  })
  await build(tenant)
  expect(tenant.db.all("SELECT dataset FROM searches WHERE state <> 'off'")).toEqual([[2]])
})

test('a dataset that is removed leaves no word, however many records it has had', async () => {
  const rows = Array.from({ length: STEP_RECORDS_MAX + 1 }, (_, n) => ({ id: `r${n}`, text: `word${n}` }))
  const { tenant, id } = await of('reviews', rows)
  using _ = tenant
  await build(tenant)
  expect(tenant.query(id, { search: `word${STEP_RECORDS_MAX}`, fields: ['id'] }).rows).toEqual([
    [`r${STEP_RECORDS_MAX}`],
  ])
  await removeDataset(tenant.db, id)
  while (await sweepRemoved(tenant.db));
  expect(tenant.db.all("SELECT name FROM sqlite_schema WHERE name LIKE 'search%1%'")).toEqual([])
  expect(tenant.db.all('SELECT * FROM searches')).toEqual([])
})

test('long texts are searched in their beginnings, and put in few at a time', async () => {
  const long = `early ${'x '.repeat(20_000)} late`
  const { tenant, id } = await of(
    'reviews',
    Array.from({ length: 60 }, (_, n) => ({ id: `r${n}`, text: `${n} ${long}` })),
  )
  using _ = tenant
  let steps = 0
  const turns = new Turns()
  const counted = {
    run<T>(work: () => Promise<T>) {
      steps++
      return turns.run(work)
    },
  } as Turns
  await buildSearches({ db: tenant.db, turns: counted })
  expect(steps).toBeGreaterThan(2)
  expect(tenant.query(id, { search: 'early' }).rows).toHaveLength(60)
  expect(tenant.query(id, { search: 'late' }).rows).toHaveLength(0)
})

test('records are found by words in a range of their numbers without a look at others, as exports ask', async () => {
  const { tenant, id } = await reviews()
  using _ = tenant
  const reader = await tenant.reader()
  let plan: unknown[] = []
  const watched: DataDatabase = Object.assign(Object.create(reader), {
    row: reader.row.bind(reader),
    exec: reader.exec.bind(reader),
    all(...[sql, values]: Parameters<DataDatabase['all']>) {
      if (sql.includes('MATCH')) plan = reader.all(`EXPLAIN QUERY PLAN ${sql}`, values).map((row) => row[3])
      return reader.all(sql, values)
    },
  })
  const where = [{ field: '_record', is: 'gt' as const, value: 1 }]
  const asked = { search: 'fridge', where, sort: [{ field: '_record' }], fields: ['id'], limit: 9 }
  expect(queryRecords(watched, id, asked, 'restricted').rows).toEqual([['b']])
  // A match (M) and a lower bound (>) are given to the index, in whose order they come.
  expect(plan).toEqual([
    expect.stringMatching(/^SCAN s VIRTUAL TABLE INDEX \d+:M\d+>$/),
    'SEARCH r USING INTEGER PRIMARY KEY (rowid=?)',
  ])
  reader.close()
})
