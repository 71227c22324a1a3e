import { expect, test } from 'bun:test'
import type { Shape } from '../../../src/wire/mod.ts'
import { TenantDatabase } from '../../support/datasets/tenant-database.ts'

/** Fields that who is not cleared may see, of a dataset of that shape that nobody has decided about. */
async function open(shape: Shape): Promise<string[]> {
  using tenant = await TenantDatabase.open()
  const { id } = await tenant.createDataset('fresh', shape)
  const fields = tenant.query(id, {}, 'public').fields.filter(({ masked }) => !masked)
  return fields.map(({ name }) => name)
}

const OURS = ['_record', '_import', '_line', '_received_at']

test('of reviews all is public but who wrote them, and what the shape does not know', async () => {
  expect(await open('reviews')).toEqual([
    ...['id', 'app', 'store', 'rating', 'title', 'text', 'version', 'language', 'country', 'device'],
    ...['created_at', 'updated_at', 'reply', 'replied_at'],
    ...OURS,
  ])
})

test('of issues the project is public, of results of executions and of tables nothing', async () => {
  expect(await open('issues')).toEqual(['project', ...OURS])
  expect(await open('test-results')).toEqual(OURS)
  expect(await open('table')).toEqual(OURS)
})
