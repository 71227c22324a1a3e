import { afterAll, beforeAll, expect } from 'bun:test'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type DatasetsWorld, datasetsWorld } from '../../support/cli/datasets.ts'
import { readParquet } from '../../support/datasets/parquet.ts'
import { isQuick, slowTest as test } from '../../support/quick.ts'

let world: DatasetsWorld
beforeAll(async () => {
  if (!isQuick) world = await datasetsWorld()
})
afterAll(async () => {
  await world?.[Symbol.asyncDispose]()
})

test('a dataset is exported to a file, which is never written over and is not there when it failed', async () => {
  const { at, json, file, folder } = world
  await json('dataset', 'create', 'orders', '--data-tenant', 'acme', '--shape', 'table')
  const csv = `region,price\n=cmd,-10\n${'north,2.5\n'.repeat(6_000)}`
  expect((await at('upload', file('orders.csv', csv), '--dataset', 'orders')).exit).toBe(0)
  const to = (name: string) => join(folder, name)
  const run = (...words: string[]) => at('dataset', 'export', 'orders', ...words)
  const made = await run('--format', 'parquet', '--out', to('orders.parquet'))
  expect({ ...made, out: made.out.replace(/\d+ bytes/, 'n bytes') }).toMatchObject({
    ...{ exit: 0, err: '', out: `Wrote ${to('orders.parquet')} (n bytes).\n` },
  })
  const { rows } = await readParquet(readFileSync(to('orders.parquet')))
  expect([rows.length, rows[0]?.['region'], rows[0]?.['price']]).toEqual([6_001, '=cmd', -10])
  const some = ['--where', 'price < 0', '--fields', 'region,price', '--sort', '-price']
  expect((await run('--format', 'csv', '--out', to('some.csv'), ...some)).exit).toBe(0)
  expect(readFileSync(to('some.csv'), 'utf8')).toBe("region,price\r\n'=cmd,-10\r\n")
  const again = await run('--format', 'csv', '--out', to('some.csv'))
  expect([again.exit === 0, again.err.split(':')[0]]).toEqual([false, 'host.path_unfit'])
  expect(readFileSync(to('some.csv'), 'utf8')).toContain('cmd')
  expect((await run('--format', 'csv', '--out', to('none.csv'), '--fields', 'nothing')).err).toStartWith(
    'query.invalid',
  )
  expect(existsSync(to('none.csv'))).toBe(false)
  expect((await run('--format', 'xlsx', '--out', to('none.csv'))).exit).toBe(2)
})

test('views are saved, listed and removed by name', async () => {
  const { at } = world
  const run = (verb: string, ...words: string[]) => at('dataset', 'view', verb, 'nightly', ...words)
  expect((await run('list')).out).toStartWith('No views.')
  const saved = await run('save', 'Main, 90 days', '--choose', 'branch=main', '--choose', 'range=90d', '--shared')
  expect(saved.out).toMatch(/^Saved Main, 90 days \(sv_[0-9a-f-]+\)\.\n$/)
  expect((await run('list')).out).toMatch(/Main, 90 days +dashboard +all, by you +branch=main&range=90d +sv_/)
  expect((await run('save', 'x', '--choose', 'branch')).exit).toBe(2)
  expect((await run('remove', 'Main, 90 days')).out).toBe('Removed Main, 90 days.\n')
  expect((await run('remove', 'Main, 90 days')).err).toStartWith('cli.name_unknown')
})
