import { expect, setDefaultTimeout } from 'bun:test'
import { existsSync, rmSync } from 'node:fs'
import { systemClock, utf8 } from '../../../src/base/mod.ts'
import type { TenantData } from '../../../src/datasets/mod.ts'
import type { DataProcess } from '../../../src/datasets/worker/data-process.ts'
import { openKeptDatabase } from '../../../src/keys/mod.ts'
import { dataDatabase } from '../../../src/store/mod.ts'
import type { Dataset, DataTenantId, GroupAnswer, ImportReport, Reimport } from '../../../src/wire/mod.ts'
import { DataHost, ended, inChunks } from '../../support/datasets/data-host.ts'
import { slowTest } from '../../support/quick.ts'
import { refusalOf } from '../../support/refusal.ts'
import { until } from '../../support/until.ts'

setDefaultTimeout(60_000)

const DAY_MS = 86_400_000
const never = new AbortController().signal

async function sent(
  data: TenantData,
  { id }: Dataset,
  text: string,
  { contentType = 'text/csv', attributes = {} }: { contentType?: string; attributes?: Record<string, string> } = {},
): Promise<ImportReport> {
  const taken = { content: inChunks(utf8(text)), contentType, attributes, fileName: 'x' }
  return ended(data, id, (await data.take(id, taken)).import)
}

const JSON_TYPE = { contentType: 'application/json' }
const REMOVALS = { contentType: 'application/vnd.sluice.removals+json' }
const rows = (by: string, count: number) => `n,by\n${Array.from({ length: count }, (_, n) => `${n},${by}\n`).join('')}`
const issues = (...keys: [key: string, summary: string][]) =>
  JSON.stringify(keys.map(([key, summary]) => ({ key, summary, status: 'open' })))
const junit = (...cases: [name: string, status: 'passed' | 'failed'][]) =>
  `<testsuite name="s">${cases
    .map(
      ([name, status]) =>
        `<testcase classname="c" name="${name}">${status === 'failed' ? '<failure/>' : ''}</testcase>`,
    )
    .join('')}</testsuite>`

/** All records with where they came from, in the order of answers. */
async function all(data: TenantData, { id }: Dataset): Promise<unknown[][]> {
  const { fields } = await data.dataset(id)
  const names = ['_import', '_line', ...fields.map(({ name }) => name)]
  const found: unknown[][] = []
  for (let after: string | undefined; ; ) {
    const page = await data.query(id, { fields: names, limit: 1_000, ...(after && { after }) }, 'restricted')
    found.push(...page.rows)
    if (page.next === undefined) return found
    after = page.next
  }
}

async function reports(data: TenantData, { id }: Dataset): Promise<unknown[]> {
  const { imports } = await data.imports(id, { limit: 100, viewer: 'restricted' })
  const told = []
  for (const one of imports) {
    const { reimportedAtMs: _, ...report } = await data.import(id, one.id, 'restricted')
    told.push(report)
  }
  return told
}

const done = (data: TenantData, { id }: Dataset): Promise<Reimport> =>
  until('the re-import has ended', async () => {
    const last = await data.lastReimport(id)
    return last?.state === 'done' ? last : undefined
  })

async function again(data: TenantData, dataset: Dataset, one?: ImportReport): Promise<Reimport> {
  await data.reimport(dataset.id, one ? { import: one.id } : {})
  return done(data, dataset)
}

async function figures(data: TenantData, { id }: Dataset, field: string): Promise<GroupAnswer[]> {
  const asked = { by: [{ field }], measures: [{ measure: 'count' as const }], sort: [], limit: 100 }
  const notNone = [{ field: '_line', is: 'ge' as const, value: 0 }]
  return [
    await data.group(id, { ...asked, where: [] }, 'restricted'),
    await data.group(id, { ...asked, where: notNone }, 'restricted'),
  ]
}

slowTest(
  'a table re-imported as a whole, and each of its imports alone, has the same records in the same order, none doubled',
  async () => {
    await using host = await DataHost.open()
    const { data } = await host.tenant()
    const dataset = await data.createDataset({ name: 'said', shape: 'table' })
    const imports = [
      await sent(data, dataset, rows('small', 20)),
      await sent(data, dataset, rows('large', 12_000)),
      await sent(data, dataset, `n,by\n1,x\n2,y,z\n3,w\n`),
      await sent(data, dataset, `{"n":1,"deep":{"a":[1]}}\n{"n":"x"}\n{`, { contentType: 'application/x-ndjson' }),
    ]
    await data.createRollup(dataset.id, { by: [{ field: 'by' }], sum: ['n'] }, 'restricted')
    const before = { records: await all(data, dataset), reports: await reports(data, dataset) }
    expect(await again(data, dataset)).toMatchObject({ state: 'done', total: 4, read: 4, unread: 0 })
    for (const one of [undefined, ...imports]) {
      if (one) expect(await again(data, dataset, one)).toMatchObject({ import: one.id, total: 1, read: 1, unread: 0 })
      expect(await all(data, dataset)).toEqual(before.records)
      expect(await reports(data, dataset)).toEqual(before.reports)
    }
    expect((await data.dataset(dataset.id)).records).toBe(before.records.length)
    const [ready, counted] = await figures(data, dataset, 'by')
    expect([ready?.from, ready?.rows]).toEqual(['rollup', counted?.rows])
  },
)

slowTest('records that gave way, were removed, or came again keep to that, by key and by run', async () => {
  await using host = await DataHost.open()
  const { data } = await host.tenant()
  const backlog = await data.createDataset({ name: 'backlog', shape: 'issues' })
  const first = await sent(
    data,
    backlog,
    issues(['A-1', 'old'], ['A-2', 'stays'], ['A-3', 'goes'], ['A-4', 'old']),
    JSON_TYPE,
  )
  await sent(data, backlog, issues(['A-1', 'new'], ['A-5', 'one'], ['A-5', 'two']), JSON_TYPE)
  const removed = await sent(data, backlog, JSON.stringify({ removals: [{ key: 'A-3' }, { key: 'A-4' }] }), REMOVALS)
  const last = await sent(data, backlog, issues(['A-4', 'again']), JSON_TYPE)
  const nightly = await data.createDataset({ name: 'nightly', shape: 'test-results' })
  const inRun = { contentType: 'application/xml', attributes: { run: '7', branch: 'main' } }
  const tried = await sent(
    data,
    nightly,
    junit(['a', 'failed'], ['b', 'passed'], ['b', 'failed'], ['c', 'passed']),
    inRun,
  )
  await sent(data, nightly, junit(['a', 'passed']), inRun)
  await sent(data, nightly, junit(['a', 'failed']), { contentType: 'application/xml' })
  const before = { backlog: await all(data, backlog), nightly: await all(data, nightly) }
  expect(before.backlog).toHaveLength(4)
  for (const one of [undefined, first, removed, last]) {
    await again(data, backlog, one)
    expect(await all(data, backlog)).toEqual(before.backlog)
  }
  for (const one of [undefined, tried]) {
    await again(data, nightly, one)
    expect(await all(data, nightly)).toEqual(before.nightly)
  }
  for (const [of, field] of [
    [backlog, 'status'],
    [nightly, 'status'],
  ] as const) {
    const [ready, counted] = await figures(data, of, field)
    expect(ready?.rows).toEqual(counted?.rows)
  }
})

/** As if the reader of its format had been mended: the document tells of something else now. */
async function retold(host: DataHost, tenant: string, texts: ReadonlyMap<string, string>): Promise<TenantData> {
  await host.close()
  await host.reopen()
  const place = { folder: host.folder.file('data'), name: tenant, id: tenant }
  const db = await openKeptDatabase(host.keyring, place, (path, key) => dataDatabase(path, key, 'writer'))
  for (const [id, text] of texts)
    db.run('UPDATE documents SET content = ? WHERE import = (SELECT no FROM imports WHERE id = ?)', [utf8(text), id])
  db.close()
  return host.desk.of(tenant as DataTenantId)
}

slowTest(
  'what a document does not tell of any more goes, and what it tells of beside comes, by key and without',
  async () => {
    await using host = await DataHost.open()
    const { id: tenant, data } = await host.tenant()
    const dataset = await data.createDataset({ name: 'said', shape: 'table' })
    const fewer = await sent(data, dataset, rows('fewer', 5))
    const more = await sent(data, dataset, rows('more', 3))
    await sent(data, dataset, rows('beside', 2))
    const nightly = await data.createDataset({ name: 'nightly', shape: 'test-results' })
    const named = { contentType: 'application/xml' }
    const changed = await sent(data, nightly, junit(['a', 'passed'], ['b', 'passed'], ['c', 'passed']), named)
    await data.createRollup(dataset.id, { by: [{ field: 'by' }], sum: ['n'] }, 'restricted')
    const opened = await retold(
      host,
      tenant,
      new Map([
        [fewer.id, rows('fewer', 2)],
        [more.id, rows('more', 7)],
        [changed.id, junit(['b', 'failed'], ['d', 'passed'])],
      ]),
    )
    await again(opened, dataset)
    await again(opened, nightly)
    const by = async (of: Dataset, field: string) =>
      (await opened.query(of.id, { fields: [field], limit: 100 }, 'restricted')).rows.flat().sort()
    expect(await by(dataset, 'by')).toEqual([
      ...['beside', 'beside', 'fewer', 'fewer'],
      ...['more', 'more', 'more', 'more', 'more', 'more', 'more'],
    ])
    expect(await by(nightly, 'name')).toEqual(['b', 'd'])
    expect((await opened.import(dataset.id, more.id, 'restricted')).rowsTaken).toBe(7)
    expect((await opened.datasets()).map(({ records }) => records)).toEqual([2, 11])
    const [ready, counted] = await figures(opened, dataset, 'by')
    expect(ready?.rows).toEqual(counted?.rows)
    const before = await all(opened, dataset)
    await again(opened, dataset)
    expect(await all(opened, dataset)).toEqual(before)
    const malformed = await retold(host, tenant, new Map([[changed.id, '<testsuite><testcase name="b"/>']]))
    await again(malformed, nightly)
    // What it tells of to where it breaks off, and the two that may stand behind that.
    expect((await malformed.dataset(nightly.id)).records).toBe(3)
  },
)

slowTest(
  'imports of an earlier version, which were not told where their records stand, are found all the same',
  async () => {
    const clock = { ...systemClock, agoDays: 10, now: () => systemClock.now() - clock.agoDays * DAY_MS }
    await using host = await DataHost.open({ clock })
    const { id: tenant, data } = await host.tenant()
    const dataset = await data.createDataset({ name: 'said', shape: 'table' })
    await sent(data, dataset, rows('first', 300))
    clock.agoDays = 0
    const second = await sent(data, dataset, rows('second', 4))
    await sent(data, dataset, rows('third', 500))
    const before = await all(data, dataset)
    await host.close()
    await host.reopen()
    const place = { folder: host.folder.file('data'), name: tenant, id: tenant }
    const db = await openKeptDatabase(host.keyring, place, (path, key) => dataDatabase(path, key, 'writer'))
    db.run('UPDATE imports SET first_no = NULL, last_no = NULL')
    db.close()
    const opened = host.desk.of(tenant)
    await sent(opened, dataset, rows('fourth', 2))
    await again(opened, dataset, second)
    expect((await all(opened, dataset)).slice(2)).toEqual(before)
    await opened.setRetention(dataset.id, { recordsDays: 5, documentsDays: null })
    expect(await host.desk.retain(tenant, clock.now(), never)).toEqual({ records: 300, documents: 1 })
    expect((await all(opened, dataset)).slice(2)).toEqual(before.slice(0, 504))
  },
)

slowTest(
  'what an index finds is what is there, also of records that come behind all others and of fields with another type',
  async () => {
    await using host = await DataHost.open()
    const { id: tenant, data } = await host.tenant()
    const dataset = await data.createDataset({ name: 'said', shape: 'table' })
    const one = await sent(data, dataset, 'n,code\n1,x\n2,7\n')
    await sent(data, dataset, 'n,code\n3,x\n')
    await data.createIndex(dataset.id, { fields: ['code'] })
    const opened = await retold(host, tenant, new Map([[one.id, 'n,code\n1,y\n2,7\n4,x\n5,7\n']]))
    const found = async (value: string | number) => {
      const where = [{ field: 'code', is: 'eq' as const, value }]
      return (await opened.query(dataset.id, { where, fields: ['n'], limit: 9 }, 'restricted')).rows.flat().sort()
    }
    expect(await found('x')).toEqual([1, 3])
    await again(opened, dataset)
    expect([await found('x'), await found('y'), await found('7')]).toEqual([[3, 4], [1], [2, 5]])
    expect(await refusalOf(() => opened.setFieldType(dataset.id, { name: 'code', type: 'json' }))).toBe(
      'dataset.field_type_fixed',
    )
    await opened.setFieldType(dataset.id, { name: 'code', type: 'number' })
    await done(opened, dataset)
    expect([await found('x'), await found(7)]).toEqual([
      [3, 4],
      [2, 5],
    ])
  },
)

slowTest('what words find is the same afterwards', async () => {
  await using host = await DataHost.open()
  const { id: tenant, data } = await host.tenant()
  const backlog = await data.createDataset({ name: 'backlog', shape: 'issues' })
  const first = await sent(data, backlog, issues(['A-1', 'zebra'], ['A-2', 'lion'], ['A-3', 'zebra']), JSON_TYPE)
  await sent(data, backlog, issues(['A-1', 'tiger']), JSON_TYPE)
  await host.restart()
  const opened = host.desk.of(tenant)
  const found = async (search: string) =>
    (await opened.query(backlog.id, { search, fields: ['key'], limit: 10 }, 'restricted')).rows.flat()
  const words = async () => [await found('zebra'), await found('lion'), await found('tiger')]
  const before = [['A-3'], ['A-2'], ['A-1']]
  await until('words find all', async () => (Bun.deepEquals(await words(), before) ? true : undefined))
  for (const one of [undefined, first]) {
    await again(opened, backlog, one)
    expect(await words()).toEqual(before)
  }
})

slowTest(
  'what stood only because of a document that is gone stays, and is told; the import alone is refused',
  async () => {
    const clock = { ...systemClock, agoDays: 0, now: () => systemClock.now() - clock.agoDays * DAY_MS }
    await using host = await DataHost.open({ clock })
    const { id: tenant, data } = await host.tenant()
    const dataset = await data.createDataset({ name: 'said', shape: 'table' })
    clock.agoDays = 10
    const old = await sent(data, dataset, rows('old', 5))
    clock.agoDays = 0
    const erased = await sent(data, dataset, `${rows('mary', 1)}9,ann\n`)
    const lost = await sent(data, dataset, rows('lost', 9_000))
    await sent(data, dataset, rows('kept', 3))
    await data.setRetention(dataset.id, { recordsDays: null, documentsDays: 5 })
    await host.desk.retain(tenant, clock.now(), never)
    await data.erase(dataset.id, { where: [{ field: 'by', is: 'eq', value: 'mary' }], dryRun: false })
    rmSync(host.folder.file(`data/${tenant}/raw/${lost.id}`))
    const before = await all(data, dataset)
    expect(await again(data, dataset)).toMatchObject({ total: 2, read: 1, unread: 3 })
    expect(await all(data, dataset)).toEqual(before)
    for (const gone of [old, erased])
      expect(await refusalOf(() => data.reimport(dataset.id, { import: gone.id }))).toBe('import.document_not_kept')
    const nobody = 'imp_00000000-0000-7000-8000-000000000000'
    expect(await refusalOf(() => data.reimport(dataset.id, { import: nobody }))).toBe('import.not_found')
  },
)

slowTest('it goes on after kill -9 of its process and after a restart, with the same records in the end', async () => {
  let kills = 0
  const around = (made: DataProcess): DataProcess => ({
    ...made,
    ask(what, body) {
      const asked = made.ask(what, body)
      if (what === 'go-on-reimporting' && kills-- > 0) setTimeout(() => made.kill(), 250)
      return asked
    },
  })
  await using host = await DataHost.open({ around })
  const { id: tenant, data } = await host.tenant()
  const dataset = await data.createDataset({ name: 'said', shape: 'table' })
  await sent(data, dataset, rows('first', 60_000))
  await sent(data, dataset, rows('second', 60_000))
  const nightly = await data.createDataset({ name: 'nightly', shape: 'test-results' })
  const cases = Array.from({ length: 20_000 }, (_, n): [string, 'passed'] => [`case ${n % 15_000}`, 'passed'])
  await sent(data, nightly, junit(...cases), { contentType: 'application/xml' })
  await data.createRollup(dataset.id, { by: [{ field: 'by' }], sum: ['n'] }, 'restricted')
  const before = [await all(data, dataset), await all(data, nightly)]
  await data.reimport(dataset.id, {})
  const refused = [
    () => data.reimport(dataset.id, {}),
    () => data.erase(dataset.id, { where: [{ field: 'by', is: 'eq', value: 'first' }], dryRun: false }),
  ]
  for (const [at, code] of ['dataset.reimport_under_way', 'dataset.erase_held_up'].entries())
    expect(await refusalOf(refused[at] as () => Promise<unknown>)).toBe(code)
  await data.reimport(nightly.id, {})
  kills = 2
  for (const pid of host.pids) process.kill(pid, 'SIGKILL')
  const mark = host.folder.file(`data/${tenant}/reimport`)
  expect(existsSync(mark)).toBe(true)
  await until('it was killed twice', async () => (kills < 0 ? true : undefined))
  await host.restart()
  const opened = host.desk.of(tenant)
  expect(await done(opened, dataset)).toMatchObject({ read: 2, unread: 0 })
  await done(opened, nightly)
  expect(await all(opened, dataset)).toEqual(before[0] ?? [])
  expect(await all(opened, nightly)).toEqual(before[1] ?? [])
  const [ready, counted] = await figures(opened, dataset, 'by')
  expect(ready?.rows).toEqual(counted?.rows)
  await until('nothing is marked', async () => (existsSync(mark) ? undefined : true))
})

slowTest(
  'uploads of the dataset and of others are imported while it goes on, and what they brought stays',
  async () => {
    await using host = await DataHost.open()
    const { data } = await host.tenant()
    const other = await host.tenant('bolt')
    const dataset = await data.createDataset({ name: 'backlog', shape: 'issues' })
    const beside = await other.data.createDataset({ name: 'said', shape: 'table' })
    const many = Array.from({ length: 30_000 }, (_, n): [string, string] => [`A-${n}`, 'old'])
    await sent(data, dataset, issues(...many), JSON_TYPE)
    await data.reimport(dataset.id, {})
    await sent(data, dataset, issues(['A-1', 'new'], ['A-29999', 'new']), JSON_TYPE)
    await sent(other.data, beside, rows('x', 3))
    expect((await data.lastReimport(dataset.id))?.state).toBe('running')
    await done(data, dataset)
    const found = await data.query(
      dataset.id,
      { where: [{ field: 'summary', is: 'eq', value: 'new' }], fields: ['key'], limit: 10 },
      'restricted',
    )
    expect(found.rows.flat().sort()).toEqual(['A-1', 'A-29999'])
    expect((await data.dataset(dataset.id)).records).toBe(30_000)
  },
)
