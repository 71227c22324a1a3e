import { afterAll, beforeAll, expect } from 'bun:test'
import { type DatasetsWorld, datasetsWorld } from '../../support/cli/datasets.ts'
import { isQuick, slowTest as test } from '../../support/quick.ts'

let world: DatasetsWorld
beforeAll(async () => {
  if (!isQuick) world = await datasetsWorld()
})
afterAll(async () => {
  await world?.[Symbol.asyncDispose]()
})

test('dataset retention sets what is said, keeps the rest, and shows both', async () => {
  const retention = (...words: string[]) => world.at('dataset', 'retention', ...words)
  expect((await retention('show', 'nightly')).out).toBe('Records are kept for ever, documents for ever.\n')
  expect((await retention('set', 'nightly')).err).toContain('Say how long with --records-days or --documents-days')
  expect((await retention('set', 'nightly', '--records-days', 'x')).exit).toBe(2)
  expect((await retention('set', 'nightly', '--records-days', '90')).out).toStartWith(
    'Records are kept for 90 days after they came, documents for 90 days after they came.\n',
  )
  await retention('set', 'nightly', '--documents-days', '7')
  expect((await retention('show', 'nightly')).out).toBe(
    'Records are kept for 90 days after they came, documents for 7 days after they came.\n',
  )
  expect((await retention('set', 'nightly', '--records-days', '5')).err).toContain('documents for 7 days')
  const forEver = await world.json('dataset', 'retention', 'set', 'nightly', '--records-days', 'for-ever')
  expect(forEver).toMatchObject({ recordsDays: null, documentsDays: 7 })
})
