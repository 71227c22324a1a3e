import { expect, test } from 'bun:test'
import { mkdirSync, rmdirSync } from 'node:fs'
import { systemClock, systemRandom, Turns, utf8 } from '../../../src/base/mod.ts'
import { writeObject } from '../../../src/datasets/raw/objects.ts'
import { listDatasets } from '../../../src/datasets/tenant/dataset-rows.ts'
import { importEntries } from '../../../src/datasets/tenant/import-entries.ts'
import { knownImports } from '../../../src/datasets/tenant/import-rows.ts'
import { removeDataset, sweepRemoved } from '../../../src/datasets/tenant/removed-datasets.ts'
import type { DataDatabase } from '../../../src/store/mod.ts'
import { inChunks } from '../../support/datasets/data-host.ts'
import { TenantDatabase } from '../../support/datasets/tenant-database.ts'
import { refusalOf } from '../../support/refusal.ts'

const JUNIT = `<testsuites><testsuite name="cart">
<testcase classname="Cart" name="adds" time="0.25"/>
<testcase classname="Cart" name="adds" time="0.5"/>
<testcase classname="Cart" name="removes" time="1"><failure message="expected 1">at cart.ts:3</failure></testcase>
</testsuite></testsuites>`
const junit = { text: JUNIT, contentType: 'application/xml' }
const csv = (text: string) => ({ text, contentType: 'text/csv' })

test('JUnit results become records with what their upload said of itself', async () => {
  using tenant = await TenantDatabase.open()
  const { id } = await tenant.createDataset('results', 'test-results')
  const report = await tenant.import(id, { ...junit, attributes: { branch: 'main', run: '17', team: 'till' } })
  expect(report).toMatchObject({ state: 'done', format: 'junit', rowsTaken: 3, rowsRefused: 0 })
  expect(report.attributes).toEqual({ branch: 'main', run: '17', team: 'till' })
  const [failed] = tenant.records(id, { where: [{ field: 'status', is: 'eq', value: 'failed' }] })
  expect(failed).toMatchObject({
    ...{ suite: 'cart', class: 'Cart', name: 'removes', duration_ms: 1_000, message: 'expected 1' },
    ...{
      run: '17',
      branch: 'main',
      _attributes: { branch: 'main', run: '17', team: 'till' },
      _import: report.id,
      _line: 4,
    },
  })
})

test('records of every shape have all that their upload said of itself', async () => {
  using tenant = await TenantDatabase.open()
  const { id } = await tenant.createDataset('parts', 'table')
  await tenant.import(id, { ...csv('n\n1\n'), attributes: { branch: 'main', team: 'red' } })
  await tenant.import(id, csv('n\n2\n'))
  const said = tenant.records(id).map(({ _attributes }) => _attributes)
  expect(said).toEqual([{}, { branch: 'main', team: 'red' }])
})

test('tests of one name within a document are all kept, and the same document again under its run doubles none', async () => {
  using tenant = await TenantDatabase.open()
  const { id } = await tenant.createDataset('results', 'test-results')
  await tenant.import(id, { ...junit, attributes: { run: '17' } })
  const again = await tenant.import(id, { ...junit, attributes: { run: '17' } })
  expect(again).toMatchObject({ rowsTaken: 3, rowsReplaced: 3 })
  expect(tenant.records(id).map(({ duration_ms }) => duration_ms)).toEqual([1_000, 500, 250])
  await tenant.import(id, { ...junit, attributes: { run: '18' } })
  await tenant.import(id, junit)
  expect(tenant.records(id)).toHaveLength(9)
  expect(tenant.db.row('SELECT records FROM datasets')).toEqual([9])
})

test('a table gets its fields and their types from its documents, and more when more come', async () => {
  using tenant = await TenantDatabase.open()
  const { id } = await tenant.createDataset('prices', 'table')
  const text = 'sku,price,sold,at,constructor\na,1.50,true,2026-01-02T03:04:05+01:00,x\nb,,false,,y\n'
  expect(await tenant.import(id, csv(text))).toMatchObject({ state: 'done', rowsTaken: 2, warnings: 0 })
  await tenant.import(id, csv('sku,price,note\nc,n/a,new\n'))
  expect(tenant.query(id).fields.slice(0, 6)).toEqual([
    { name: 'sku', type: 'text' },
    { name: 'price', type: 'number' },
    { name: 'sold', type: 'boolean' },
    { name: 'at', type: 'time' },
    { name: 'constructor', type: 'text' },
    { name: 'note', type: 'text' },
  ])
  const [c, b, a] = tenant.records(id)
  expect(a).toMatchObject({ sku: 'a', price: 1.5, sold: true, at: '2026-01-02T02:04:05.000Z', constructor: 'x' })
  expect(b).toMatchObject({ sku: 'b', sold: false })
  expect(c).toMatchObject({ sku: 'c', price: 'n/a', note: 'new' })
})

test('what does not have the type of its field is kept as text and told', async () => {
  using tenant = await TenantDatabase.open()
  const { id } = await tenant.createDataset('prices', 'table')
  await tenant.import(id, csv('price\n1\n2\n'))
  const { rowsTaken, warnings, remarks } = await tenant.import(id, csv('price\n007\n3\n'))
  expect({ rowsTaken, warnings }).toEqual({ rowsTaken: 2, warnings: 1 })
  expect(remarks).toEqual([{ line: 2, reason: '`price` is `007`, expected a number; it was kept as text' }])
  const above = tenant.records(id, { where: [{ field: 'price', is: 'gt', value: 1 }], fields: ['price'] })
  expect(above).toEqual([{ price: 3 }, { price: 2 }])
})

test('records of a shape that lack what it needs are refused with line and reason, and the rest is taken', async () => {
  using tenant = await TenantDatabase.open()
  const { id } = await tenant.createDataset('results', 'test-results')
  const report = await tenant.import(id, csv('name,status,colour\na,passed,red\n,failed,\nc,broken,\n'))
  expect(report).toMatchObject({ state: 'partly', rowsTaken: 1, rowsRefused: 2 })
  expect(report.refusals).toEqual([
    { line: 3, reason: 'a record needs name, which is missing' },
    { line: 4, reason: 'status is `broken`, expected passed, failed, error, skipped' },
  ])
  expect(tenant.records(id)).toMatchObject([{ name: 'a', properties: { colour: 'red' } }])
})

test('an issue takes the place of the one with its key', async () => {
  using tenant = await TenantDatabase.open()
  const { id } = await tenant.createDataset('issues', 'issues')
  await tenant.import(id, csv('key,status\nA-1,Open\nA-2,Open\n'))
  expect(await tenant.import(id, csv('key,status\nA-1,Done\n'))).toMatchObject({ rowsTaken: 1, rowsReplaced: 1 })
  expect(tenant.records(id, { fields: ['key', 'status'] })).toEqual([
    { key: 'A-1', status: 'Done' },
    { key: 'A-2', status: 'Open' },
  ])
  expect(tenant.db.row('SELECT records, imports FROM datasets')).toEqual([2, 2])
})

test('a document that breaks off keeps what came before it; one that is nothing is refused; others are not held up', async () => {
  using tenant = await TenantDatabase.open()
  const { id } = await tenant.createDataset('rows', 'table')
  const broken = await tenant.entry(id, { text: '{"a":1}\n{"a":2}\n{"a":', contentType: 'application/x-ndjson' })
  const nothing = await tenant.entry(id, { text: '\u0000\u0001', contentType: 'application/octet-stream' })
  const zipped = await tenant.entry(id, { text: 'no gzip at all', encoding: 'gzip', contentType: 'text/csv' })
  const sound = await tenant.entry(id, { text: '{"a":3}\n', contentType: 'application/x-ndjson' })
  expect(await tenant.importEntries([broken, nothing, zipped, sound])).toEqual({ position: 4, gone: [] })
  const reports = [broken, nothing, zipped, sound].map(({ header }) => tenant.report(id, header.import))
  expect(reports.map(({ state }) => state)).toEqual(['partly', 'refused', 'refused', 'done'])
  expect(reports[1]?.reason).toMatchObject({ code: 'document.unexpected' })
  expect(reports[2]?.reason).toMatchObject({ code: 'document.malformed' })
  expect(tenant.records(id, { fields: ['a'] }).map(({ a }) => a)).toEqual([3, 2, 1])
})

test('what comes again from the journal is not imported again', async () => {
  using tenant = await TenantDatabase.open()
  const { id } = await tenant.createDataset('rows', 'table')
  const entries = [await tenant.entry(id, csv('a\n1\n')), await tenant.entry(id, csv('a\n2\n'))]
  await tenant.importEntries(entries.slice(0, 1))
  await tenant.importEntries(entries)
  await tenant.importEntries(entries)
  expect(tenant.records(id, { fields: ['a'] })).toEqual([{ a: 2 }, { a: 1 }])
})

/** The machine goes when this many transactions are durable. */
function goneAfter(db: DataDatabase, transactions: number): DataDatabase {
  let begun = 0
  return Object.assign(Object.create(db), {
    run: db.run.bind(db),
    row: db.row.bind(db),
    all: db.all.bind(db),
    exec: db.exec.bind(db),
    transaction(work: () => Promise<void>) {
      if (++begun > transactions) throw new Error('the machine is gone')
      return db.transaction(work)
    },
  })
}

test('a document of many transactions that is cut off amid them is gone on with where it was durable', async () => {
  using tenant = await TenantDatabase.open()
  const { id } = await tenant.createDataset('results', 'test-results')
  const rows = Array.from({ length: 60_000 }, (_, n) => `test ${n % 7},passed,${n}`)
  const text = `name,status,duration_ms\n${rows.join('\n')}\n`
  const entry = await tenant.entry(id, { ...csv(text), attributes: { run: '1' } })
  const deps = { db: goneAfter(tenant.db, 1), clock: systemClock, turns: new Turns() }
  expect(await refusalOf(() => importEntries(deps, [entry]))).toBe('internal.unexpected')
  const { state, rowsTaken } = tenant.report(id, entry.header.import)
  expect(state).toBe('running')
  expect(rowsTaken).toBeWithin(50_000, 60_000)
  await tenant.importEntries([entry])
  expect(tenant.report(id, entry.header.import)).toMatchObject({ state: 'done', rowsTaken: 60_000, rowsReplaced: 0 })
  const written = tenant.db.row('SELECT count(*), sum(c5), (SELECT records FROM datasets) FROM records_1')
  expect(written).toEqual([60_000, (59_999 * 60_000) / 2, 60_000])
})

test('a dataset that is gone takes its waiting documents with it, and its name is free', async () => {
  using tenant = await TenantDatabase.open()
  const { id } = await tenant.createDataset('rows', 'table')
  const first = await tenant.import(id, csv('a\n1\n'))
  expect(await removeDataset(tenant.db, id)).toEqual([])
  const late = await tenant.entry(id, csv('a\n2\n'))
  expect(await tenant.importEntries([late])).toEqual({ position: 2, gone: [late.header.import] })
  expect(knownImports(tenant.db, [first.id])).toEqual([])
  expect(listDatasets(tenant.db)).toEqual([])
  while (await sweepRemoved(tenant.db));
  expect(tenant.db.row('SELECT (SELECT count(*) FROM imports), (SELECT count(*) FROM documents)')).toEqual([0, 0])
  expect(tenant.db.row("SELECT count(*) FROM sqlite_schema WHERE name = 'records_1'")).toEqual([0])
  await tenant.createDataset('rows', 'issues')
  expect(await refusalOf(() => tenant.createDataset('rows', 'table'))).toBe('dataset.exists')
})

test('a dataset has at most 1,000 fields and a data tenant 1,000 datasets', async () => {
  using tenant = await TenantDatabase.open()
  const { id } = await tenant.createDataset('wide', 'table')
  const record = Object.fromEntries(Array.from({ length: 1_001 }, (_, n) => [`f${n}`, n]))
  const lines = [record, { f0: 1, f999: 2 }].map((one) => JSON.stringify(one)).join('\n')
  const report = await tenant.import(id, { text: lines, contentType: 'application/x-ndjson' })
  expect(report).toMatchObject({ state: 'partly', rowsTaken: 1, rowsRefused: 1 })
  expect(report.refusals[0]?.reason).toStartWith('there is no room for the field `f1000`')
  for (let n = 2; n <= 1_000; n++) {
    tenant.db.run(`INSERT INTO datasets VALUES (?, ?, ?, 'table', 0, 0, 0)`, [n, `ds_${n}`, `other-${n}`])
  }
  expect(await refusalOf(() => tenant.createDataset('one-more', 'table'))).toBe('dataset.too_many')
})

test('a failure of the host says nothing of the document: it is thrown, and the next try imports it; a lost file is told', async () => {
  using tenant = await TenantDatabase.open()
  const { id } = await tenant.createDataset('rows', 'table')
  const small = await tenant.entry(id, csv('a\n1\n'))
  const large = await tenant.entry(id, csv('a\n2\n'))
  const key = systemRandom(32)
  const path = tenant.pathOf(large.header.import)
  const entries = [small, { ...large, content: { path, key } }]
  mkdirSync(path)
  expect(await refusalOf(() => tenant.importEntries(entries))).toBe('host.path_unfit')
  rmdirSync(path)
  await writeObject(tenant.pathOf('.'), { id: large.header.import, key }, inChunks(utf8('a\n2\n')))
  expect(await tenant.importEntries(entries)).toEqual({ position: 2, gone: [] })
  expect(tenant.records(id, { fields: ['a'] })).toEqual([{ a: 2 }, { a: 1 }])
  const lost = await tenant.entry(id, csv('a\n3\n'))
  await tenant.importEntries([{ ...lost, content: { path: tenant.pathOf('nowhere'), key } }])
  expect(tenant.report(id, lost.header.import)).toMatchObject({
    ...{ state: 'refused', reason: { code: 'host.file_missing' } },
  })
})
