import { expect, test } from 'bun:test'
import { mkdirSync, writeFileSync } from 'node:fs'
import { datasetNamed } from '../../../src/cli/datasets/named.ts'
import { filesFor } from '../../../src/cli/datasets/upload-files.ts'
import { memoryFolder } from '../../support/folder.ts'
import { refusalOf } from '../../support/refusal.ts'

test('a dataset is looked for by name in at most 16 data tenants, and by those of which one is a member', async () => {
  const tenants = (count: number) =>
    Array.from({ length: count }, (_, i) => ({ id: `dt_${i}`, name: `t${i}`, role: 'viewer' }))
  const asked: string[] = []
  const client = (count: number) => ({
    request: () => Promise.reject(new RangeError('nothing is changed')),
    stream: () => Promise.reject(new RangeError('nothing is streamed')),
    get: async (path: string) => {
      asked.push(path)
      if (path === '/v1/data-tenants')
        return { dataTenants: [...tenants(count), { id: 'dt_99', name: 'others', role: null }] }
      const sizes = { shape: 'table', records: 0, imports: 0, fields: [] }
      return { datasets: path.includes('dt_15/') ? [{ id: 'ds_1', name: 'prices', ...sizes }] : [] }
    },
  })
  expect(await datasetNamed(client(16), 'prices', undefined)).toBe('/v1/data-tenants/dt_15/datasets/ds_1')
  expect(asked).not.toContain('/v1/data-tenants/dt_99/datasets')
  expect(await refusalOf(() => datasetNamed(client(17), 'prices', undefined))).toBe('cli.usage')
  expect(await datasetNamed(client(17), 'prices', 't15')).toBe('/v1/data-tenants/dt_15/datasets/ds_1')
})

test('one upload has so many files at most, each once however many patterns match it', async () => {
  using folder = memoryFolder()
  mkdirSync(folder.file('many'))
  for (let i = 0; i < 20; i++) writeFileSync(folder.file(`many/${i}.xml`), '')
  const patterns = [folder.file('many/*.xml'), folder.file('many/7.xml'), folder.file('many/*')]
  expect(await filesFor(patterns, 20)).toHaveLength(20)
  writeFileSync(folder.file('one.xml'), '')
  expect(await refusalOf(() => filesFor([folder.file('**/*.xml')], 20))).toBe('upload.too_many_files')
})
