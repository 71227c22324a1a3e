import { afterAll, beforeAll, expect } from 'bun:test'
import { type DatasetsWorld, datasetsWorld } from '../../support/cli/datasets.ts'
import { isQuick, slowTest as test } from '../../support/quick.ts'
import { until } from '../../support/until.ts'

let world: DatasetsWorld
beforeAll(async () => {
  if (!isQuick) world = await datasetsWorld()
})
afterAll(async () => {
  await world?.[Symbol.asyncDispose]()
})

const ORDERS = `region,ordered_at,price
north,2026-01-30,10
north,2026-02-02,20
south,2026-02-03,5
=cmd|x,2026-02-04,1
`

test('groups are shown as a table, as JSON and as CSV, before and after a rollup has them ready', async () => {
  const { at, json, file } = world
  await json('dataset', 'create', 'orders', '--data-tenant', 'acme', '--shape', 'table')
  expect((await at('upload', file('orders.csv', ORDERS), '--dataset', 'orders')).exit).toBe(0)
  const group = (...words: string[]) => at('dataset', 'group', 'orders', ...words)
  const months = ['--by', 'month(ordered_at)', '--count', '--sum', 'price', '--avg', 'price']
  const table =
    'month(ordered_at)  count  sum(price)  avg(price)\n' +
    `2026-01-01             1          10          10\n2026-02-01             3          26  ${26 / 3}\n`
  expect((await group(...months)).out.replace(/ +/g, ' ')).toBe(table.replace(/ +/g, ' '))
  expect((await json('dataset', 'group', 'orders', ...months)).from).toBe('records')
  const made = await at('dataset', 'rollup', 'create', 'orders', '--by', 'region,day(ordered_at)', '--sum', 'price')
  expect(made.out).toMatch(/^Made (ru_[0-9a-f-]+)\. Until it is built/)
  await until('it is built', async () =>
    (await at('dataset', 'rollup', 'list', 'orders')).out.includes('region,day(ordered_at)  price  ready'),
  )
  expect((await group(...months)).out.replace(/ +/g, ' ')).toBe(table.replace(/ +/g, ' '))
  expect((await json('dataset', 'group', 'orders', ...months)).from).toBe('rollup')
  const since = ['--where', 'ordered_at >= 2026-02-01', '--by', 'region', '--sort', '-count']
  expect((await group(...since, '--limit', '2')).out).toContain('There are more groups: --limit')
  expect((await group('--by', 'region', '--format', 'csv')).out).toBe(
    "region,count\r\n'=cmd|x,1\r\nnorth,2\r\nsouth,1\r\n",
  )
  const [, id = ''] = /(ru_[0-9a-f-]+)/.exec(made.out) ?? []
  expect((await at('dataset', 'rollup', 'remove', 'orders', id)).out).toBe(`Removed ${id}.\n`)
  expect((await at('dataset', 'rollup', 'list', 'orders')).out).toStartWith('No rollups.')
  expect((await group('--by', 'none')).err).toStartWith('query.invalid: ')
  const zoned = await group('--by', 'month(ordered_at)', '--time-zone', 'Asia/Kathmandu', '--format', 'csv')
  expect(zoned.out).toBe('month(ordered_at),count\r\n2026-01-01,1\r\n2026-02-01,3\r\n')
  expect((await group('--by', 'day(ordered_at)', '--time-zone', 'Europe/Atlantis')).err).toStartWith('query.invalid: ')
  for (const wrong of [
    ['--by', 'year(ordered_at)'],
    ['--limit', '0'],
    ['--format', 'xml'],
    ['--format', 'csv', '--json'],
  ])
    expect((await group(...wrong)).exit).toBe(2)
})

test('a dataset of a shape has its rollups from its beginning', async () => {
  const { out } = await world.at('dataset', 'rollup', 'list', 'nightly')
  expect(out).toMatch(
    /day\(started_at\),suite,branch,environment,status +duration_ms,flaky,retries +ready +0 +suites +ru_/,
  )
})
