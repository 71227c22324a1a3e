import { describe, expect, test } from 'bun:test'
import { readdirSync } from 'node:fs'
import type { DatasetId, ImportId } from '../../../src/wire/mod.ts'
import { csv, DataHost, ended, valuesOf } from '../../support/datasets/data-host.ts'
import { refusalOf } from '../../support/refusal.ts'

describe('a data tenant', () => {
  test('takes a document, imports it and answers queries over it', async () => {
    await using host = await DataHost.open()
    const { data } = await host.tenant()
    const dataset = await data.createDataset({ name: 'prices', shape: 'table' })
    const { import: id } = await data.take(dataset.id, csv('sku,price\na,1\nb,2\n', { attributes: { branch: 'main' } }))
    expect(await ended(data, dataset.id, id)).toMatchObject({
      state: 'done',
      rowsTaken: 2,
      attributes: { branch: 'main' },
    })
    expect(await valuesOf(data, dataset, 'sku')).toEqual(['b', 'a'])
    expect(await data.dataset(dataset.id)).toMatchObject({ records: 2, imports: 1, lastImport: { id, state: 'done' } })
    expect((await data.imports(dataset.id, { limit: 10, viewer: 'restricted' })).imports.map((one) => one.id)).toEqual([
      id,
    ])
  })

  test('that is not there is refused whatever is asked, and nothing is made for it', async () => {
    await using host = await DataHost.open()
    const data = host.desk.of('dt_01a20da1-3cb4-71ab-8695-46f457191765')
    expect(await refusalOf(() => data.datasets())).toBe('data_tenant.not_found')
    expect(await refusalOf(() => data.createDataset({ name: 'a', shape: 'table' }))).toBe('data_tenant.not_found')
    expect(readdirSync(host.folder.file('data'))).toEqual([])
  })

  test('finds nothing of another, whichever id it is asked for', async () => {
    await using host = await DataHost.open()
    const { data: ours } = await host.tenant('ours')
    const { data: theirs } = await host.tenant('theirs')
    const { id } = await theirs.createDataset({ name: 'prices', shape: 'table' })
    const { import: upload } = await theirs.take(id, csv('a\nsecret\n'))
    await ended(theirs, id, upload)
    const mine = await ours.createDataset({ name: 'prices', shape: 'table' })
    expect(await refusalOf(() => ours.dataset(id))).toBe('dataset.not_found')
    expect(await refusalOf(() => ours.take(id, csv('a\n1\n')))).toBe('dataset.not_found')
    expect(await refusalOf(() => ours.import(id, upload, 'restricted'))).toBe('dataset.not_found')
    expect(await refusalOf(() => ours.import(mine.id, upload, 'restricted'))).toBe('import.not_found')
    expect(await refusalOf(() => ours.imports(mine.id, { before: upload, limit: 5, viewer: 'restricted' }))).toBe(
      'import.not_found',
    )
    expect(await refusalOf(() => ours.query(id, { limit: 1 }, 'restricted'))).toBe('dataset.not_found')
    expect(await refusalOf(() => ours.removeDataset(id))).toBe('dataset.not_found')
    expect(await valuesOf(theirs, { id }, 'a')).toEqual(['secret'])
  })
})

describe('an upload', () => {
  test('of the same idempotency key is taken once, while it waits and after it was imported', async () => {
    await using host = await DataHost.open()
    const { data } = await host.tenant()
    const { id } = await data.createDataset({ name: 'prices', shape: 'table' })
    const upload = () => data.take(id, csv('a\n1\n', { idempotencyKey: 'k1' }))
    const [first, second] = await Promise.all([upload(), upload()])
    expect([first, second].map(({ again }) => again).sort()).toEqual([false, true])
    expect(second.import).toBe(first.import)
    await ended(data, id, first.import)
    expect(await upload()).toEqual({ import: first.import, again: true })
    const other = () => data.take(id, csv('a\n2\n', { idempotencyKey: 'k1' }))
    expect(await refusalOf(other)).toBe('upload.idempotency_key_reused')
    expect(await valuesOf(data, { id }, 'a')).toEqual([1])
  })

  test('that breaks off leaves nothing, and a dataset that is removed takes no more', async () => {
    await using host = await DataHost.open()
    const { id: tenant, data } = await host.tenant()
    const { id } = await data.createDataset({ name: 'prices', shape: 'table' })
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield new Uint8Array(200_000).fill(97)
      throw new Error('the connection is gone')
    }
    expect(await refusalOf(() => data.take(id, { content: broken() }))).toBe('internal.unexpected')
    expect(readdirSync(host.folder.file(`data/${tenant}/raw`))).toEqual([])
    expect((await data.imports(id, { limit: 5, viewer: 'restricted' })).imports).toEqual([])
    const [small, large] = [csv('a\n1\n'), csv(`a\n${'1\n'.repeat(50_000)}`)]
    await Promise.all([data.take(id, small), data.take(id, large)])
    await data.removeDataset(id)
    const other = await data.createDataset({ name: 'prices', shape: 'table' })
    await ended(data, other.id, (await data.take(other.id, csv('a\n1\n'))).import)
    expect(readdirSync(host.folder.file(`data/${tenant}/raw`))).toEqual([])
    expect(await refusalOf(() => data.take(id, csv('a\n1\n')))).toBe('dataset.not_found')
    const unknown = 'imp_01a20da1-3cb4-71ab-8695-46f457191765' as ImportId
    expect(await refusalOf(() => data.import(id as DatasetId, unknown, 'restricted'))).toBe('dataset.not_found')
  })
})

test('a list of imports goes on from one of its own dataset only, and a list of datasets has no fields', async () => {
  await using host = await DataHost.open()
  const { data } = await host.tenant()
  const [one, other] = [
    await data.createDataset({ name: 'one', shape: 'table' }),
    await data.createDataset({ name: 'other', shape: 'table' }),
  ]
  const { import: upload } = await data.take(other.id, csv('a\n1\n'))
  await ended(data, other.id, upload)
  const page = { before: upload, limit: 5, viewer: 'restricted' as const }
  expect(await refusalOf(() => data.imports(one.id, page))).toBe('import.not_found')
  expect((await data.imports(other.id, page)).imports).toEqual([])
  const listed = await data.datasets()
  expect(listed.map(({ name, records }) => [name, records])).toEqual([
    ['one', 0],
    ['other', 1],
  ])
  expect(listed.some((dataset) => 'fields' in dataset)).toBe(false)
})

test('names with NUL are kept whole, with a mark in its place', async () => {
  await using host = await DataHost.open()
  const { data } = await host.tenant()
  const { id } = await data.createDataset({ name: 'rows', shape: 'test-results' })
  const about = { fileName: 'a\0b.csv', attributes: { branch: 'm\0ain', other: 'x\0y' } }
  const taken = await data.take(id, csv('name,status\na,passed\n', about))
  expect(await ended(data, id, taken.import)).toMatchObject({
    fileName: 'a\ufffdb.csv',
    attributes: { branch: 'm\ufffdain', other: 'x\ufffdy' },
  })
})
