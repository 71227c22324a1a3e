import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { systemClock } from '../../../src/base/mod.ts'
import { answerSql, sqlViews } from '../../../src/datasets/sql/answer-sql.ts'
import type { DataDatabase } from '../../../src/store/mod.ts'
import type { Clearance, DatasetId, Shape, SqlAnswered } from '../../../src/wire/mod.ts'
import { TenantDatabase } from '../../support/datasets/tenant-database.ts'
import { refusalOf } from '../../support/refusal.ts'

setDefaultTimeout(60_000)

let acme: TenantDatabase
let ordersId: DatasetId

async function filled(name: string, text: string, shape: Shape = 'table'): Promise<DatasetId> {
  const { id } = await acme.createDataset(name, shape)
  await acme.import(id, { text, contentType: 'text/csv', attributes: { branch: 'main' } })
  return id
}

beforeAll(async () => {
  acme = await TenantDatabase.open()
  const rows = Array.from({ length: 12_000 }, (_, n) => `${n},${['Oslo', 'Bern', 'Röm'][n % 3]},"says ""x"" ${n}"`)
  ordersId = await filled('orders', `id,City,city\n${rows.join('\n')}\n`)
  await filled('imports', 'no,object_key\n1,of-the-dataset\n')
  await filled('nightly-tests', 'name,status\nbegins,passed\nends,failed\n', 'test-results')
  await filled('odd', '"a""; DROP TABLE x;--",ключ,order,rowid\n1,2,3,4\n')
  await filled('sqlite_stat', 'n\n1\n')
  await filled('generate_series', 'n\n7\n')
})
afterAll(() => acme[Symbol.dispose]())

/** With the database opened anew, as each process does. */
async function opened<T>(work: (db: DataDatabase) => T): Promise<T> {
  const db = await acme.reader()
  try {
    return work(db)
  } finally {
    db.close()
  }
}

const ask = (sql: string, clearance: Clearance = 'restricted'): Promise<SqlAnswered> =>
  opened((db) => answerSql({ db, clock: systemClock }, { sql, clearance }))
const views = (clearance: Clearance) => opened((db) => sqlViews(db, clearance))
const rowsOf = async (sql: string) => (await ask(sql)).rows
const refused = (sql: string, clearance: Clearance = 'restricted') => refusalOf(() => ask(sql, clearance))

test('answers over all datasets by their names and fields', async () => {
  const answer = await ask('SELECT City, count(*) AS n, max(id) FROM orders GROUP BY 1 ORDER BY 3 DESC')
  expect(answer).toEqual({
    columns: [{ name: 'City' }, { name: 'n' }, { name: 'max(id)' }],
    rows: [
      ['Röm', 4_000, 11_999],
      ['Bern', 4_000, 11_998],
      ['Oslo', 4_000, 11_997],
    ],
    ...{ more: false, elapsedMs: expect.any(Number), read: [ordersId] },
  })
  expect(await rowsOf('SELECT city_2 FROM "Orders" WHERE id = 7;')).toEqual([['says "x" 7']])
  expect(
    await rowsOf(
      'SELECT t.name, o.id FROM "nightly-tests" t JOIN orders o ON o.id = t._line WHERE t.branch = \'main\' ORDER BY 2',
    ),
  ).toEqual([
    ['begins', 2],
    ['ends', 3],
  ])
  expect(await rowsOf('SELECT "a""; DROP TABLE x;--", ключ, "order", rowid FROM odd')).toEqual([[1, 2, 3, 4]])
  expect(await rowsOf('SELECT n FROM _sqlite_stat')).toEqual([[1]])
  expect(await rowsOf('SELECT n, value FROM _generate_series, generate_series(1, 2)')).toEqual([
    [7, 1],
    [7, 2],
  ])
  expect(
    await rowsOf(
      "WITH imports AS (SELECT 9 AS no, 'x' AS id), records_1 AS (SELECT 2) SELECT count(DISTINCT _import) FROM orders",
    ),
  ).toEqual([[1]])
})

test('gives values as they are, exactly', async () => {
  const sql = `SELECT 9223372036854775807, 9007199254740991, -1.5, 9e999, NULL, 'é', unhex('00fF'), 'a' || char(0) || 'b',
    CAST(unhex('ff41') AS TEXT), char(55296), 1 AS a, 2 AS a`
  const { rows, columns } = await ask(sql)
  expect(rows).toEqual([
    [
      ...['9223372036854775807', 9007199254740991, -1.5, 'Infinity', null, 'é', '00FF', 'a\0b'],
      ...['\ufffdA', '\ufffd\ufffd\ufffd', 1, 2],
    ],
  ])
  expect(columns.slice(-2)).toEqual([{ name: 'a' }, { name: 'a' }])
})

test('tells what can be named, as it is written', async () => {
  const all = await views('restricted')
  expect(all.map(({ name }) => name)).toEqual([
    '_generate_series',
    'imports',
    '"nightly-tests"',
    'odd',
    'orders',
    '_sqlite_stat',
  ])
  expect(all[3]?.columns.slice(0, 4)).toEqual(['"a""; DROP TABLE x;--"', '"ключ"', '"order"', 'rowid'])
  expect(all[4]?.columns.slice(0, 4)).toEqual(['id', 'City', 'city_2', '_record'])
  for (const { name, columns } of all)
    expect(await refused(`SELECT ${columns.join(', ')} FROM ${name} LIMIT 1`)).toBe('nothing')
})

test('has nothing but the datasets: no table of ours, under whatever name', async () => {
  for (const sql of [
    ...['records_1', '"records_1"', '[records_1]', '`records_1`', "'records_1'", 'RECORDS_1', 'main.records_1'],
    ...['main.imports', 'main."imports"', 'datasets', 'documents', 'main.documents', 'partial_upload_parts', 'intake'],
    ...['sqlite_schema', 'main.sqlite_master', 'temp.sqlite_schema', 'sqlite_temp_master', 'sqlite_sequence'],
    ...["pragma_table_info('imports')", 'pragma_database_list', 'dbstat', 'sqlite_dbpage', 'sqlite_stmt', "fsdir('/')"],
    ...['orders, main.imports', 'orders o JOIN documents d ON d.import = o._record', '(SELECT * FROM main.datasets)'],
    ...['"the answer"', 'rollup_1', 'secrets', 'temp.records_1'],
  ].map((from) => `SELECT * FROM ${from}`))
    expect([sql, await refused(sql)]).toEqual([sql, expect.stringMatching(/^sql\.(invalid|not_allowed)$/)])
  for (const column of ['import_no', 'c1', 'no', 'r.no', 'i.object_key', 'oid', '_rowid_', 'object_key'])
    expect([column, await refused(`SELECT ${column} FROM orders`)]).toEqual([column, 'sql.invalid'])
  // The dataset that is called as a table of ours is.
  expect(await rowsOf('SELECT object_key FROM imports')).toEqual([['of-the-dataset']])
  expect(await rowsOf('SELECT object_key FROM temp.imports')).toEqual([['of-the-dataset']])
})

test('changes nothing, however it is asked', async () => {
  for (const sql of [
    ...[
      'DELETE FROM orders',
      'WITH x AS (SELECT 1) DELETE FROM orders',
      'WITH x AS (SELECT 1) UPDATE orders SET id = 0',
    ],
    ...[
      "ATTACH ':memory:' AS x",
      'PRAGMA query_only = 0',
      'SELECT 1; DELETE FROM orders',
      "SELECT '--'; DELETE FROM orders",
    ],
    ...["SELECT load_extension('x')", "SELECT writefile('/tmp/never', 'x')", 'VACUUM', 'CREATE VIEW x AS SELECT 1'],
    ...['SELECT 1\0; DELETE FROM orders', 'WITH x AS (SELECT 1) INSERT INTO main.datasets SELECT 1'],
  ])
    expect([sql, await refused(sql)]).toEqual([sql, expect.stringMatching(/^sql\.(invalid|not_allowed)$/)])
  expect(await rowsOf('SELECT count(*), sum(id) FROM orders')).toEqual([[12_000, 71_994_000]])
})

test('says what SQLite says of a question that it does not take', async () => {
  for (const [sql, words] of [
    ['SELECT missing FROM orders', 'SQLite says: no such column: missing'],
    ['SELECT FROM', 'SQLite says: near "FROM": syntax error'],
    ['SELECT * FROM missing', 'SQLite says: no such table: missing'],
    [`SELECT '${'x'.repeat(1_000)}`, /^SQLite says: unrecognized token: .{100,300}…$/],
    ['SELECT ?1', 'it has a parameter; write the value in its place'],
  ] as const)
    await expect(ask(sql)).rejects.toThrow(words)
})

test('hides what the asker is not cleared for: it is not there to be named', async () => {
  expect(await refused('SELECT id FROM orders', 'public')).toBe('sql.invalid')
  expect(await refused('SELECT 1 FROM orders WHERE City = 1', 'public')).toBe('sql.invalid')
  expect((await ask('SELECT * FROM orders LIMIT 1', 'public')).columns.map(({ name }) => name)).toEqual([
    ...['_record', '_import', '_line', '_received_at'],
  ])
  expect((await views('public')).flatMap(({ columns }) => columns)).not.toContain('City')
})
