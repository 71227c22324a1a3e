import { afterAll, beforeAll, expect } from 'bun:test'
import { type DatasetsWorld, datasetsWorld, junit } from '../../support/cli/datasets.ts'
import { isQuick, slowTest as test } from '../../support/quick.ts'

let world: DatasetsWorld
beforeAll(async () => {
  if (!isQuick) world = await datasetsWorld()
})
afterAll(async () => {
  await world?.[Symbol.asyncDispose]()
})

test('dataset erase counts first, wants to be meant, and shows its certificate with what backups still hold', async () => {
  const { at, upload, file } = world
  expect((await upload([file('one.xml', junit('of-mary', 'of-ann'))])).exit).toBe(0)
  const erase = (...words: string[]) => at('dataset', 'erase', 'nightly', '--match', 'name = of-mary', ...words)
  expect((await erase('--dry-run')).out).toBe('1 record of nightly and 1 document of 1 import would go.\n')
  const unmeant = await erase()
  expect([unmeant.exit, unmeant.err]).toEqual([2, expect.stringContaining('Say that it is meant with --yes')])
  expect((await at('dataset', 'view', 'save', 'nightly', 'Hers', '--choose', 'branch=of-mary')).exit).toBe(0)
  expect((await erase('--dry-run')).out).toContain('1 saved view with that value would go, too.\n')
  const erased = await erase('--yes')
  expect(erased.out).toStartWith('Erased 1 record of nightly and 1 document of 1 import.')
  expect(erased.out).toContain('1 saved view with that value went, too.\n')
  expect(erased.out).toContain('Backups that were made before still hold it')
  expect((await at('dataset', 'query', 'nightly', '--fields', 'name')).out).not.toContain('of-mary')
  expect((await at('dataset', 'erase', 'nightly', '--match', 'name')).err).toContain('--match takes a condition')
})
