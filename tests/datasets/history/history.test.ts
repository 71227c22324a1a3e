import { expect, setDefaultTimeout, test } from 'bun:test'
import { systemClock, utf8 } from '../../../src/base/mod.ts'
import type { TenantData } from '../../../src/datasets/mod.ts'
import { openKeptDatabase } from '../../../src/keys/mod.ts'
import { dataDatabase } from '../../../src/store/mod.ts'
import type { Clearance, Dataset, ImportReport } from '../../../src/wire/mod.ts'
import { DataHost, ended, inChunks } from '../../support/datasets/data-host.ts'
import { slowTest } from '../../support/quick.ts'
import { refusalOf } from '../../support/refusal.ts'
import { until } from '../../support/until.ts'

setDefaultTimeout(60_000)

const DAY_MS = 86_400_000

async function sent(data: TenantData, { id }: Dataset, ...issues: Record<string, unknown>[]): Promise<ImportReport> {
  const text = JSON.stringify(issues.map((issue) => ({ summary: 'one', ...issue })))
  const taken = { content: inChunks(utf8(text)), contentType: 'application/json', fileName: 'x' }
  return ended(data, id, (await data.take(id, taken)).import)
}

async function told(data: TenantData, { id }: Dataset, key: string, clearance: Clearance = 'restricted') {
  const { changes } = await data.changes(id, { key }, clearance)
  return changes.map(({ field, from, to, masked }) => [field, from, to, ...(masked ? ['masked'] : [])])
}

/** How many changes the tables hold. */
async function kept(host: DataHost, tenant: string): Promise<number> {
  const place = { folder: host.folder.file('data'), name: tenant, id: tenant }
  const db = await openKeptDatabase(host.keyring, place, (path, key) => dataDatabase(path, key, 'reader'))
  const count = Number(db.row('SELECT count(*) FROM record_changes')?.[0])
  db.close()
  return count
}

test('what a record was is kept from when it was asked for, a field each, with the import; a re-import adds nothing', async () => {
  await using host = await DataHost.open()
  const { data } = await host.tenant()
  const backlog = await data.createDataset({ name: 'backlog', shape: 'issues' })
  const first = await sent(data, backlog, { key: 'A-1', status: 'open', assignee: 'ann' })
  await sent(data, backlog, { key: 'A-1', status: 'blocked', assignee: 'ann' })
  expect(await data.changes(backlog.id, {}, 'restricted')).toEqual({ changes: [] })
  await data.setHistory(backlog.id, true)
  expect((await data.changes(backlog.id, {}, 'public')).sinceMs).toBeNumber()
  const second = await sent(data, backlog, { key: 'A-1', status: 'done', assignee: 'bob', points: 3 }, { key: 'A-2' })
  await sent(data, backlog, { key: 'A-1', status: 'done', assignee: 'bob', points: 3 })
  const before = [
    ['points', null, 3],
    ['assignee', 'ann', 'bob'],
    ['status', 'blocked', 'done'],
  ]
  expect(await told(data, backlog, 'A-1')).toEqual(before)
  expect(await told(data, backlog, 'A-2')).toEqual([])
  const { changes } = await data.changes(backlog.id, { key: 'A-1' }, 'restricted')
  expect(changes[0]).toMatchObject({ import: second.id, atMs: second.receivedAtMs })
  const { changes: older } = await data.changes(backlog.id, { key: 'A-1', before: changes[1]?.no ?? 0 }, 'restricted')
  expect(older.map(({ field }) => field)).toEqual(['status'])
  for (const asked of [{}, { import: first.id }]) {
    await data.reimport(backlog.id, asked)
    await until('all is read again', async () =>
      (await data.lastReimport(backlog.id))?.state === 'done' ? true : undefined,
    )
    expect(await told(data, backlog, 'A-1')).toEqual(before)
  }
})

test('who is not cleared is told nothing by a restricted key, and no values of restricted fields', async () => {
  await using host = await DataHost.open()
  const { data } = await host.tenant()
  const backlog = await data.createDataset({ name: 'backlog', shape: 'issues' })
  await data.setHistory(backlog.id, true)
  await sent(data, backlog, { key: 'A-1', status: 'open', assignee: 'ann' })
  await sent(data, backlog, { key: 'A-1', status: 'done', assignee: 'bob' })
  expect(await refusalOf(() => data.changes(backlog.id, { key: 'A-1' }, 'public'))).toBe('query.field_restricted')
  for (const [field, at] of [
    ['key', 1],
    ['status', 2],
  ] as const)
    await data.classifyField(backlog.id, {
      ...{ id: `cls_00000000-0000-7000-8000-00000000000${at}`, field, from: 'restricted', to: 'public', by: 'user:x' },
    })
  expect(await told(data, backlog, 'A-1', 'public')).toEqual([
    ['assignee', null, null, 'masked'],
    ['status', 'open', 'done'],
  ])
})

slowTest('an erasure takes what was, also of documents that are not there any more, and leaves others', async () => {
  const clock = { ...systemClock, agoDays: 10, now: () => systemClock.now() - clock.agoDays * DAY_MS }
  await using host = await DataHost.open({ clock })
  const { id: tenant, data } = await host.tenant()
  const backlog = await data.createDataset({ name: 'backlog', shape: 'issues' })
  await data.setHistory(backlog.id, true)
  await sent(data, backlog, { key: 'A-1', assignee: 'mary' }, { key: 'A-3', assignee: 'mary' })
  clock.agoDays = 0
  await sent(data, backlog, { key: 'A-2', assignee: 'mary' })
  await sent(data, backlog, { key: 'A-1', assignee: 'ann' })
  await sent(data, backlog, { key: 'A-2', assignee: 'ann' }, { key: 'A-4', assignee: 'ann' })
  await sent(data, backlog, { key: 'A-4', assignee: 'bob' })
  await data.setRetention(backlog.id, { recordsDays: null, documentsDays: 5 })
  await host.desk.retain(tenant, clock.now(), new AbortController().signal)
  for (const key of ['A-1', 'A-2']) expect(await told(data, backlog, key)).toEqual([['assignee', 'mary', 'ann']])
  await data.erase(backlog.id, { where: [{ field: 'assignee', is: 'eq', value: 'mary' }], dryRun: false })
  for (const key of ['A-1', 'A-2']) expect(await told(data, backlog, key)).toEqual([])
  expect(await told(data, backlog, 'A-4')).toEqual([['assignee', 'ann', 'bob']])
})

test('changes go by age with the records of their import, and all of them when no history is kept, or the dataset is removed', async () => {
  const clock = { ...systemClock, agoDays: 10, now: () => systemClock.now() - clock.agoDays * DAY_MS }
  await using host = await DataHost.open({ clock })
  const { id: tenant, data } = await host.tenant()
  const backlog = await data.createDataset({ name: 'backlog', shape: 'issues' })
  const other = await data.createDataset({ name: 'other', shape: 'issues' })
  for (const one of [backlog, other]) {
    await data.setHistory(one.id, true)
    await sent(data, one, { key: 'A-1', status: 'open' })
    await sent(data, one, { key: 'A-1', status: 'blocked' })
  }
  clock.agoDays = 0
  await sent(data, backlog, { key: 'A-1', status: 'done' })
  await data.setRetention(backlog.id, { recordsDays: 5, documentsDays: null })
  await host.desk.retain(tenant, clock.now(), new AbortController().signal)
  expect(await told(data, backlog, 'A-1')).toEqual([['status', 'blocked', 'done']])
  await data.setHistory(backlog.id, false)
  expect(await data.changes(backlog.id, { key: 'A-1' }, 'restricted')).toEqual({ changes: [] })
  await data.removeDataset(other.id)
  await until('nothing of it is kept', async () => ((await kept(host, tenant)) === 0 ? true : undefined))
})

test('a dataset whose records have no key of a field can have none', async () => {
  await using host = await DataHost.open()
  const { data } = await host.tenant()
  for (const shape of ['table', 'test-results'] as const) {
    const { id } = await data.createDataset({ name: shape, shape })
    expect(await refusalOf(() => data.setHistory(id, true))).toBe('dataset.history_unfit')
  }
})
