import { expect, test } from 'bun:test'
import { systemClock, Turns } from '../../../src/base/mod.ts'
import { listDatasets } from '../../../src/datasets/tenant/dataset-rows.ts'
import { importEntries } from '../../../src/datasets/tenant/import-entries.ts'
import { FIELDS_OF_TENANT_MAX } from '../../../src/datasets/tenant/record-fields.ts'
import { removeDataset, sweepRemoved } from '../../../src/datasets/tenant/removed-datasets.ts'
import { RECORD_CHARS_MAX } from '../../../src/datasets/tenant/unfit-record.ts'
import { FIELDS_MAX } from '../../../src/wire/mod.ts'
import { TenantDatabase } from '../../support/datasets/tenant-database.ts'
import { slowTest } from '../../support/quick.ts'
import { refusalOf } from '../../support/refusal.ts'

const CSV = { contentType: 'text/csv' }
const names = (count: number, of = 'f'): string[] => Array.from({ length: count }, (_, n) => `${of}${n}`)
const wide = (of: string, count = FIELDS_MAX): string =>
  `${names(count, of).join(',')}\n${names(count, '').join(',')}\n`
const version = ({ db }: TenantDatabase): number => Number(db.row('PRAGMA schema_version')?.[0])
const fieldsOf = ({ db }: TenantDatabase): number => Number(db.row('SELECT count(*) FROM dataset_fields')?.[0])

test('a document of 1,000 new fields changes the schema once, also where records are already, and its records are read back', async () => {
  using tenant = await TenantDatabase.open()
  const { id } = await tenant.createDataset('rows', 'table')
  await tenant.import(id, { text: 'first\n1\n', ...CSV })
  const before = version(tenant)
  expect(await tenant.import(id, { text: wide('f', FIELDS_MAX - 1), ...CSV })).toMatchObject({ state: 'done' })
  expect(version(tenant)).toBe(before + 1)
  const fields = ['first', 'f0', 'f998']
  expect(tenant.query(id, { fields }).rows).toEqual([
    [null, 0, 998],
    [1, null, null],
  ])
  const reader = await tenant.reader()
  expect(reader.row('SELECT c1, c2, c1000 FROM records_1 ORDER BY no DESC')).toEqual([null, 0, 998])
  reader.close()
})

test('fields of a transaction that is rolled back are not there, and come with the next try', async () => {
  using tenant = await TenantDatabase.open()
  const { id } = await tenant.createDataset('rows', 'table')
  const good = await tenant.entry(id, { text: 'a,b\n1,2\n', ...CSV })
  const key = new Uint8Array(32)
  // What is no file fails as the host does, which ends the transaction that the first is in.
  const lost = { ...(await tenant.entry(id, CSV)), content: { path: tenant.pathOf('.'), key } }
  expect(await refusalOf(() => tenant.importEntries([good, lost]))).toStartWith('host.')
  expect(fieldsOf(tenant)).toBe(0)
  await tenant.importEntries([good])
  expect(tenant.records(id, { fields: ['a', 'b'] })).toEqual([{ a: 1, b: 2 }])
})

slowTest(
  'a transaction ends earlier where rows are wide or bring new fields, so that nobody waits longer for it',
  async () => {
    using tenant = await TenantDatabase.open()
    const { id } = await tenant.createDataset('wide', 'table')
    const transactionsOf = async (text: string, contentType: string): Promise<number> => {
      let transactions = 0
      const mayGoOn = () => ++transactions > 0
      const deps = { db: tenant.db, clock: systemClock, turns: new Turns(), mayGoOn }
      await importEntries(deps, [await tenant.entry(id, { text, contentType })])
      return transactions
    }
    // One row of 320 values counts as eleven: 4,600 of them do not fit the 50,000 of a transaction.
    const row = names(320, '').join(',')
    const text = `${names(320, 'f').join(',')}\n${`${row}\n`.repeat(4_600)}`
    expect(await transactionsOf(text, 'text/csv')).toBeGreaterThan(0)
    // A batch has 1,000 lines at most, and each brings a field: 35 changes of the schema count as 70,000 rows.
    const lines = Array.from({ length: 35_000 }, (_, n) => (n % 1_000 === 0 ? `{"g${n}":1}\n` : '{"g0":1}\n'))
    expect(await transactionsOf(lines.join(''), 'application/x-ndjson')).toBeGreaterThan(1)
    // 1.5 million values, ~3 s of a machine that has nothing else to do.
  },
  60_000,
)

test('rows that are refused leave no fields behind, whatever they would have had', async () => {
  using tenant = await TenantDatabase.open()
  const { id } = await tenant.createDataset('rows', 'table')
  const report = await tenant.import(id, { text: wide('f', FIELDS_MAX + 1), ...CSV })
  expect(report).toMatchObject({ state: 'refused', rowsRefused: 1 })
  expect(report.refusals[0]?.reason).toContain('no room for the field `f1000`')
  expect(fieldsOf(tenant)).toBe(0)
  const nul = { text: '{"a":1,"b\\u0000c":2}\n{"a":3}\n', contentType: 'application/x-ndjson' }
  const { refusals } = await tenant.import(id, nul)
  expect(refusals).toMatchObject([{ line: 1, reason: expect.stringContaining('without NUL') }])
  expect(tenant.records(id, { fields: ['a'] })).toEqual([{ a: 3 }])
  expect(fieldsOf(tenant)).toBe(1)
})

test('a record that grows beyond a MiB as it is kept is refused with its line, and one at the bound is taken', async () => {
  using tenant = await TenantDatabase.open()
  const { id } = await tenant.createDataset('rows', 'table')
  // 5 bytes of a document each, 22 of the record.
  const grown = JSON.stringify({ n: Array(60_000).fill(0) }).replaceAll('0', '1e20')
  const most = JSON.stringify({ t: 'x'.repeat(RECORD_CHARS_MAX - 16) })
  const report = await tenant.import(id, { text: `${grown}\n${most}\n`, contentType: 'application/x-ndjson' })
  expect(report).toMatchObject({ state: 'partly', rowsTaken: 1, refusals: [{ line: 1 }] })
  expect(report.refusals[0]?.reason).toContain(`expected at most ${RECORD_CHARS_MAX}`)
})

test('a query that names one field many times is refused: a page is no larger than what is kept', async () => {
  using tenant = await TenantDatabase.open()
  const { id } = await tenant.createDataset('rows', 'table')
  await tenant.import(id, { text: 'a\n1\n', ...CSV })
  expect(await refusalOf(() => tenant.query(id, { fields: ['a', 'a'] }))).toBe('query.invalid')
})

slowTest('a data tenant has at most 32,768 fields in all of its datasets', async () => {
  using tenant = await TenantDatabase.open()
  for (let n = 0; n < Math.ceil(FIELDS_OF_TENANT_MAX / FIELDS_MAX); n++) {
    const { id } = await tenant.createDataset(`rows${n}`, 'table')
    await tenant.import(id, { text: wide('f', Math.min(FIELDS_MAX, FIELDS_OF_TENANT_MAX - n * FIELDS_MAX)), ...CSV })
  }
  expect(fieldsOf(tenant)).toBe(FIELDS_OF_TENANT_MAX)
  const { id } = await tenant.createDataset('more', 'table')
  expect(await tenant.import(id, { text: 'one\n1\n', ...CSV })).toMatchObject({ state: 'refused', rowsRefused: 1 })
  expect(fieldsOf(tenant)).toBe(FIELDS_OF_TENANT_MAX)
})

test('a dataset of many records goes step by step, found by nobody from the first on, and its name is free at once', async () => {
  using tenant = await TenantDatabase.open()
  const { id } = await tenant.createDataset('rows', 'table')
  const lines = `n\n${'1\n'.repeat(120_000)}`
  await tenant.import(id, { text: lines, ...CSV })
  await removeDataset(tenant.db, id)
  expect(listDatasets(tenant.db)).toEqual([])
  expect(await refusalOf(() => tenant.query(id))).toBe('dataset.not_found')
  await tenant.createDataset('rows', 'table')
  const left: number[] = []
  const leftNow = () => Number(tenant.db.row('SELECT count(*) FROM records_1')?.[0])
  for (let n = 0; n < 3; n++) {
    expect(await sweepRemoved(tenant.db)).toBe(true)
    left.push(leftNow())
  }
  expect(left).toEqual([70_000, 20_000, 0])
  while (await sweepRemoved(tenant.db));
  expect(tenant.db.row("SELECT count(*) FROM sqlite_schema WHERE name = 'records_1'")).toEqual([0])
  expect(tenant.db.row('SELECT count(*) FROM imports')).toEqual([0])
  expect(listDatasets(tenant.db).map(({ name }) => name)).toEqual(['rows'])
})
