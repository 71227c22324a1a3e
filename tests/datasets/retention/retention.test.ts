import { expect, setDefaultTimeout, test } from 'bun:test'
import { readdirSync } from 'node:fs'
import { systemClock, utf8 } from '../../../src/base/mod.ts'
import type { TenantData } from '../../../src/datasets/mod.ts'
import type { DataProcess } from '../../../src/datasets/worker/data-process.ts'
import type { Dataset, GroupAnswer, ImportReport } from '../../../src/wire/mod.ts'
import { DataHost, ended, inChunks, valuesOf } from '../../support/datasets/data-host.ts'
import { slowTest } from '../../support/quick.ts'
import { refusalOf } from '../../support/refusal.ts'

setDefaultTimeout(60_000)

const DAY_MS = 86_400_000
const never = new AbortController().signal

/** What is received by this clock is as old as the test wants it. */
function shifted() {
  const clock = { ...systemClock, agoDays: 0, now: () => systemClock.now() - clock.agoDays * DAY_MS }
  return clock
}

const rows = (by: string, count: number) => `n,by\n${Array.from({ length: count }, (_, n) => `${n},${by}\n`).join('')}`
/** Too large to be kept in the database. */
const LARGE = 9_000

async function sent(data: TenantData, { id }: Dataset, text: string, contentType = 'text/csv'): Promise<ImportReport> {
  const taken = { content: inChunks(utf8(text)), contentType, fileName: 'x.csv' }
  return ended(data, id, (await data.take(id, taken)).import)
}

const figures = (data: TenantData, { id }: Dataset, ofRecords: boolean): Promise<GroupAnswer> =>
  data.group(
    id,
    {
      ...{ by: [{ field: 'by' }], measures: [{ measure: 'count' }, { measure: 'sum', field: 'n' }] },
      ...{ where: ofRecords ? [{ field: 'n', is: 'ge', value: 0 }] : [], sort: [], limit: 10 },
    },
    'restricted',
  )

const days = (recordsDays: number | null, documentsDays: number | null) => ({ recordsDays, documentsDays })

slowTest(
  'what is older than its dataset keeps it goes from records, figures and documents, small and large; imports stay listed',
  async () => {
    const clock = shifted()
    await using host = await DataHost.open({ clock })
    const { id: tenant, data } = await host.tenant()
    const dataset = await data.createDataset({ name: 'said', shape: 'table' })
    const other = await data.createDataset({ name: 'other', shape: 'table' })
    clock.agoDays = 40
    const old = await sent(data, dataset, rows('old', LARGE))
    const beside = await sent(data, other, rows('old', 10))
    clock.agoDays = 20
    const middle = await sent(data, dataset, rows('middle', LARGE))
    const small = await sent(data, dataset, rows('middle', 3))
    clock.agoDays = 0
    const fresh = await sent(data, dataset, rows('fresh', 5))
    await data.createRollup(dataset.id, { by: [{ field: 'by' }], sum: ['n'] }, 'restricted')
    expect(await host.desk.retain(tenant, clock.now(), never)).toEqual({ records: 0, documents: 0 })
    expect(await data.setRetention(dataset.id, days(30, 10))).toEqual(days(30, 10))
    const now = clock.now()
    expect(await host.desk.retain(tenant, now, never)).toEqual({ records: LARGE, documents: 3 })
    expect(await host.desk.retain(tenant, now, never)).toEqual({ records: 0, documents: 0 })
    expect(await data.retention(dataset.id)).toEqual({
      ...{ ...days(30, 10), removed: { atMs: now, records: LARGE, documents: 3 } },
    })
    const counted = await figures(data, dataset, true)
    expect(counted.rows.map(([by, n]) => [by, n]).sort()).toEqual([
      ['fresh', 5],
      ['middle', LARGE + 3],
    ])
    const ready = await figures(data, dataset, false)
    expect([ready.from, ready.rows]).toEqual(['rollup', counted.rows])
    expect((await data.dataset(dataset.id)).records).toBe(LARGE + 8)
    expect((await data.dataset(other.id)).records).toBe(10)
    for (const [of, one, kept] of [
      ...([
        [dataset, old, false],
        [dataset, middle, false],
        [dataset, small, false],
      ] as const),
      ...([
        [dataset, fresh, true],
        [other, beside, true],
      ] as const),
    ])
      expect(await refusalOf(() => data.document(of.id, one.id, 'restricted'))).toBe(
        kept ? 'nothing' : 'import.document_not_kept',
      )
    expect(readdirSync(host.folder.file(`data/${tenant}/raw`))).toEqual([])
    const listed = await data.imports(dataset.id, { limit: 10, viewer: 'restricted' })
    expect(listed.imports.map(({ documentGoneAtMs, recordsGoneAtMs }) => [documentGoneAtMs, recordsGoneAtMs])).toEqual([
      [undefined, undefined],
      [now, undefined],
      [now, undefined],
      [now, now],
    ])
    await host.restart()
    expect((await host.desk.of(tenant).dataset(dataset.id)).records).toBe(LARGE + 8)
  },
)

test('a record that a later import brought again is as old as that import', async () => {
  const clock = shifted()
  await using host = await DataHost.open({ clock })
  const { id: tenant, data } = await host.tenant()
  const dataset = await data.createDataset({ name: 'backlog', shape: 'issues' })
  const issues = (...keys: string[]) => JSON.stringify(keys.map((key) => ({ key, summary: 'one', status: 'open' })))
  clock.agoDays = 10
  await sent(data, dataset, issues('A-1', 'A-2'), 'application/json')
  clock.agoDays = 0
  await sent(data, dataset, issues('A-2'), 'application/json')
  await data.setRetention(dataset.id, days(5, null))
  expect(await host.desk.retain(tenant, clock.now(), never)).toEqual({ records: 1, documents: 1 })
  expect(await valuesOf(data, dataset, 'key')).toEqual(['A-2'])
})

test('documents longer than records are refused, and what is set for ever again keeps what is there', async () => {
  const clock = shifted()
  await using host = await DataHost.open({ clock })
  const { id: tenant, data } = await host.tenant()
  const dataset = await data.createDataset({ name: 'said', shape: 'table' })
  clock.agoDays = 10
  await sent(data, dataset, rows('old', 3))
  clock.agoDays = 0
  expect(await refusalOf(() => data.setRetention(dataset.id, days(5, 6)))).toBe('dataset.retention_unfit')
  await data.setRetention(dataset.id, days(5, 5))
  await data.setRetention(dataset.id, days(null, null))
  expect(await host.desk.retain(tenant, clock.now(), never)).toEqual({ records: 0, documents: 0 })
  expect((await data.dataset(dataset.id)).records).toBe(3)
})

for (const cutAt of ['retain-records', 'retain-documents'] as const) {
  test(`what a process that is killed around ${cutAt} has left goes with the next look, each record given back once`, async () => {
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
    const clock = shifted()
    await using host = await DataHost.open({ around, clock })
    const { id: tenant, data } = await host.tenant()
    const dataset = await data.createDataset({ name: 'said', shape: 'table' })
    clock.agoDays = 10
    await sent(data, dataset, rows('old', LARGE))
    clock.agoDays = 0
    await sent(data, dataset, rows('fresh', 3))
    await data.createRollup(dataset.id, { by: [{ field: 'by' }], sum: ['n'] }, 'restricted')
    await data.setRetention(dataset.id, days(5, null))
    const look = () => host.desk.retain(tenant, clock.now(), never)
    for (let cut = 0; cut < 2; cut++) expect(await refusalOf(look)).toStartWith('worker.')
    await look()
    expect((await data.dataset(dataset.id)).records).toBe(3)
    expect((await figures(data, dataset, false)).rows).toEqual((await figures(data, dataset, true)).rows)
    expect(readdirSync(host.folder.file(`data/${tenant}/raw`))).toEqual([])
  })
}

slowTest('uploads and queries are answered while much is removed', async () => {
  const clock = shifted()
  await using host = await DataHost.open({ clock })
  const { id: tenant, data } = await host.tenant()
  const other = await host.tenant('bolt')
  const dataset = await data.createDataset({ name: 'said', shape: 'table' })
  const beside = await other.data.createDataset({ name: 'said', shape: 'table' })
  clock.agoDays = 10
  await sent(data, dataset, rows('old', 60_000))
  clock.agoDays = 0
  await data.setRetention(dataset.id, days(5, null))
  let isOver = false
  const removed = host.desk.retain(tenant, clock.now(), never).finally(() => {
    isOver = true
  })
  const own = await sent(data, dataset, rows('fresh', 3))
  const others = await sent(other.data, beside, rows('fresh', 3))
  expect([own.state, others.state, isOver]).toEqual(['done', 'done', false])
  expect((await removed).records).toBe(60_000)
  expect((await data.dataset(dataset.id)).records).toBe(3)
})
