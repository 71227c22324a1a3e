import { expect, test } from 'bun:test'
import type { DataProcess } from '../../../src/datasets/worker/data-process.ts'
import { IMPORTING_MAX, IMPORTING_MS, ImportTurns } from '../../../src/datasets/worker/import-turns.ts'
import { QUERIES_WAITING_MAX } from '../../../src/datasets/worker/query-turns.ts'
import type { DataTenantId } from '../../../src/wire/mod.ts'
import { WorkerGone } from '../../../src/wire/mod.ts'
import { ManualClock } from '../../support/bridge/manual-clock.ts'
import { csv, DataHost, ended, valuesOf } from '../../support/datasets/data-host.ts'
import { slowTest } from '../../support/quick.ts'
import { refusalOf } from '../../support/refusal.ts'
import { until } from '../../support/until.ts'

/** A tenant with a dataset of one row. */
async function tenantWithRow(host: DataHost, name: string) {
  const { id, data } = await host.tenant(name)
  const dataset = await data.createDataset({ name: 'rows', shape: 'table' })
  await ended(data, dataset.id, (await data.take(dataset.id, csv('n\n1\n'))).import)
  return { id, data, dataset }
}

/** Queries of these tenants take until their process is ended; `begun`: those that were asked there. */
function slowFor(tenants: ReadonlySet<DataTenantId>, begun: DataTenantId[] = []) {
  return (made: DataProcess): DataProcess => ({
    ...made,
    ask(what, body) {
      if (what !== 'query' || !tenants.has(body.tenant)) return made.ask(what, body)
      begun.push(body.tenant)
      return made.exited.then(() => {
        throw new WorkerGone('the process was ended')
      })
    },
  })
}

test('slow queries of one tenant hold up no query of another, nor anything else, and come behind once one ran over', async () => {
  const clock = new ManualClock()
  const slow = new Set<DataTenantId>()
  const begun: DataTenantId[] = []
  await using host = await DataHost.open({ clock, around: slowFor(slow, begun) })
  const a = await tenantWithRow(host, 'slow')
  const b = await tenantWithRow(host, 'prompt')
  slow.add(a.id)
  const ask = () => refusalOf(() => a.data.query(a.dataset.id, { limit: 1 }, 'restricted'))
  const first = ask()
  const second = ask()
  await until('the first has begun', () => begun.length === 1)
  expect(await valuesOf(b.data, b.dataset, 'n')).toEqual([1])
  expect((await a.data.datasets()).map(({ name }) => name)).toEqual(['rows'])
  expect(begun).toEqual([a.id])
  clock.advance(10_000)
  expect(await first).toBe('query.too_slow')
  await until('the second has begun', () => begun.length === 2)
  expect(await valuesOf(b.data, b.dataset, 'n')).toEqual([1])
  clock.advance(10_000)
  expect(await second).toBe('query.too_slow')
}, 20_000)

test('of the queries of one tenant as many wait as may, and one more is refused until there is room', async () => {
  const clock = new ManualClock()
  const slow = new Set<DataTenantId>()
  await using host = await DataHost.open({ clock, around: slowFor(slow) })
  const a = await tenantWithRow(host, 'slow')
  slow.add(a.id)
  const refused: string[] = []
  const asked = Array.from({ length: 2 + QUERIES_WAITING_MAX }, async () => {
    refused.push(await refusalOf(() => a.data.query(a.dataset.id, { limit: 1 }, 'restricted')))
  })
  await until('one is refused', () => refused.length > 0)
  expect(refused).toEqual(['query.too_many'])
  slow.clear()
  clock.advance(10_000)
  await Promise.allSettled(asked)
  expect(await valuesOf(a.data, a.dataset, 'n')).toEqual([1])
})

slowTest(
  'long imports of four tenants do not hold up a short one of a fifth, and lose and double nothing',
  async () => {
    await using host = await DataHost.open()
    const rows = 150_000
    const text = `n,text\n${Array.from({ length: rows }, (_, n) => `${n},text of row ${n}`).join('\n')}\n`
    const long = []
    for (let n = 0; n < IMPORTING_MAX; n++) {
      const { data } = await host.tenant(`long${n}`)
      const { id } = await data.createDataset({ name: 'rows', shape: 'table' })
      long.push({ data, id, upload: (await data.take(id, csv(text))).import })
    }
    const short = await host.tenant('short')
    const { id } = await short.data.createDataset({ name: 'rows', shape: 'table' })
    await ended(short.data, id, (await short.data.take(id, csv('n\n1\n'))).import)
    const reports = await Promise.all(long.map((one) => one.data.import(one.id, one.upload, 'restricted')))
    expect(reports.filter(({ endedAtMs }) => endedAtMs === undefined).length).toBeGreaterThan(1)
    for (const one of long) {
      expect(await ended(one.data, one.id, one.upload)).toMatchObject({ state: 'done', rowsTaken: rows })
      expect((await one.data.dataset(one.id)).records).toBe(rows)
    }
  },
  120_000,
)

slowTest(
  'a document that ends every process is found out though others are imported beside it, and theirs take no blame',
  async () => {
    const killing = (made: DataProcess): DataProcess => ({
      ...made,
      ask(what, body) {
        const asked = made.ask(what, body)
        if (what === 'import' && JSON.stringify(body).includes('poison')) made.kill()
        return asked
      },
    })
    await using host = await DataHost.open({ around: killing })
    const rows = `n\n${'1\n'.repeat(60_000)}`
    const others = []
    for (const name of ['one', 'two', 'three']) {
      const { data } = await host.tenant(name)
      const { id } = await data.createDataset({ name: 'rows', shape: 'table' })
      others.push({ data, id, uploads: [await data.take(id, csv(rows)), await data.take(id, csv(rows))] })
    }
    const { data } = await host.tenant('poisoned')
    const { id } = await data.createDataset({ name: 'rows', shape: 'table' })
    const { import: poison } = await data.take(id, csv('n\n1\n', { fileName: 'poison.csv' }))
    expect((await ended(data, id, poison)).reason?.code).toBe('import.crashed')
    for (const other of others) {
      for (const { import: upload } of other.uploads) {
        expect(await ended(other.data, other.id, upload)).toMatchObject({ state: 'done', rowsTaken: 60_000 })
      }
    }
  },
  120_000,
)

test('who wants to import alone does, whoever waits longest comes next, and who has had a turn is told that others wait', async () => {
  const clock = new ManualClock()
  const turns = new ImportTurns(clock)
  const log: string[] = []
  const ends = new Map<string, () => void>()
  const signals = new Map<string, AbortSignal>()
  const take = (name: string, isAlone = false) =>
    turns.run(isAlone, async (othersWait) => {
      log.push(name)
      signals.set(name, othersWait)
      await new Promise<void>((end) => ends.set(name, end))
    })
  const names = Array.from({ length: IMPORTING_MAX }, (_, n) => `n${n}`)
  const running = names.map((name) => take(name))
  const alone = take('alone', true)
  const later = take('later')
  await until('all have begun', () => log.length === IMPORTING_MAX)
  expect(names.map((name) => signals.get(name)?.aborted)).toEqual(names.map(() => false))
  clock.advance(IMPORTING_MS)
  await until('they are told', () => names.every((name) => signals.get(name)?.aborted))
  for (const name of names.slice(1)) ends.get(name)?.()
  await Promise.all(running.slice(1))
  expect(log).toEqual(names)
  ends.get('n0')?.()
  await until('it is alone', () => log.includes('alone'))
  expect(log).toEqual([...names, 'alone'])
  ends.get('alone')?.()
  await until('the next has begun', () => log.includes('later'))
  ends.get('later')?.()
  await Promise.all([...running, alone, later])
})
