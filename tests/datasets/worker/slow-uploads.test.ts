import { describe, expect, test } from 'bun:test'
import { readdirSync } from 'node:fs'
import { deferred, utf8 } from '../../../src/base/mod.ts'
import { copierBy } from '../../../src/store/mod.ts'
import { csv, DataHost, dataWorkerEntry, ended, valuesOf } from '../../support/datasets/data-host.ts'
import { slowTest } from '../../support/quick.ts'
import { refusalOf } from '../../support/refusal.ts'
import { until } from '../../support/until.ts'

const PART = utf8(`n\n${'1\n'.repeat(50_000)}`)

/** A document of which the last part waits for `go()`. */
function slow() {
  const rest = deferred<void>()
  async function* content() {
    yield PART
    yield PART.subarray(2)
    await rest.promise
    yield utf8('2\n')
  }
  return { document: { content: content(), contentType: 'text/csv' }, go: () => rest.resolve() }
}

const copyDatabase = copierBy({ entry: dataWorkerEntry })

async function begun() {
  const host = await DataHost.open()
  const { id: tenant, data } = await host.tenant()
  const dataset = await data.createDataset({ name: 'rows', shape: 'table' })
  const files = () =>
    readdirSync(host.folder.file('data'), { recursive: true, encoding: 'utf8' }).filter((name) => /imp_/.test(name))
  const { document, go } = slow()
  const taking = data.take(dataset.id, document)
  taking.catch(() => undefined)
  await until('a part of it is on the disk', () => files().length > 0)
  return { host, tenant, data, dataset, taking, go, files }
}

describe('a document that comes slowly', () => {
  slowTest(
    'holds up nobody: keys get successors meanwhile, others are taken, and it is taken itself when it has come',
    async () => {
      const { host, data, dataset, taking, go } = await begun()
      await using _ = host
      await host.desk.rotateKeys(copyDatabase, () => undefined, new AbortController().signal)
      const { import: quick } = await data.take(dataset.id, csv('n\n7\n'))
      await ended(data, dataset.id, quick)
      expect(await valuesOf(data, dataset, 'n')).toEqual([7])
      go()
      expect((await ended(data, dataset.id, (await taking).import)).rowsTaken).toBe(100_001)
    },
  )

  test('is refused and leaves nothing when its dataset is removed meanwhile', async () => {
    const { host, data, dataset, taking, go, files } = await begun()
    await using _ = host
    await data.removeDataset(dataset.id)
    go()
    expect(await refusalOf(() => taking)).toBe('dataset.not_found')
    expect(files()).toEqual([])
  })

  test('is refused and leaves nothing when its data tenant is removed meanwhile', async () => {
    const { host, tenant, taking, go } = await begun()
    await using _ = host
    await host.desk.remove(tenant)
    go()
    expect(await refusalOf(() => taking)).toBe('data_tenant.not_found')
    expect(readdirSync(host.folder.file('data'))).toEqual([])
  })
})
