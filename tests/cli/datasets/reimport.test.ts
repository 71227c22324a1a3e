import { afterAll, beforeAll, expect } from 'bun:test'
import { type DatasetsWorld, datasetsWorld, junit } from '../../support/cli/datasets.ts'
import { isQuick, slowTest as test } from '../../support/quick.ts'
import { until } from '../../support/until.ts'

let world: DatasetsWorld
beforeAll(async () => {
  if (!isQuick) world = await datasetsWorld()
})
afterAll(async () => {
  await world?.[Symbol.asyncDispose]()
})

test('dataset reimport reads all imports again, or one, and says how far it is', async () => {
  const { at, upload, file, json } = world
  const reimport = (...words: string[]) => at('dataset', 'reimport', 'nightly', ...words)
  const ended = () =>
    until('it has ended', async () => {
      const { out } = await reimport('--status')
      return out.startsWith('Re-imported') ? out : undefined
    })
  expect((await reimport('--status')).out).toBe('It was never re-imported.\n')
  expect((await upload([file('one.xml', junit('a', 'b'))])).exit).toBe(0)
  const before = await json('dataset', 'query', 'nightly')
  const begun = await reimport()
  expect([begun.exit, begun.out]).toEqual([0, expect.stringContaining('imports are read again.')])
  expect(await ended()).toStartWith('Re-imported 1 of 1 imports')
  const [{ id }] = await json('dataset', 'imports', 'nightly')
  expect((await reimport('--import', id)).exit).toBe(0)
  await ended()
  expect(await json('dataset', 'query', 'nightly')).toEqual(before)
  const unknown = 'imp_00000000-0000-7000-8000-000000000000'
  expect((await reimport('--import', unknown)).err).toContain('import.not_found')
})

test('dataset field set gives a field of a table another type, and says where that is seen', async () => {
  const { at, json, file } = world
  await json('dataset', 'create', 'orders', '--data-tenant', 'acme', '--shape', 'table')
  const sent = await at('upload', file('orders.csv', 'code\n7\n'), '--dataset', 'orders')
  expect([sent.exit, sent.err]).toEqual([0, ''])
  const set = await at('dataset', 'field', 'set', 'orders', 'code', '--type', 'text')
  expect(set.out).toBe('code becomes text. See how far it is with: sluice dataset reimport orders --status\n')
  await until('it has ended', async () =>
    (await json('dataset', 'reimport', 'orders', '--status')).state === 'done' ? true : undefined,
  )
  expect((await json('dataset', 'show', 'orders')).fields[0]).toMatchObject({ name: 'code', type: 'text' })
  expect((await at('dataset', 'field', 'set', 'orders', 'code', '--type', 'text')).out).toBe('code is text already.\n')
})
