import { expect, test } from 'bun:test'
import { systemClock } from '../../../src/base/mod.ts'
import type { DataProcess } from '../../../src/datasets/worker/data-process.ts'
import { ManualClock } from '../../support/bridge/manual-clock.ts'
import { csv, DataHost, ended, valuesOf } from '../../support/datasets/data-host.ts'
import { refusalOf } from '../../support/refusal.ts'
import { until } from '../../support/until.ts'

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

test('a query that takes too long is ended with its process, and the next one is answered', async () => {
  const clock = new ManualClock()
  let asked = 0
  // It stands still at its first query, as one that looks through very much: how soon it would answer does not matter.
  const around = (made: DataProcess): DataProcess => ({
    ...made,
    ask(what, body) {
      if (what === 'query' && ++asked === 1) process.kill(made.pid, 'SIGSTOP')
      return made.ask(what, body)
    },
  })
  await using host = await DataHost.open({ clock, around })
  const { data } = await host.tenant()
  const dataset = await data.createDataset({ name: 'rows', shape: 'table' })
  await ended(data, dataset.id, (await data.take(dataset.id, csv('n\n1\n'))).import)
  const slow = refusalOf(() => data.query(dataset.id, { limit: 1 }, 'restricted'))
  await until('the query has begun', () => asked === 1)
  clock.advance(10_000)
  expect(await slow).toBe('query.too_slow')
  expect(await valuesOf(data, dataset, 'n')).toEqual([1])
})

test('processes end when nobody asks for a while, and the next question starts them again', async () => {
  const clock = new ManualClock()
  await using host = await DataHost.open({ clock })
  const { data } = await host.tenant()
  const dataset = await data.createDataset({ name: 'rows', shape: 'table' })
  await ended(data, dataset.id, (await data.take(dataset.id, csv('n\n1\n'))).import)
  await valuesOf(data, dataset, 'n')
  expect(host.pids.map(alive)).toEqual([true, true])
  await until('both have ended', async () => {
    clock.advance(5_000)
    await systemClock.sleep(1)
    return !host.pids.some(alive)
  })
  expect(clock.monotonic()).toBeWithin(75_000, 400_000)
  expect(await valuesOf(data, dataset, 'n')).toEqual([1])
  // The writer has made the database before: only what reads it is needed.
  expect(host.pids).toHaveLength(3)
  await ended(data, dataset.id, (await data.take(dataset.id, csv('n\n2\n'))).import)
  expect(await valuesOf(data, dataset, 'n')).toEqual([2, 1])
})
