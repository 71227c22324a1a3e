import { expect, test } from 'bun:test'
import { concatBytes, fromUtf8 } from '../../../src/base/mod.ts'
import { exportPart } from '../../../src/datasets/export/export-part.ts'
import {
  beginExport,
  EXPORTS_MAX,
  EXPORTS_OF_TENANT_MAX,
  type Export,
  ExportsRunning,
} from '../../../src/datasets/export/exporting.ts'
import { ParquetFile } from '../../../src/datasets/export/parquet-file.ts'
import type { Clearance, ExportQuery, ExportStep } from '../../../src/wire/mod.ts'
import { readParquet } from '../../support/datasets/parquet.ts'
import { TenantDatabase } from '../../support/datasets/tenant-database.ts'
import { refusalOf } from '../../support/refusal.ts'

type Whole = Export & { clearance?: Clearance; between?: (parts: number) => Promise<void> }

/** The file that an export makes, and how many parts it was asked for in. */
async function exported(
  { db }: TenantDatabase,
  dataset: string,
  { clearance = 'restricted', between, ...asked }: Whole,
): Promise<{ bytes: Uint8Array; text: string; parts: number; ended: number }> {
  let [parts, ended] = [0, 0]
  const ask = async (step: ExportStep) => {
    if (parts > 0) await between?.(parts)
    parts++
    // As it passes between processes.
    return JSON.parse(JSON.stringify(await exportPart({ db, dataset, clearance }, step)))
  }
  const { first, rest } = await beginExport(asked, ask, () => ended++)
  const all = [first]
  for await (const part of rest) all.push(part)
  const bytes = concatBytes(...all)
  return { bytes, text: asked.format === 'parquet' ? '' : fromUtf8(bytes), parts, ended }
}

const ROWS = [
  { name: '=1+1', people: 700_000, coast: true, founded: '1040-01-01T00:00:00Z', tags: ['fjord', 'æ'] },
  { name: '-5', people: -5, coast: false, founded: '1191-01-01' },
  { name: 'Rome, "old"', people: 2.5, note: 'two\nlines', '__proto__.x': 'y' },
]

async function cities(): Promise<{ tenant: TenantDatabase; id: string }> {
  const tenant = await TenantDatabase.open()
  const { id } = await tenant.createDataset('cities', 'table')
  const contentType = 'application/x-ndjson'
  await tenant.import(id, { text: ROWS.map((row) => JSON.stringify(row)).join('\n'), contentType })
  const misfit = { name: 'Oslo', people: 'many', coast: 'perhaps', founded: 'long ago' }
  await tenant.import(id, { text: JSON.stringify(misfit), contentType })
  return { tenant, id }
}

test('CSV has a head, the oldest record first, and nothing that a spreadsheet would run; numbers stay numbers', async () => {
  const { tenant, id } = await cities()
  using _ = tenant
  const query = { fields: ['name', 'people', 'tags', 'note'] }
  const { text, ended } = await exported(tenant, id, { format: 'csv', query })
  expect(text).toBe(
    'name,people,tags,note\r\n' +
      `'=1+1,700000,"[""fjord"",""æ""]",\r\n` +
      '-5,-5,,\r\n' +
      '"Rome, ""old""",2.5,,"two\nlines"\r\n' +
      'Oslo,many,,\r\n',
  )
  expect(ended).toBe(1)
})

test('NDJSON has each record as it is, filtered and sorted as a query has them', async () => {
  const { tenant, id } = await cities()
  using _ = tenant
  const query = {
    where: [{ field: 'people', is: 'lt', value: 1_000_000 } as const],
    sort: [{ field: 'people', descending: true }],
    fields: ['name', 'people', '_record'],
  }
  const { text } = await exported(tenant, id, { format: 'ndjson', query })
  expect(
    text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
  ).toEqual([
    { name: '=1+1', people: 700_000, _record: 1 },
    { name: 'Rome, "old"', people: 2.5, _record: 3 },
    { name: '-5', people: -5, _record: 2 },
  ])
})

test('a Parquet file has typed columns, which another reader reads, and loses nothing that is not of its type', async () => {
  const { tenant, id } = await cities()
  using _ = tenant
  const { bytes } = await exported(tenant, id, { format: 'parquet', query: {} })
  const { rows, columns } = await readParquet(bytes)
  expect(columns).toMatchObject({
    ...{ name: 'UTF8', people: 'DOUBLE', coast: 'BOOLEAN', founded: 'TIMESTAMP_MILLIS', tags: 'JSON', _unfit: 'JSON' },
    ...{ '__proto__.x': 'UTF8' },
  })
  expect(rows.map(({ name }) => name)).toEqual(['=1+1', '-5', 'Rome, "old"', 'Oslo'])
  expect(rows[0]).toMatchObject({ people: 700_000, coast: true, tags: ['fjord', 'æ'], note: null, _unfit: null })
  expect(rows[0]?.['founded']).toEqual(new Date('1040-01-01T00:00:00Z'))
  expect(rows[3]).toMatchObject({ people: null, coast: null, founded: null })
  expect(rows[3]?.['_unfit']).toEqual({ people: 'many', coast: 'perhaps', founded: 'long ago' })
})

test('a large dataset comes in parts, each a group of rows of its own, and every record once', async () => {
  using tenant = await TenantDatabase.open()
  const { id } = await tenant.createDataset('many', 'table')
  const count = 12_345
  const text = Array.from({ length: count }, (_, n) => JSON.stringify({ n, even: n % 2 === 0, text: `row ${n % 7}` }))
  await tenant.import(id, { text: text.join('\n'), contentType: 'application/x-ndjson' })
  const { bytes, parts } = await exported(tenant, id, { format: 'parquet', query: {} })
  const { rows, groups } = await readParquet(bytes)
  expect(parts).toBe(3)
  expect(groups).toEqual([5_000, 5_000, 2_345])
  expect(rows.map(({ n }) => n)).toEqual(Array.from({ length: count }, (_, n) => n))
  const sorted = { sort: [{ field: 'text' }, { field: 'n', descending: true }], fields: ['n'] }
  const csv = await exported(tenant, id, { format: 'csv', query: sorted })
  expect(new Set(csv.text.trim().split('\r\n')).size).toBe(count + 1)
  const few = { where: [{ field: 'n', is: 'eq', value: 12_000 } as const], fields: ['n'] }
  expect((await exported(tenant, id, { format: 'csv', query: few })).text).toBe('n\r\n12000\r\n')
})

test('what comes while an export runs comes with it, and a record that is replaced meanwhile is not missing', async () => {
  using tenant = await TenantDatabase.open()
  const { id } = await tenant.createDataset('issues', 'issues')
  const issues = (from: number, to: number, summary: string) =>
    Array.from({ length: to - from }, (_, n) => JSON.stringify({ key: `A-${from + n}`, summary })).join('\n')
  const contentType = 'application/x-ndjson'
  await tenant.import(id, { text: issues(0, 6_000, 'first'), contentType })
  const { text } = await exported(tenant, id, {
    ...{ format: 'ndjson', query: { fields: ['key', 'summary'] } },
    between: async (parts) => {
      if (parts === 1) await tenant.import(id, { text: issues(5_990, 6_010, 'second'), contentType })
    },
  })
  const last = new Map(
    text
      .trim()
      .split('\n')
      .map((line) => Object.values(JSON.parse(line)) as [string, string]),
  )
  expect(last.size).toBe(6_010)
  expect([last.get('A-0'), last.get('A-5990'), last.get('A-6009')]).toEqual(['first', 'second', 'second'])
})

test('a dataset without records is a file all the same', async () => {
  using tenant = await TenantDatabase.open()
  const { id } = await tenant.createDataset('none', 'reviews')
  const csv = await exported(tenant, id, { format: 'csv', query: { fields: ['rating', 'text'] } })
  expect(csv.text).toBe('rating,text\r\n')
  const ndjson = await exported(tenant, id, { format: 'ndjson', query: {} })
  expect([ndjson.text, ndjson.ended]).toEqual(['', 1])
  const { bytes } = await exported(tenant, id, { format: 'parquet', query: {} })
  const { rows, groups, columns } = await readParquet(bytes)
  expect({ rows, groups, rating: columns['rating'] }).toEqual({ rows: [], groups: [], rating: 'DOUBLE' })
})

test('who is not cleared gets no restricted field, and is refused one that they name', async () => {
  const { tenant, id } = await cities()
  using _ = tenant
  const open = await exported(tenant, id, { format: 'csv', query: {}, clearance: 'public' })
  expect(open.text.split('\r\n')[0]).toBe('_record,_import,_line,_received_at')
  expect(open.text).not.toContain('Rome')
  const queries: ExportQuery[] = [{ fields: ['name'] }, { where: [{ field: 'name', is: 'eq', value: 'x' }] }]
  for (const query of queries) {
    const asked: Whole = { format: 'parquet', query, clearance: 'public' }
    expect(await refusalOf(() => exported(tenant, id, asked))).toBe('query.field_restricted')
  }
})

test('of one data tenant two exports run at once, each of another member, of all eight, and one that ended makes room', () => {
  const running = new ExportsRunning()
  const ends = Array.from({ length: EXPORTS_MAX }, (_, n) => running.begin(`dt_${n >> 1}`, `usr_${n % 2}`))
  expect(ends).toHaveLength(EXPORTS_OF_TENANT_MAX * 4)
  expect(() => running.begin('dt_9', 'usr_0')).toThrow('8 exports')
  ends[0]?.()
  ends[0]?.()
  expect(() => running.begin('dt_0', 'usr_1')).toThrow('1 export of yours')
  running.begin('dt_0', 'usr_0')
  ends[7]?.()
  expect(() => running.begin('dt_0', 'usr_2')).toThrow('2 exports of this data tenant')
  running.begin('dt_9', 'usr_0')
})

test('a Parquet file whose groups of rows are too many to be told of ends with a refusal', () => {
  const file = new ParquetFile()
  const group = 'A'.repeat(1_398_100)
  const add = () => file.add(new Uint8Array(1), { group, rows: 1 })
  for (let n = 0; n < 32; n++) add()
  expect(add).toThrow('too many groups')
})
