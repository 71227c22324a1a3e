import { expect, test } from 'bun:test'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { utf8 } from '../../../src/base/mod.ts'
import type { TenantData } from '../../../src/datasets/mod.ts'
import type { DataProcess } from '../../../src/datasets/worker/data-process.ts'
import { openKeptDatabase } from '../../../src/keys/mod.ts'
import { type DataDatabase, dataDatabase } from '../../../src/store/mod.ts'
import type { Condition, Dataset, GroupAnswer, ImportReport } from '../../../src/wire/mod.ts'
import { csv, DataHost, ended, inChunks, valuesOf } from '../../support/datasets/data-host.ts'
import { slowTest } from '../../support/quick.ts'
import { refusalOf } from '../../support/refusal.ts'

const MARY = 'mary-of-the-canary'
const ofMary: Condition[] = [{ field: 'author', is: 'eq', value: MARY }]
const row = (n: number, author: string) => `${n},${author},text of ${author} ${n}\n`
const rows = (...authors: string[]) => `n,author,said\n${authors.map((author, n) => row(n, author)).join('')}`
/** Too large to be kept in the database. */
const large = (...authors: string[]) =>
  rows(...Array.from({ length: 3_000 }, (_, n) => authors[n % authors.length] ?? ''))

async function sent(data: TenantData, { id }: Dataset, text: string, contentType = 'text/csv'): Promise<ImportReport> {
  const taken = { content: inChunks(utf8(text)), contentType, fileName: `${text.includes(MARY) ? MARY : 'x'}.txt` }
  return ended(data, id, (await data.take(id, taken)).import)
}

const keptOf = async (data: TenantData, { id }: Dataset, of: ImportReport) =>
  data.document(id, of.id, 'restricted').then(
    () => true,
    () => false,
  )

/** Every value of every table, once nobody has the database open. */
async function everything(host: DataHost, tenant: string): Promise<string> {
  await host.close()
  await host.reopen()
  const place = { folder: host.folder.file('data'), name: tenant, id: tenant }
  const db: DataDatabase = await openKeptDatabase(host.keyring, place, (path, key) => dataDatabase(path, key, 'reader'))
  try {
    const tables = db.all("SELECT name FROM sqlite_schema WHERE type = 'table'").map(([name]) => String(name))
    return tables
      .flatMap((name) => db.all(`SELECT * FROM "${name}"`))
      .flat()
      .map((value) => (typeof value === 'object' && value ? Buffer.from(value).toString('latin1') : String(value)))
      .join('\n')
  } finally {
    db.close()
  }
}

slowTest(
  'erase() takes one person out of records, figures, search, small and large documents, and leaves everybody else',
  async () => {
    await using host = await DataHost.open()
    const { id: tenant, data } = await host.tenant()
    const dataset = await data.createDataset({ name: 'said', shape: 'table' })
    const other = await data.createDataset({ name: 'other', shape: 'table' })
    const beside = await sent(data, other, rows(MARY))
    const small = await sent(data, dataset, rows('ann', MARY, 'bob'))
    const whole = await sent(data, dataset, large('ann', MARY, 'bob'))
    const untouched = await sent(data, dataset, rows('ann', 'bob'))
    await data.createRollup(dataset.id, { by: [{ field: 'author' }], sum: ['n'] }, 'restricted')
    expect(await data.erase(dataset.id, { where: ofMary, dryRun: true })).toEqual({
      ...{ records: 1_001, imports: 2, documents: 2, unread: 0, views: 0 },
    })
    expect(await everything(host, tenant)).toContain(MARY)
    const again = host.desk.of(tenant)
    expect(await again.erase(dataset.id, { where: ofMary, dryRun: false })).toEqual({
      ...{ records: 1_001, imports: 2, documents: 2, unread: 0, views: 0 },
    })
    expect((await again.datasets()).map(({ records }) => records).sort()).toEqual([1, 2_004])
    expect(new Set(await valuesOf(again, dataset, 'author'))).toEqual(new Set(['ann', 'bob']))
    expect((await again.query(dataset.id, { search: MARY, limit: 10 }, 'restricted')).rows).toEqual([])
    const measures = [{ measure: 'count' as const }, { measure: 'sum' as const, field: 'n' }]
    const grouped = (where: Condition[]): Promise<GroupAnswer> =>
      again.group(dataset.id, { by: [{ field: 'author' }], measures, where, sort: [], limit: 10 }, 'restricted')
    const figures = await grouped([])
    expect(figures.from).toBe('rollup')
    const counted = await grouped([{ field: 'n', is: 'ge', value: 0 }])
    expect(counted.from).toBe('records')
    expect(figures.rows).toEqual(counted.rows)
    for (const one of [small, whole]) expect(await keptOf(again, dataset, one)).toBe(false)
    for (const [of, one] of [
      [dataset, untouched],
      [other, beside],
    ] as const)
      expect(await keptOf(again, of, one)).toBe(true)
    const told = await again.import(dataset.id, small.id, 'restricted')
    expect([told.erasedAtMs, told.fileName, told.state, told.rowsTaken]).toEqual([
      expect.any(Number),
      undefined,
      'done',
      3,
    ])
    expect(readdirSync(host.folder.file(`data/${tenant}/raw`))).toEqual([])
    await again.removeDataset(other.id)
  },
)

slowTest('nothing of the person is in any table, file name, journal or log of the database afterwards', async () => {
  await using host = await DataHost.open()
  const { id: tenant, data } = await host.tenant()
  const dataset = await data.createDataset({ name: 'said', shape: 'table' })
  await sent(data, dataset, rows('ann', MARY))
  await sent(data, dataset, `n,author,said\n1,bob,x\n2,${MARY},x,y\n`)
  await sent(data, dataset, large('ann', MARY))
  expect(await everything(host, tenant)).toContain(MARY)
  const again = host.desk.of(tenant)
  // Of the second document the row of hers was refused: nobody can say what was in it.
  expect((await again.erase(dataset.id, { where: ofMary, dryRun: false })).unread).toBe(1)
  const log = host.folder.file(`data/${tenant}.db-wal`)
  expect(existsSync(log) ? readFileSync(log).byteLength : 0).toBe(0)
  const journal = host.folder.file(`data/${tenant}/intake`)
  const bytes = readdirSync(journal).map((name) => readFileSync(`${journal}/${name}`).byteLength)
  expect(Math.max(...bytes.filter((_, at) => readdirSync(journal)[at]?.endsWith('.journal')))).toBeLessThan(65)
  const refusedRow: Condition[] = [{ field: 'author', is: 'eq', value: 'bob' }]
  await again.erase(dataset.id, { where: refusedRow, dryRun: false })
  expect(await everything(host, tenant)).not.toContain(MARY)
})

test('a document whose record has given way to another since, or was refused, is found and goes too', async () => {
  await using host = await DataHost.open()
  const { data } = await host.tenant()
  const dataset = await data.createDataset({ name: 'backlog', shape: 'issues' })
  const issue = (assignee: string) =>
    JSON.stringify([{ key: 'A-1', summary: 'one', status: 'open', assignee, mood: assignee }])
  const before = await sent(data, dataset, issue(MARY), 'application/json')
  const after = await sent(data, dataset, issue('ann'), 'application/json')
  expect(await valuesOf(data, dataset, 'assignee')).toEqual(['ann'])
  const gone = await data.erase(dataset.id, {
    where: [{ field: 'fields', is: 'contains', value: MARY }],
    dryRun: false,
  })
  expect(gone).toEqual({ records: 0, imports: 1, documents: 1, unread: 0, views: 0, search: 'renewed' })
  expect([await keptOf(data, dataset, before), await keptOf(data, dataset, after)]).toEqual([false, true])
  const refused = await sent(data, dataset, JSON.stringify([{ summary: 'no key', assignee: MARY }]), 'application/json')
  expect(refused.rowsRefused).toBe(1)
  const where: Condition[] = [{ field: 'assignee', is: 'eq', value: MARY }]
  expect((await data.erase(dataset.id, { where, dryRun: false })).documents).toBe(1)
  const told = await data.import(dataset.id, refused.id, 'restricted')
  expect([told.refusals, told.rowsRefused]).toEqual([[], 1])
})

test('saved views that name what is erased go, whoever saved them, and those of others stay', async () => {
  await using host = await DataHost.open()
  const { id: tenant, data } = await host.tenant()
  const dataset = await data.createDataset({ name: 'said', shape: 'table' })
  const other = await data.createDataset({ name: 'other', shape: 'table' })
  await sent(data, dataset, rows('ann', MARY))
  const as = (user: string) => ({ user, clearance: 'restricted' as const, mayChangeAll: false })
  const save = (of: Dataset, user: string, name: string, words: Record<string, string>) =>
    data.saveView(of.id, { name, page: 'records', words, isShared: false }, as(user))
  await save(dataset, 'ann', 'hers', { field: 'author', is: 'eq', value: MARY })
  await save(dataset, 'bob', `About ${MARY.toUpperCase()}`, { field: 'n', is: 'eq', value: '1' })
  await save(dataset, 'bob', 'searched', { search: `"${MARY}" late` })
  await save(dataset, 'bob', 'stays', { field: 'author', is: 'eq', value: 'ann' })
  await save(other, 'ann', 'beside', { search: MARY })
  expect((await data.erase(dataset.id, { where: ofMary, dryRun: true })).views).toBe(3)
  expect(await data.views(dataset.id, as('bob'))).toHaveLength(3)
  expect((await data.erase(dataset.id, { where: ofMary, dryRun: false })).views).toBe(3)
  expect(await data.views(dataset.id, as('ann'))).toEqual([])
  expect((await data.views(dataset.id, as('bob'))).map(({ name }) => name)).toEqual(['stays'])
  await data.removeDataset(other.id)
  expect(await everything(host, tenant)).not.toContain(MARY)
})

test('a view goes by a number or a short value only where that stands for itself, and by no value that an erasure leaves', async () => {
  await using host = await DataHost.open()
  const { data } = await host.tenant()
  const dataset = await data.createDataset({ name: 'nightly', shape: 'test-results' })
  const viewer = { user: 'ann', clearance: 'restricted' as const, mayChangeAll: false }
  for (const value of ['42', '421', 'jo', 'joan', 'main', 'ann', '500'])
    await data.saveView(
      dataset.id,
      { name: `view ${value}`, page: 'records', words: { value }, isShared: true },
      viewer,
    )
  const where: Condition[] = [
    { field: 'name', is: 'in', value: ['jo', 42] },
    { field: 'branch', is: 'eq', value: 'main' },
    { field: 'name', is: 'ne', value: 'ann' },
    { field: 'duration_ms', is: 'ge', value: 500 },
  ]
  expect((await data.erase(dataset.id, { where, dryRun: false })).views).toBe(2)
  expect((await data.views(dataset.id, viewer)).map(({ name }) => name).sort()).toEqual([
    ...['view 421', 'view 500', 'view ann', 'view joan', 'view main'],
  ])
})

for (const cutAt of ['erase-records', 'erase-documents', 'erase-views', 'end-erase'] as const) {
  test(`what a process that is killed around ${cutAt} has left is erased by the next call, each record given back once`, async () => {
    let kills = 2
    const around = (made: DataProcess): DataProcess => ({
      ...made,
      ask(what, body) {
        const asked = made.ask(what, body)
        // Once before it can have answered, and once when it has committed.
        if (what !== cutAt || kills-- <= 0) return asked
        if (kills === 1) made.kill()
        return asked.then((reply) => {
          made.kill()
          return made.exited.then(() => made.ask(what, body)).then(() => reply)
        })
      },
    })
    await using host = await DataHost.open({ around })
    const { data } = await host.tenant()
    const dataset = await data.createDataset({ name: 'said', shape: 'table' })
    await sent(data, dataset, rows(...Array(5_000).fill(MARY), 'ann'))
    await data.createRollup(dataset.id, { by: [{ field: 'author' }], sum: [] }, 'restricted')
    const asked = () => data.erase(dataset.id, { where: ofMary, dryRun: false })
    for (let call = 0; call < 2; call++) expect(await refusalOf(asked)).toStartWith('worker.')
    await asked()
    expect(await valuesOf(data, dataset, 'author')).toEqual(['ann'])
    const measures = [{ measure: 'count' as const }]
    const by = { by: [{ field: 'author' }], measures, where: [], sort: [], limit: 10 }
    expect((await data.group(dataset.id, by, 'restricted')).rows).toEqual([['ann', 1]])
    expect((await data.datasets())[0]?.records).toBe(1)
  })
}

slowTest(
  'erase() refuses while uploads wait to be imported, and fields that are not there, and nothing is changed',
  async () => {
    await using host = await DataHost.open()
    const { data } = await host.tenant()
    const dataset = await data.createDataset({ name: 'said', shape: 'table' })
    await sent(data, dataset, rows(MARY))
    const missing: Condition[] = [{ field: 'nobody', is: 'eq', value: 'x' }]
    expect(await refusalOf(() => data.erase(dataset.id, { where: missing, dryRun: false }))).toBe('query.invalid')
    const { import: waiting } = await data.take(dataset.id, csv(large('ann')))
    expect(await refusalOf(() => data.erase(dataset.id, { where: ofMary, dryRun: false }))).toBe(
      'dataset.erase_held_up',
    )
    await ended(data, dataset.id, waiting)
    expect((await data.erase(dataset.id, { where: ofMary, dryRun: false })).records).toBe(1)
    expect(await data.erase(dataset.id, { where: ofMary, dryRun: false })).toEqual({
      ...{ records: 0, imports: 0, documents: 0, unread: 0, views: 0 },
    })
  },
)
