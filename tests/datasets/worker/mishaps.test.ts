import { expect, test } from 'bun:test'
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { DataProcess } from '../../../src/datasets/worker/data-process.ts'
import { copierBy } from '../../../src/store/mod.ts'
import { WorkerGone } from '../../../src/wire/mod.ts'
import { csv, DataHost, dataWorkerEntry, ended, valuesOf } from '../../support/datasets/data-host.ts'
import { slowTest } from '../../support/quick.ts'
import { refusalOf } from '../../support/refusal.ts'

type Asked = Parameters<DataProcess['ask']>[0]

/** What stands in for what happens to a process: `amid` is asked instead of it, with what asks it. */
function when(amid: (what: Asked, made: DataProcess, ask: () => Promise<unknown>) => Promise<unknown>) {
  return (made: DataProcess): DataProcess => ({
    ...made,
    ask: (what, body) => amid(what, made, () => made.ask(what, body)) as ReturnType<typeof made.ask<typeof what>>,
  })
}

function flip(path: string, at: number): void {
  const file = readFileSync(path)
  file[at] = (file[at] ?? 0) ^ 0x10
  writeFileSync(path, file)
}

slowTest(
  'of uploads that waited one rotten place loses its own, and a tenant that cannot be opened holds up no other',
  async () => {
    let holdUp = true
    const around = when(async (what, _made, ask) => {
      if (what === 'import' && holdUp) throw new Error('held up')
      return ask()
    })
    await using host = await DataHost.open({ around })
    const waiting = async (name: string) => {
      const { id: tenant, data } = await host.tenant(name)
      const { id } = await data.createDataset({ name: 'rows', shape: 'table' })
      for (const n of [1, 2, 3]) await data.take(id, csv(`n\n${n}\n`))
      return { tenant, id }
    }
    const [broken, rotten, sound] = [await waiting('broken'), await waiting('rotten'), await waiting('sound')]
    await host.close()
    holdUp = false
    const database = host.folder.file(`data/${broken.tenant}.db`)
    rmSync(`${database}-wal`, { force: true })
    writeFileSync(database, new Uint8Array(8_192).fill(7))
    const journal = host.folder.file(`data/${rotten.tenant}/intake`)
    const [segment = ''] = readdirSync(journal).filter((name) => name.endsWith('.journal'))
    // In the first group, behind the head of the segment and that of the group.
    flip(`${journal}/${segment}`, 48 + 60)
    await host.reopen()
    expect(await refusalOf(() => host.desk.of(broken.tenant).dataset(broken.id))).toBe('store.wrong_key')
    for (const [{ tenant, id }, kept] of [
      [rotten, [4, 3, 2]],
      [sound, [4, 3, 2, 1]],
    ] as const) {
      const data = host.desk.of(tenant)
      await ended(data, id, (await data.take(id, csv('n\n4\n'))).import)
      expect(await valuesOf(data, { id }, 'n')).toEqual([...kept])
    }
  },
)

slowTest('a process that is gone while it is told to close a database has closed it, and uploads go on', async () => {
  let closing = 0
  const around = when((what, made, ask) => {
    if (what === 'close' && ++closing) made.kill()
    return ask()
  })
  await using host = await DataHost.open({ around })
  const { data } = await host.tenant()
  const dataset = await data.createDataset({ name: 'rows', shape: 'table' })
  await ended(data, dataset.id, (await data.take(dataset.id, csv('n\n1\n'))).import)
  await valuesOf(data, dataset, 'n')
  const copyDatabase = copierBy({ entry: dataWorkerEntry })
  await host.desk.rotateKeys(copyDatabase, () => undefined, new AbortController().signal)
  expect(closing).toBe(2)
  await ended(data, dataset.id, (await data.take(dataset.id, csv('n\n2\n'))).import)
  expect(await valuesOf(data, dataset, 'n')).toEqual([2, 1])
})

test('after a close that failed uploads are imported all the same', async () => {
  let failing = true
  const around = when(async (what, _made, ask) => {
    if (what === 'close' && failing) throw new Error('it could not be closed')
    return ask()
  })
  await using host = await DataHost.open({ around })
  const { data } = await host.tenant()
  const dataset = await data.createDataset({ name: 'rows', shape: 'table' })
  await ended(data, dataset.id, (await data.take(dataset.id, csv('n\n1\n'))).import)
  const copyDatabase = copierBy({ entry: dataWorkerEntry })
  const rotated = host.desk.rotateKeys(copyDatabase, () => undefined, new AbortController().signal)
  expect(await refusalOf(() => rotated)).toBe('internal.unexpected')
  failing = false
  await ended(data, dataset.id, (await data.take(dataset.id, csv('n\n2\n'))).import)
  expect(await valuesOf(data, dataset, 'n')).toEqual([2, 1])
})

test('a dataset that was made or removed by a process that ended before it said so is known as it is', async () => {
  let ending: Asked | undefined
  const around = when(async (what, made, ask) => {
    const reply = await ask()
    if (what !== ending) return reply
    made.kill()
    await made.exited
    throw new WorkerGone('the process ended')
  })
  await using host = await DataHost.open({ around })
  const { data } = await host.tenant()
  const { id: first } = await data.createDataset({ name: 'first', shape: 'table' })
  await ended(data, first, (await data.take(first, csv('n\n1\n'))).import)
  ending = 'create-dataset'
  expect(await refusalOf(() => data.createDataset({ name: 'second', shape: 'table' }))).toBe('worker.gone')
  const second = (await data.datasets()).find(({ name }) => name === 'second')?.id ?? 'ds_'
  await ended(data, second, (await data.take(second, csv('n\n2\n'))).import)
  ending = 'remove-dataset'
  expect(await refusalOf(() => data.removeDataset(first))).toBe('worker.gone')
  expect(await refusalOf(() => data.take(first, csv('n\n3\n')))).toBe('dataset.not_found')
})
