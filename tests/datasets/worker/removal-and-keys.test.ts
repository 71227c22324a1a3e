import { expect, test } from 'bun:test'
import { existsSync, readdirSync } from 'node:fs'
import { beginRemoval } from '../../../src/datasets/data-tenants.ts'
import { copierBy } from '../../../src/store/mod.ts'
import { csv, DataHost, dataWorkerEntry, ended, valuesOf } from '../../support/datasets/data-host.ts'
import { refusalOf } from '../../support/refusal.ts'

const LARGE = `n\n${'1\n'.repeat(50_000)}`
const copyDatabase = copierBy({ entry: dataWorkerEntry })
const keysOf = (host: DataHost, id: string) => host.keyring.list().filter((key) => key.id === id)

test('remove() destroys the keys and files of a tenant, of no other, and a handle of it finds nothing', async () => {
  await using host = await DataHost.open()
  const { id: going, data } = await host.tenant('going')
  const { id: staying, data: other } = await host.tenant('staying')
  for (const each of [data, other]) {
    const { id } = await each.createDataset({ name: 'rows', shape: 'table' })
    await ended(each, id, (await each.take(id, csv(LARGE))).import)
  }
  expect(keysOf(host, going).map(({ purpose }) => purpose)).toEqual(['database', 'journal'])
  await host.desk.remove(going)
  expect(keysOf(host, going)).toEqual([])
  expect(readdirSync(host.folder.file('data')).filter((name) => name.startsWith(going))).toEqual([])
  expect(await refusalOf(() => data.datasets())).toBe('data_tenant.not_found')
  expect(await refusalOf(() => host.desk.remove(going))).toBe('data_tenant.not_found')
  await host.restart()
  expect((await host.desk.of(staying).datasets()).map(({ records }) => records)).toEqual([50_000])
})

test('a removal that was cut off is brought to its end at the next start', async () => {
  await using host = await DataHost.open()
  const { id, data } = await host.tenant()
  await data.createDataset({ name: 'rows', shape: 'table' })
  await host.close()
  await host.reopen()
  await beginRemoval({ db: host.db }, id, 1)
  expect(existsSync(host.folder.file(`data/${id}.db`))).toBe(true)
  await host.restart()
  expect(keysOf(host, id)).toEqual([])
  expect(readdirSync(host.folder.file('data'))).toEqual([])
  expect(await refusalOf(() => host.desk.of(id).datasets())).toBe('data_tenant.not_found')
  // What is due elsewhere is asked for until it is done.
  expect(await host.desk.removing()).toEqual([id])
  const failing = host.desk.remove(id, () => Promise.reject(new Error('the disk is gone')))
  expect(await refusalOf(() => failing)).toBe('internal.unexpected')
  expect(await host.desk.removing()).toEqual([id])
  await host.desk.remove(id)
  expect(await host.desk.removing()).toEqual([])
})

test('rotateKeys() gives databases and journals of all tenants new keys; what they hold is there before and after a restart', async () => {
  await using host = await DataHost.open()
  const { id: tenant, data } = await host.tenant()
  const dataset = await data.createDataset({ name: 'rows', shape: 'table' })
  await ended(data, dataset.id, (await data.take(dataset.id, csv('n\n1\n'))).import)
  const before = await host.keyring.load('database', tenant)
  await host.desk.rotateKeys(copyDatabase, () => undefined, new AbortController().signal)
  expect(await host.keyring.load('database', tenant)).not.toEqual(before)
  expect(readdirSync(host.folder.file('data')).filter((name) => name.endsWith('.db'))).toEqual([`${tenant}.2.db`])
  await ended(data, dataset.id, (await data.take(dataset.id, csv('n\n2\n'))).import)
  await host.restart()
  expect(await valuesOf(host.desk.of(tenant), dataset, 'n')).toEqual([2, 1])
  await host.desk.remove(tenant)
  expect(readdirSync(host.folder.file('data'))).toEqual([])
})

test('a rotation waits for what is under way and what is asked meanwhile waits for it', async () => {
  await using host = await DataHost.open()
  const { data } = await host.tenant()
  const dataset = await data.createDataset({ name: 'rows', shape: 'table' })
  const taken = Array.from({ length: 40 }, (_, n) => data.take(dataset.id, csv(`n\n${n}\n`)))
  const rotated = host.desk.rotateKeys(copyDatabase, () => undefined, new AbortController().signal)
  const more = Array.from({ length: 40 }, (_, n) => data.take(dataset.id, csv(`n\n${40 + n}\n`)))
  const uploads = await Promise.all([...taken, ...more])
  await rotated
  for (const { import: id } of uploads) expect((await ended(data, dataset.id, id)).state).toBe('done')
  expect((await valuesOf(data, dataset, 'n')).map(Number).sort((a, b) => a - b)).toEqual(
    Array.from({ length: 80 }, (_, n) => n),
  )
})
