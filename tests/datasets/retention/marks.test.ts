import { expect, test } from 'bun:test'
import { RetentionMarks } from '../../../src/datasets/retention/retention-marks.ts'
import { DataHost } from '../../support/datasets/data-host.ts'

test('a retention that is set while a look finds none is looked for all the same, and what fails is not forgotten', async () => {
  await using host = await DataHost.open()
  const { id } = await host.tenant()
  const marks = new RetentionMarks(host.db)
  expect(await marks.marked()).toEqual([])
  let isSet = false
  const has = async () => isSet
  const set = marks.setting(id, async () => {
    // A look in the middle of it waits: else it would find nothing, and forget the tenant.
    await new Promise((resolve) => setImmediate(resolve))
    isSet = true
  })
  const looked = marks.looked(id, has)
  await set
  expect([await looked, await marks.marked()]).toEqual([true, [id]])
  isSet = false
  await marks.setting(id, () => Promise.reject(new Error('cut off'))).catch(() => undefined)
  expect(await marks.marked()).toEqual([id])
  expect([await marks.looked(id, has), await marks.marked()]).toEqual([false, []])
})

test('after a restore every data tenant with a database is looked at once more', async () => {
  await using host = await DataHost.open()
  const { id, data } = await host.tenant()
  await host.tenant('without')
  await data.createDataset({ name: 'said', shape: 'table' })
  expect(await host.desk.retained()).toEqual([])
  await host.desk.supposeRetentions()
  expect(await host.desk.retained()).toEqual([id])
  await host.desk.retain(id, Date.now(), new AbortController().signal)
  expect(await host.desk.retained()).toEqual([])
})
