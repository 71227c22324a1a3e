import { expect, test } from 'bun:test'
import { queryRecords } from '../../../src/datasets/tenant/query.ts'
import type { DataDatabase } from '../../../src/store/mod.ts'
import type { Condition, Query } from '../../../src/wire/mod.ts'
import { TenantDatabase } from '../../support/datasets/tenant-database.ts'
import { refusalOf } from '../../support/refusal.ts'

const HOSTILE = `x"; DROP TABLE datasets; --`

async function cities(): Promise<{ tenant: TenantDatabase; id: string; names: (query: Partial<Query>) => unknown[] }> {
  const tenant = await TenantDatabase.open()
  const { id } = await tenant.createDataset('cities', 'table')
  const rows = [
    { name: 'Oslo', people: 700_000, coast: true, founded: '1040-01-01', tags: ['fjord'], [HOSTILE]: 'a' },
    { name: 'Bern', people: 130_000, coast: false, founded: '1191-01-01', note: '100%_sure' },
    { name: 'Rome', people: 2_800_000, coast: false, tags: ['hills', 'old'], note: '' },
    { name: 'Nice', coast: true, founded: '0350-01-01' },
  ]
  for (const some of [rows, [{ name: 'oslo', people: 'unknown', coast: true }]]) {
    const text = some.map((row) => JSON.stringify(row)).join('\n')
    await tenant.import(id, { text, contentType: 'application/x-ndjson' })
  }
  const names = (query: Partial<Query>) => tenant.records(id, query).map(({ name }) => name)
  return { tenant, id, names }
}

test('each comparison finds what it says, also among missing and mixed values', async () => {
  const { tenant, names } = await cities()
  using _ = tenant
  const found = (where: Condition[]) => names({ where }).sort()
  expect(found([{ field: 'name', is: 'eq', value: 'Oslo' }])).toEqual(['Oslo'])
  expect(found([{ field: 'people', is: 'ge', value: 700_000 }])).toEqual(['Oslo', 'Rome'])
  expect(found([{ field: 'people', is: 'lt', value: 700_000 }])).toEqual(['Bern'])
  expect(found([{ field: 'people', is: 'eq', value: 'unknown' }])).toEqual(['oslo'])
  expect(found([{ field: 'people', is: 'ne', value: 130_000 }])).toEqual(['Nice', 'Oslo', 'Rome', 'oslo'])
  expect(found([{ field: 'coast', is: 'eq', value: false }])).toEqual(['Bern', 'Rome'])
  expect(found([{ field: 'name', is: 'contains', value: 'OS' }])).toEqual(['Oslo', 'oslo'])
  expect(found([{ field: 'note', is: 'contains', value: '%_' }])).toEqual(['Bern'])
  expect(found([{ field: 'tags', is: 'contains', value: 'old' }])).toEqual(['Rome'])
  expect(found([{ field: 'name', is: 'in', value: ['Rome', 'Nice', HOSTILE] }])).toEqual(['Nice', 'Rome'])
  expect(found([{ field: 'note', is: 'missing' }])).toEqual(['Nice', 'Oslo', 'Rome', 'oslo'])
  expect(found([{ field: 'founded', is: 'missing', value: false }])).toEqual(['Bern', 'Nice', 'Oslo'])
  expect(found([{ field: 'founded', is: 'gt', value: '1040-01-01' }])).toEqual(['Bern'])
  expect(found([{ field: '_line', is: 'le', value: 2 }])).toEqual(['Bern', 'Oslo', 'oslo'])
  expect(names({ search: 'ome' })).toEqual(['Rome'])
})

test('names and values from outside are never part of a statement', async () => {
  const { tenant, id, names } = await cities()
  using _ = tenant
  expect(names({ where: [{ field: HOSTILE, is: 'eq', value: 'a' }], sort: [{ field: HOSTILE }] })).toEqual(['Oslo'])
  expect(names({ where: [{ field: 'name', is: 'eq', value: `' OR 1=1 --` }] })).toEqual([])
  for (const field of ['no', 'r.no', 'name"', 'c1', 'sqlite_schema', '__proto__', 'constructor']) {
    expect(await refusalOf(() => tenant.query(id, { sort: [{ field }] }))).toBe('query.invalid')
    expect(await refusalOf(() => tenant.query(id, { fields: [field] }))).toBe('query.invalid')
  }
})

test('what cannot be compared is refused', async () => {
  const { tenant, id } = await cities()
  using _ = tenant
  const refused: Condition[] = [
    { field: 'people', is: 'gt', value: 'many' },
    { field: 'coast', is: 'lt', value: true },
    { field: 'coast', is: 'eq', value: 'perhaps' },
    { field: 'tags', is: 'eq', value: 'old' },
  ]
  for (const condition of refused) {
    expect(await refusalOf(() => tenant.query(id, { where: [condition] }))).toBe('query.invalid')
  }
})

const PAGED: Partial<Query>[] = [
  {},
  { sort: [{ field: 'people' }] },
  { sort: [{ field: 'people', descending: true }] },
  { sort: [{ field: 'founded' }, { field: 'name', descending: true }] },
  {
    sort: [
      { field: 'coast', descending: true },
      { field: 'founded', descending: true },
    ],
  },
  { sort: [{ field: '_received_at' }], where: [{ field: 'name', is: 'ne', value: 'Bern' }] },
]

test('pages of any order give every record once, nulls and ties included', async () => {
  const { tenant, id } = await cities()
  using _ = tenant
  for (const query of PAGED) {
    const whole = tenant.query(id, { ...query, fields: ['name'] }).rows
    const paged: unknown[][] = []
    for (let after: string | undefined, more = true; more; more = after !== undefined) {
      const page = tenant.query(id, { ...query, fields: ['name'], limit: 2, ...(after !== undefined && { after }) })
      paged.push(...page.rows)
      after = page.next
    }
    expect(paged).toEqual(whole)
    expect(whole).toHaveLength(query.where ? 4 : 5)
  }
})

test('a page goes on from its own query only', async () => {
  const { tenant, id } = await cities()
  using _ = tenant
  const after = tenant.query(id, { limit: 1, sort: [{ field: 'name' }] }).next
  if (after === undefined) throw new Error('there is one page only')
  expect(await refusalOf(() => tenant.query(id, { after }))).toBe('query.invalid')
  expect(await refusalOf(() => tenant.query(id, { after: 'e30', sort: [{ field: 'name' }] }))).toBe('query.invalid')
  expect(await refusalOf(() => tenant.query(id, { after: '!', sort: [{ field: 'name' }] }))).toBe('query.invalid')
})

test('an answer ends before it is too large, and the next page goes on there', async () => {
  using tenant = await TenantDatabase.open()
  const { id } = await tenant.createDataset('texts', 'table')
  const rows = Array.from({ length: 12 }, (_, n) => JSON.stringify({ n, text: 'x'.repeat(900_000) }))
  await tenant.import(id, { text: rows.join('\n'), contentType: 'application/x-ndjson' })
  const first = tenant.query(id, { sort: [{ field: 'n' }], fields: ['n', 'text'] })
  expect(first.rows.map(([n]) => n)).toEqual([0, 1, 2, 3, 4])
  const { next: after = '' } = first
  expect(tenant.query(id, { sort: [{ field: 'n' }], fields: ['n'], after }).rows).toEqual(
    [5, 6, 7, 8, 9, 10, 11].map((n) => [n]),
  )
})

/** The reader, with something done once it has found which records a page has. */
function doneAmid(reader: DataDatabase, work: () => void): DataDatabase {
  return Object.assign(Object.create(reader), {
    row: reader.row.bind(reader),
    exec: reader.exec.bind(reader),
    all(...asked: Parameters<DataDatabase['all']>) {
      const rows = reader.all(...asked)
      if (asked[0].includes('ORDER BY r.no DESC')) work()
      return rows
    },
  })
}

test('a page is of one moment, whatever the writer does meanwhile, and the next goes on behind it', async () => {
  using tenant = await TenantDatabase.open()
  const { id } = await tenant.createDataset('rows', 'table')
  await tenant.import(id, { text: 'n\n1\n2\n3\n4\n', contentType: 'text/csv' })
  const reader = await tenant.reader()
  const amid = doneAmid(reader, () => tenant.db.run('DELETE FROM records_1 WHERE no IN (3, 4)'))
  const page = queryRecords(amid, id, { limit: 2, fields: ['n'] }, 'restricted')
  expect(page.rows).toEqual([[4], [3]])
  const { next: after = '' } = page
  expect(queryRecords(reader, id, { limit: 2, fields: ['n'], after }, 'restricted')).toMatchObject({ rows: [[2], [1]] })
  expect(await refusalOf(() => queryRecords(reader, id, { limit: 1, fields: ['none'] }, 'restricted'))).toBe(
    'query.invalid',
  )
  expect(queryRecords(reader, id, { limit: 2, fields: ['n'] }, 'restricted').rows).toEqual([[2], [1]])
  reader.close()
})
