/** Names that are ours: no document shadows them, and what did so before is beside them. */
import { expect, test } from 'bun:test'
import { exportPart } from '../../../src/datasets/export/export-part.ts'
import { viewsOf } from '../../../src/datasets/sql/views.ts'
import { addColumns, datasetRow } from '../../../src/datasets/tenant/dataset-rows.ts'
import { TenantDatabase } from '../../support/datasets/tenant-database.ts'

const ndjson = (text: string) => ({ text, contentType: 'application/x-ndjson' })
const OURS = ['_record', '_import', '_line', '_received_at', '_attributes']

test('a record with a field of ours is refused with the reason, and the others are found by their numbers', async () => {
  using tenant = await TenantDatabase.open()
  const { id } = await tenant.createDataset('parts', 'table')
  const forged = [...OURS, '_RECORD'].map((name) => `{"n":1,"${name}":7}\n`).join('')
  const report = await tenant.import(id, ndjson(`${forged}{"n":2,"_mine":3}\n`))
  expect(report).toMatchObject({ rowsTaken: 1, rowsRefused: 6 })
  expect(report.refusals[0]).toEqual({
    line: 1,
    reason: 'a field called `_record`, which every record has from Sluice; expected any other name',
  })
  expect(tenant.records(id, { where: [{ field: '_record', is: 'eq', value: 1 }] })).toMatchObject([{ n: 2, _mine: 3 }])
  const { id: issues } = await tenant.createDataset('issues', 'issues')
  await tenant.import(issues, ndjson('{"key":"A-1","_record":7}\n'))
  expect(tenant.records(issues)).toMatchObject([{ _record: 1, fields: { _record: 7 } }])
})

test('fields that a dataset has had by our names stand beside ours in queries, SQL and exports', async () => {
  using tenant = await TenantDatabase.open()
  const { id } = await tenant.createDataset('parts', 'table')
  const had = ['_record', '_Line', '_attributes', '_record_2']
  addColumns(
    tenant.db,
    datasetRow(tenant.db, id),
    had.map((name) => ({ name, type: 'text' })),
  )
  const text = '{"_record":"x","_Line":"y","_attributes":"z","_record_2":"own"}\n'
  const report = await tenant.import(id, { ...ndjson(text), attributes: { team: 'red' } })
  expect(report).toMatchObject({ rowsTaken: 1, rowsRefused: 0 })
  const shown = { _record_3: 'x', _Line_2: 'y', _attributes_2: 'z', _record_2: 'own' }
  const ours = { _record: 1, _import: report.id, _line: 1, _attributes: { team: 'red' } }
  const where = [{ field: '_record', is: 'eq' as const, value: 1 }]
  expect(tenant.records(id, { where })).toMatchObject([{ ...shown, ...ours }])
  const columns = viewsOf(tenant.db, 'restricted')[0]?.columns ?? []
  expect(columns.find(({ name }) => name === '_record')?.expression).toBe('r.no')
  expect(columns.map(({ name }) => name)).toEqual([...Object.keys(shown), ...OURS].toSorted(inOrderOf(tenant, id)))
  const part = await exportPart(
    { db: tenant.db, dataset: id, clearance: 'restricted' },
    { query: {}, format: 'ndjson', offset: 0 },
  )
  expect(JSON.parse(String(part.content))).toMatchObject({ ...shown, ...ours })
  expect(tenant.query(id, {}, 'public').fields.filter(({ masked }) => masked)).toHaveLength(5)
})

function inOrderOf(tenant: TenantDatabase, id: string): (one: string, other: string) => number {
  const names = tenant.query(id).fields.map(({ name }) => name)
  return (one, other) => names.indexOf(one) - names.indexOf(other)
}

test('two keys beyond what a number keeps stay two records; lines without a field leave none', async () => {
  using tenant = await TenantDatabase.open()
  const keyed = [
    ['issues', 'key', ''],
    ['reviews', 'id', ',"app":"a"'],
  ] as const
  for (const [shape, key, more] of keyed) {
    const { id } = await tenant.createDataset(shape, shape)
    const text = `[{"${key}":9007199254740993${more}},{"${key}":9007199254740992${more}}]`
    const report = await tenant.import(id, { text, contentType: 'application/json' })
    expect(report).toMatchObject({ rowsTaken: 2, rowsReplaced: 0, warnings: 1 })
    expect(tenant.records(id).map((record) => record[key])).toEqual(['9007199254740992', '9007199254740993'])
  }
  const { id } = await tenant.createDataset('table', 'table')
  expect(await tenant.import(id, ndjson('{}\n'.repeat(30_000)))).toMatchObject({ rowsTaken: 0, rowsRefused: 30_000 })
  await tenant.import(id, ndjson('{"n":1}\n'))
  await tenant.import(id, ndjson('{"n":1e400}\n{"n":1e-400}\n'))
  expect(tenant.records(id).map(({ n }) => n)).toEqual(['1e-400', '1e400', 1])
})
