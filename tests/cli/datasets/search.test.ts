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

test('fields are chosen to be searched, and queries name words, phrases and beginnings', async () => {
  const { at, json, file } = world
  await json('dataset', 'create', 'notes', '--data-tenant', 'acme', '--shape', 'table')
  await at('upload', file('notes.csv', 'n,text\n1,the till is open\n2,"the open, till"\n'), '--dataset', 'notes')
  expect((await at('dataset', 'search', 'show', 'notes')).out).toStartWith('There is no index')
  expect((await at('dataset', 'search', 'set', 'notes', 'n')).err).toStartWith('search.unfit: ')
  expect((await at('dataset', 'search', 'set', 'notes', ' text ,')).out).toStartWith('Searched by their words: text.')
  await until('all are searched', async () =>
    (await json('dataset', 'search', 'show', 'notes')).state === 'ready' ? true : undefined,
  )
  const found = async (words: string) =>
    (await at('dataset', 'query', 'notes', '--search', words, '--fields', 'n', '--format', 'csv')).out
      .trim()
      .split('\r\n')
  expect(await found('open TILL')).toEqual(['n', '2', '1'])
  expect(await found('"till is"')).toEqual(['n', '1'])
  expect(await found('op*')).toEqual(['n', '2', '1'])
  expect((await at('dataset', 'query', 'notes', '--search', 'pen')).out).toBe('No records.\n')
  expect((await at('dataset', 'search', 'remove', 'notes')).out).toStartWith('There is no index')
  expect(await found('pen')).toEqual(['n', '2', '1'])
})

test('an index is declared over fields, listed until it is ready, and removed', async () => {
  const { at, json, file } = world
  await json('dataset', 'create', 'prices', '--data-tenant', 'acme', '--shape', 'table')
  await at('upload', file('prices.csv', 'region,price\nnorth,3\nsouth,1\nnorth,2\n'), '--dataset', 'prices')
  expect((await at('dataset', 'index', 'list', 'prices')).out).toStartWith('No indexes.')
  expect((await at('dataset', 'index', 'add', 'prices', 'regoin')).err).toStartWith('index.unfit: ')
  expect((await at('dataset', 'index', 'add', 'prices', 'region, price')).out).toStartWith('Made ix_')
  await until('it is built', async () =>
    (await json('dataset', 'index', 'list', 'prices'))[0].state === 'ready' ? true : undefined,
  )
  expect((await at('dataset', 'index', 'list', 'prices')).out).toMatch(/region,price +ready +ix_/)
  const words = ['--where', 'region = north', '--sort', 'price', '--fields', 'price', '--format', 'csv']
  expect((await at('dataset', 'query', 'prices', ...words)).out).toBe('price\r\n2\r\n3\r\n')
  const [{ id }] = await json('dataset', 'index', 'list', 'prices')
  expect((await at('dataset', 'index', 'remove', 'prices', id)).out).toBe(`Removed ${id}.\n`)
})
