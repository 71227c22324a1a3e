import { expect, setDefaultTimeout, test } from 'bun:test'
import { systemClock, utf8 } from '../../../src/base/mod.ts'
import type { TenantData } from '../../../src/datasets/mod.ts'
import type { DataProcess } from '../../../src/datasets/worker/data-process.ts'
import type { Dataset, FieldType, ImportReport } from '../../../src/wire/mod.ts'
import { csv, DataHost, ended, inChunks, valuesOf } from '../../support/datasets/data-host.ts'
import { slowTest } from '../../support/quick.ts'
import { refusalOf } from '../../support/refusal.ts'
import { until } from '../../support/until.ts'

setDefaultTimeout(60_000)

const DAY_MS = 86_400_000

async function sent(data: TenantData, { id }: Dataset, text: string, contentType = 'text/csv'): Promise<ImportReport> {
  const taken = { content: inChunks(utf8(text)), contentType, fileName: 'x' }
  return ended(data, id, (await data.take(id, taken)).import)
}

async function changed(data: TenantData, { id }: Dataset, name: string, type: FieldType): Promise<void> {
  expect(await data.setFieldType(id, { name, type })).toMatchObject({ state: 'running', field: { name, type } })
  await until('all is read again', async () => ((await data.lastReimport(id))?.state === 'done' ? true : undefined))
}

const typeOf = async (data: TenantData, { id }: Dataset, name: string) =>
  (await data.dataset(id)).fields.find((field) => field.name === name)?.type

const TEXT = 'code,flag,at\n007,true,2026-01-02\n12,false,2026-01-03T04:05:06Z\nx1,maybe,then\n'

test('values become what they would have been from the beginning, there and back; what does not fit is told with its line', async () => {
  await using host = await DataHost.open()
  const { data } = await host.tenant()
  const dataset = await data.createDataset({ name: 'said', shape: 'table' })
  const one = await sent(data, dataset, TEXT)
  expect(await valuesOf(data, dataset, 'code')).toEqual(['x1', '12', '007'])
  await changed(data, dataset, 'code', 'number')
  expect(await typeOf(data, dataset, 'code')).toBe('number')
  expect(await valuesOf(data, dataset, 'code')).toEqual(['x1', 12, '007'])
  const told = await data.import(dataset.id, one.id, 'restricted')
  expect([told.warnings, told.remarks.map(({ line }) => line)]).toEqual([2, [2, 4]])
  expect(told.remarks[1]?.reason).toContain('expected a number')
  const least = [{ field: 'code', is: 'ge' as const, value: 12 }]
  expect(
    (await data.query(dataset.id, { where: least, fields: ['code'], limit: 9 }, 'restricted')).rows,
  ).toContainEqual([12])
  await changed(data, dataset, 'code', 'text')
  expect(await valuesOf(data, dataset, 'code')).toEqual(['x1', '12', '007'])
  expect((await data.import(dataset.id, one.id, 'restricted')).warnings).toBe(0)
  await changed(data, dataset, 'flag', 'boolean')
  expect(await valuesOf(data, dataset, 'flag')).toEqual(['maybe', false, true])
  await changed(data, dataset, 'at', 'time')
  expect(await valuesOf(data, dataset, 'at')).toEqual(['then', '2026-01-03T04:05:06Z', '2026-01-02'])
  await changed(data, dataset, 'code', 'json')
  expect(await valuesOf(data, dataset, 'code')).toEqual(['x1', '12', '007'])
  await changed(data, dataset, 'code', 'text')
  expect(await valuesOf(data, dataset, 'code')).toEqual(['x1', '12', '007'])
  await sent(data, dataset, 'code,flag\n9,true\n')
  expect(await valuesOf(data, dataset, 'flag')).toEqual([true, 'maybe', false, true])
  expect((await data.dataset(dataset.id)).records).toBe(4)
})

test('what no document tells of any more is changed as it stands', async () => {
  const clock = { ...systemClock, agoDays: 10, now: () => systemClock.now() - clock.agoDays * DAY_MS }
  await using host = await DataHost.open({ clock })
  const { id: tenant, data } = await host.tenant()
  const dataset = await data.createDataset({ name: 'said', shape: 'table' })
  await sent(data, dataset, TEXT)
  clock.agoDays = 0
  await sent(data, dataset, 'code,flag\n13,true\n')
  await data.setRetention(dataset.id, { recordsDays: null, documentsDays: 5 })
  await host.desk.retain(tenant, clock.now(), new AbortController().signal)
  await changed(data, dataset, 'code', 'number')
  expect(await valuesOf(data, dataset, 'code')).toEqual([13, 'x1', 12, '007'])
  expect(await data.lastReimport(dataset.id)).toMatchObject({ total: 1, read: 1, unread: 1 })
  await changed(data, dataset, 'code', 'json')
  expect(await valuesOf(data, dataset, 'code')).toEqual(['13', 'x1', 12, '007'])
})

test('fields of other shapes, unknown ones, and those that a rollup counts by keep their type; the same type changes nothing', async () => {
  await using host = await DataHost.open()
  const { data } = await host.tenant()
  const backlog = await data.createDataset({ name: 'backlog', shape: 'issues' })
  const dataset = await data.createDataset({ name: 'said', shape: 'table' })
  await sent(data, dataset, TEXT)
  const rollup = await data.createRollup(dataset.id, { by: [{ field: 'code' }], sum: [] }, 'restricted')
  const set = (of: Dataset, name: string, type: FieldType) => refusalOf(() => data.setFieldType(of.id, { name, type }))
  expect(await set(backlog, 'summary', 'number')).toBe('dataset.field_type_fixed')
  expect(await set(dataset, 'nothing', 'number')).toBe('dataset.field_not_found')
  expect(await set(dataset, 'code', 'number')).toBe('dataset.field_type_fixed')
  expect(await data.setFieldType(dataset.id, { name: 'code', type: 'text' })).toBeUndefined()
  await data.removeRollup(dataset.id, rollup.id, 'restricted')
  await changed(data, dataset, 'code', 'number')
  expect(await valuesOf(data, dataset, 'code')).toEqual(['x1', 12, '007'])
})

slowTest('uploads that come meanwhile have the new type in the end, and a kill -9 leaves nothing half', async () => {
  let kills = 2
  const around = (made: DataProcess): DataProcess => ({
    ...made,
    ask(what, body) {
      const asked = made.ask(what, body)
      if (what === 'go-on-reimporting' && kills-- > 0) setTimeout(() => made.kill(), 60)
      return asked
    },
  })
  await using host = await DataHost.open({ around })
  const { data } = await host.tenant()
  const dataset = await data.createDataset({ name: 'said', shape: 'table' })
  const many = (count: number) => `code\nx\n${Array.from({ length: count }, (_, n) => `${n}\n`).join('')}`
  await sent(data, dataset, many(30_000))
  expect(await typeOf(data, dataset, 'code')).toBe('text')
  await data.take(dataset.id, csv(many(60_000)))
  await data.setFieldType(dataset.id, { name: 'code', type: 'number' })
  const { import: later } = await data.take(dataset.id, csv(many(5)))
  await until('all is read again', async () =>
    (await data.lastReimport(dataset.id))?.state === 'done' ? true : undefined,
  )
  await ended(data, dataset.id, later)
  const counted = (is: 'ge' | 'eq', value: number | string) =>
    data.group(
      dataset.id,
      { by: [], measures: [{ measure: 'count' }], where: [{ field: 'code', is, value }], sort: [], limit: 9 },
      'restricted',
    )
  expect((await data.dataset(dataset.id)).records).toBe(90_008)
  expect((await counted('eq', 29_999)).rows).toEqual([[2]])
  expect((await counted('eq', 'x')).rows).toEqual([[3]])
})
