import { expect, test } from 'bun:test'
import { systemClock, systemRandom, Turns } from '../../../src/base/mod.ts'
import { buildIndexes, STEP_RECORDS_MAX } from '../../../src/datasets/indexes/build.ts'
import { createIndex, INDEXES_MAX, listIndexes, removeIndex } from '../../../src/datasets/indexes/declare.ts'
import { queryRecords } from '../../../src/datasets/tenant/query.ts'
import { removeDataset, sweepRemoved } from '../../../src/datasets/tenant/removed-datasets.ts'
import type { DataDatabase } from '../../../src/store/mod.ts'
import type { Clearance, IndexId, Query } from '../../../src/wire/mod.ts'
import { TenantDatabase } from '../../support/datasets/tenant-database.ts'
import { refusalOf } from '../../support/refusal.ts'

const depsOf = ({ db }: TenantDatabase) => ({ db, clock: systemClock, random: systemRandom })
const build = ({ db }: TenantDatabase) => buildIndexes({ db, turns: new Turns() })

async function orders(count: number): Promise<{ tenant: TenantDatabase; id: string }> {
  const tenant = await TenantDatabase.open()
  const { id } = await tenant.createDataset('orders', 'table')
  await take(tenant, id, count)
  return { tenant, id }
}

function take(tenant: TenantDatabase, id: string, count: number) {
  const rows = Array.from({ length: count }, (_, n) => `r${n % 7},${(n * 31) % 13},${n % 3 ? 'yes' : ''},note ${n}`)
  return tenant.import(id, { text: `region,price,paid,note\n${rows.join('\n')}\n`, contentType: 'text/csv' })
}

/** How SQLite finds a page's records. The driver does not end a statement that explains, so it is of a database of its own. */
async function planOf(tenant: TenantDatabase, id: string, query: Partial<Query>): Promise<string> {
  const db = await tenant.reader()
  let plan = ''
  const watched: DataDatabase = Object.assign(Object.create(db), {
    row: db.row.bind(db),
    exec: db.exec.bind(db),
    all(...[sql, values]: Parameters<DataDatabase['all']>) {
      const explained = /^SELECT \w\.no/.test(sql) ? db.all(`EXPLAIN QUERY PLAN ${sql}`, values) : []
      if (explained.length > 0) plan = explained.map((row) => row[3]).join('; ')
      return db.all(sql, values)
    },
  })
  queryRecords(watched, id, { limit: 10, ...query }, 'restricted')
  db.close()
  return plan
}

const eq = (field: string, value: string | number) => ({ field, is: 'eq' as const, value })

test('queries with equal values, and those in its order, are led by an index; others look through the records', async () => {
  const { tenant, id } = await orders(50)
  using _ = tenant
  const by = (...fields: string[]) => createIndex(depsOf(tenant), id, { fields })
  const plan = (query: Partial<Query>) => planOf(tenant, id, query)
  expect(await plan({ where: [eq('region', 'r1')] })).toStartWith('SCAN r')
  await by('region', 'price')
  expect(await plan({ where: [eq('region', 'r1')], sort: [{ field: 'price' }] })).toStartWith('SCAN r')
  await build(tenant)
  const inOrder = await plan({ where: [eq('region', 'r1')], sort: [{ field: 'price', descending: true }] })
  expect(inOrder).toBe('SEARCH x USING COVERING INDEX index_1_by (f1=?); SEARCH r USING INTEGER PRIMARY KEY (rowid=?)')
  const both = [eq('price', 3), eq('region', 'r1')]
  expect(await plan({ where: both })).toStartWith('SEARCH x USING COVERING INDEX index_1_by (f1=? AND f2=?)')
  expect(await plan({ where: both })).not.toContain('TEMP B-TREE')
  expect(await plan({ sort: [{ field: 'region' }, { field: 'price' }] })).toStartWith(
    'SCAN x USING COVERING INDEX index_1_by',
  )
  const more = [...both, { field: 'note', is: 'contains' as const, value: '5' }]
  expect(await plan({ where: more, sort: [{ field: 'note' }] })).toContain('index_1_by (f1=? AND f2=?)')
  // These would be slower by it than without where many fit.
  expect(await plan({ where: [eq('region', 'r1')] })).toStartWith('SCAN r')
  expect(await plan({ where: [eq('price', 3)] })).toStartWith('SCAN r')
  const filtered = { where: [eq('region', 'r1'), eq('note', 'x')], sort: [{ field: 'price' }] }
  expect(await plan(filtered)).toStartWith('SCAN r')
  await by('region')
  await build(tenant)
  expect(await plan({ where: [eq('region', 'r1')] })).toContain('index_2_by (f1=?)')
})

const QUERIES: Partial<Query>[] = [
  { where: [eq('region', 'r1')] },
  { where: [eq('region', 'r1'), { field: 'price', is: 'gt', value: 5 }] },
  { where: [eq('region', 'r1')], sort: [{ field: 'price' }] },
  { where: [eq('region', 'r1')], sort: [{ field: 'price', descending: true }] },
  { where: [eq('region', 'r2'), eq('price', 3), { field: 'note', is: 'contains', value: '1' }] },
  { where: [eq('region', 'nowhere')] },
  { sort: [{ field: 'region' }, { field: 'price', descending: true }] },
  { sort: [{ field: 'price', descending: true }] },
  { where: [eq('long', `${'x'.repeat(300)}1`)] },
  { sort: [{ field: 'long' }] },
]

test('pages are the same with and without indexes, whatever was put in, replaced or removed meanwhile', async () => {
  const { tenant, id } = await orders(100)
  using _ = tenant
  const long = Array.from({ length: 6 }, (_, n) => JSON.stringify({ region: 'r1', long: `${'x'.repeat(300)}${n % 3}` }))
  await tenant.import(id, { text: `${long.join('\n')}\n{"price":"many"}`, contentType: 'application/x-ndjson' })
  const pagesOf = (query: Partial<Query>) => {
    const pages: unknown[][][] = []
    for (let after: string | undefined, more = true; more; more = after !== undefined) {
      const page = tenant.query(id, { ...query, limit: 4, ...(after !== undefined && { after }) })
      pages.push(page.rows)
      after = page.next
    }
    return pages
  }
  for (const fields of [['region', 'price'], ['region'], ['price'], ['region', 'price', 'note'], ['long']])
    await createIndex(depsOf(tenant), id, { fields })
  // The last goes and its number is given again before it was put in.
  tenant.db.run('DELETE FROM records_1 WHERE no > 100 OR no % 5 = 0')
  await tenant.import(id, { text: long.join('\n'), contentType: 'application/x-ndjson' })
  await build(tenant)
  await take(tenant, id, 30)
  tenant.db.run("UPDATE records_1 SET c1 = 'r1' WHERE no BETWEEN 3 AND 9")
  tenant.db.run('DELETE FROM records_1 WHERE no % 11 = 0')
  const indexed = QUERIES.map(pagesOf)
  for (const { id: one } of listIndexes(tenant.db, id)) await removeIndex(tenant.db, id, one)
  expect(indexed).toEqual(QUERIES.map(pagesOf))
  await build(tenant)
  expect(tenant.db.all("SELECT name FROM sqlite_schema WHERE name LIKE 'index\\_%' ESCAPE '\\'")).toEqual([])
})

test('createIndex() takes one to three fields that have an order, eight for a dataset, and each once', async () => {
  const { tenant, id } = await orders(3)
  using _ = tenant
  await tenant.import(id, { text: '{"tags":["a"]}', contentType: 'application/x-ndjson' })
  const by = (...fields: string[]) => createIndex(depsOf(tenant), id, { fields })
  for (const fields of [['none'], ['tags'], ['_import'], ['region', 'region'], ['constructor']])
    expect(await refusalOf(() => by(...fields))).toBe('index.unfit')
  const first = await by('region')
  expect(await by('region')).toEqual(first)
  for (const fields of [['price'], ['paid'], ['note'], ['region', 'price'], ['price', 'region'], ['paid', 'note']])
    await by(...fields)
  await by('note', 'price')
  expect(listIndexes(tenant.db, id)).toHaveLength(INDEXES_MAX)
  expect(await refusalOf(() => by('note', 'paid'))).toBe('index.too_many')
  await removeIndex(tenant.db, id, first.id)
  expect(await refusalOf(() => removeIndex(tenant.db, id, first.id))).toBe('index.not_found')
  expect(await by('note', 'paid')).toMatchObject({ state: 'building' })
  const other = await tenant.createDataset('empty', 'issues')
  expect(await createIndex(depsOf(tenant), other.id, { fields: ['assignee'] })).toMatchObject({ state: 'ready' })
  expect(await refusalOf(() => removeIndex(tenant.db, other.id, listIndexes(tenant.db, id)[0]?.id as IndexId))).toBe(
    'index.not_found',
  )
})

test('an index is built in steps that a crash may cut off, and answers nothing before it is whole', async () => {
  const { tenant, id } = await orders(STEP_RECORDS_MAX + 10)
  using _ = tenant
  await createIndex(depsOf(tenant), id, { fields: ['note'] })
  const turns = new Turns()
  let steps = 0
  const stopped = {
    run<T>(work: () => Promise<T>) {
      if (steps++ === 1) throw new Error('the machine is gone')
      return turns.run(work)
    },
  } as Turns
  await buildIndexes({ db: tenant.db, turns: stopped }).catch(() => undefined)
  const last = { where: [eq('note', `note ${STEP_RECORDS_MAX + 9}`)] }
  expect(await planOf(tenant, id, last)).toStartWith('SCAN r')
  expect(tenant.query(id, last).rows).toHaveLength(1)
  await build(tenant)
  expect(await planOf(tenant, id, last)).toContain('index_1_by (f1=?)')
  expect(tenant.query(id, last).rows).toHaveLength(1)
  expect(tenant.db.row('SELECT count(*) FROM index_1')).toEqual([STEP_RECORDS_MAX + 10])
  await removeDataset(tenant.db, id)
  while (await sweepRemoved(tenant.db));
  expect(tenant.db.all("SELECT name FROM sqlite_schema WHERE name LIKE 'index\\_%' ESCAPE '\\'")).toEqual([])
})

test('an index lets nobody ask by a field that they are not cleared for', async () => {
  const { tenant, id } = await orders(9)
  using _ = tenant
  await createIndex(depsOf(tenant), id, { fields: ['region'] })
  await build(tenant)
  const as = (clearance: Clearance, query: Partial<Query>) => refusalOf(() => tenant.query(id, query, clearance))
  expect(await as('public', { where: [eq('region', 'r1')] })).toBe('query.field_restricted')
  expect(await as('public', { sort: [{ field: 'region' }] })).toBe('query.field_restricted')
})
