import { expect } from 'bun:test'
import { makeBackup, restoreBackup } from '../../../src/backup/mod.ts'
import { type Bytes, concatBytes, systemClock, systemRandom } from '../../../src/base/mod.ts'
import { importWrappingKey } from '../../../src/crypto/mod.ts'
import { copierBy } from '../../../src/store/mod.ts'
import { csv, DataHost, dataWorkerEntry, inChunks, valuesOf } from '../../support/datasets/data-host.ts'
import { temporaryFolder } from '../../support/folder.ts'
import { slowTest } from '../../support/quick.ts'
import { until } from '../../support/until.ts'

const time = { clock: systemClock, random: systemRandom }

async function backupOf(host: DataHost, sealing: { kind: 'key'; key: Bytes }): Promise<Bytes> {
  const { keyring, desk, folder } = host
  const release = desk.holdTrims()
  const made = makeBackup(
    {
      ...{ folder: folder.path, role: 'runtime', name: 'factory-01', version: '1.0', keyring, toldJournals: [] },
      ...{ databases: [{ folder: folder.path, name: 'runtime', id: 'runtime' }], leftOut: [], ...time },
      namedDatabases: () => desk.databases(),
      signer: await keyring.signingKey('runtime'),
      copyDatabase: copierBy({ entry: dataWorkerEntry }),
    },
    sealing,
  )
  const parts: Bytes[] = []
  for await (const part of made) parts.push(part)
  release()
  return concatBytes(...parts)
}

slowTest(
  'a backup taken while uploads come and are imported has each that was acknowledged before it, once',
  async () => {
    await using host = await DataHost.open()
    const { id: tenant, data } = await host.tenant()
    const dataset = await data.createDataset({ name: 'rows', shape: 'table' })
    const filler = '0\n'.repeat(40_000)
    const take = (n: number) => data.take(dataset.id, csv(`n\n${n}\n${n % 20 === 0 ? filler : ''}`))
    for (let n = 1; n <= 60; n++) await take(n)
    const sealing = { kind: 'key' as const, key: systemRandom(32) }
    const backup = backupOf(host, sealing)
    for (let n = 61; n <= 120; n++) await take(n)
    const bytes = await backup
    using folder = temporaryFolder()
    const master = await importWrappingKey(systemRandom(32))
    const path = folder.file('restored')
    const source = inChunks(bytes)
    await restoreBackup({ source, opener: sealing, folder: path, master: async () => master, ...time })
    await using again = await DataHost.at(path, master)
    const restored = again.desk.of(tenant)
    const own = { where: [{ field: 'n', is: 'gt' as const, value: 0 }], fields: ['n'], limit: 1_000 }
    const numbers = async () => (await restored.query(dataset.id, own, 'restricted')).rows.map(([n]) => Number(n))
    await until('the first 60 are there', async () => (await numbers()).filter((n) => n <= 60).length >= 60)
    const { import: next } = await restored.take(dataset.id, csv('n\n1000\n'))
    await until(
      'what waited is imported',
      async () => (await restored.import(dataset.id, next, 'restricted')).endedAtMs,
    )
    const found = await numbers()
    expect(new Set(found).size).toBe(found.length)
    expect(found.filter((n) => n <= 60).sort((a, b) => a - b)).toEqual(Array.from({ length: 60 }, (_, n) => n + 1))
    expect(await valuesOf(restored, dataset, 'n')).toContain(1_000)
  },
  60_000,
)
