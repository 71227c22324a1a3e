import { expect, test } from 'bun:test'
import { diskSpace } from '../../src/host/mod.ts'
import { refusalOf } from '../support/refusal.ts'

test('diskSpace() tells how large a volume is and what may still be written', async () => {
  const { totalBytes, freeBytes } = await diskSpace('.')
  expect(totalBytes).toBeGreaterThan(1_048_576)
  expect(freeBytes).toBeGreaterThan(0)
  expect(freeBytes).toBeLessThan(totalBytes)
})

test('diskSpace() of a folder that is not there is refused by name', async () => {
  expect(await refusalOf(() => diskSpace('/nowhere/at/all'))).toBe('host.file_missing')
})
