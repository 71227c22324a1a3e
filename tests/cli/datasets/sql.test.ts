import { afterAll, beforeAll, expect } from 'bun:test'
import { type DatasetsWorld, datasetsWorld } from '../../support/cli/datasets.ts'
import { isQuick, slowTest as test } from '../../support/quick.ts'

let world: DatasetsWorld
beforeAll(async () => {
  if (!isQuick) world = await datasetsWorld()
})
afterAll(async () => {
  await world?.[Symbol.asyncDispose]()
})

const ORDERS = `region,price
north,10
south,5
=cmd|x,1
`

test('sluice dataset sql lists what can be named, and answers as a table, as JSON and as CSV', async () => {
  const { at, json, file } = world
  await json('dataset', 'create', 'orders-2026', '--data-tenant', 'acme', '--shape', 'table')
  expect((await at('upload', file('orders.csv', ORDERS), '--dataset', 'orders-2026')).exit).toBe(0)
  const sql = (...words: string[]) => at('dataset', 'sql', ...words, '--data-tenant', 'acme')
  expect((await sql()).out).toMatch(
    /^"orders-2026" +region, price, _record, _import, _line, _received_at, _attributes$/m,
  )
  const question = 'SELECT region, sum(price) AS sum FROM "orders-2026" GROUP BY region ORDER BY 2'
  expect((await sql(question)).out).toBe('region  sum\n=cmd|x    1\nsouth     5\nnorth    10\n')
  const { columns, rows, more } = await json('dataset', 'sql', question, '--data-tenant', 'acme')
  expect({ columns, rows, more }).toEqual({
    columns: [{ name: 'region' }, { name: 'sum' }],
    rows: [
      ['=cmd|x', 1],
      ['south', 5],
      ['north', 10],
    ],
    more: false,
  })
  expect((await sql(question, '--format', 'csv')).out).toBe("region,sum\r\n'=cmd|x,1\r\nsouth,5\r\nnorth,10\r\n")
  expect((await sql('SELECT region FROM "orders-2026" WHERE 0')).out).toBe('No rows.\n')
  const many = await sql('SELECT * FROM generate_series(1, 10001)', '--format', 'csv')
  expect([many.out.split('\r\n').length, many.err]).toEqual([
    10_002,
    'There are more rows than one answer holds: ask for less, or in parts.\n',
  ])
  const wrong = await sql('SELECT town FROM "orders-2026"')
  expect(wrong.err).toStartWith('sql.invalid: SQLite says: no such column: town')
  expect((await sql('DROP TABLE "orders-2026"')).err).toStartWith('sql.not_allowed: ')
  expect((await sql(question, '--format', 'xml')).exit).toBe(2)
  expect((await sql(question, '--format', 'csv', '--json')).exit).toBe(2)
})

test('sluice dataset sql needs no data tenant from who owns one, and one from who owns several', async () => {
  const { at, json } = world
  expect((await at('dataset', 'sql', 'SELECT 1 AS one')).out).toBe('one\n  1\n')
  await json('data-tenant', 'create', 'second')
  const several = await at('dataset', 'sql', 'SELECT 1 AS one')
  expect([several.exit, several.err]).toEqual([2, expect.stringContaining('say which with --data-tenant')])
})
