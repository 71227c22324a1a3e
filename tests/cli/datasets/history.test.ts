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

test('dataset history is kept when it is on, shown by key, and wants to be meant when it goes', async () => {
  const { at, json, file } = world
  await json('dataset', 'create', 'backlog', '--data-tenant', 'acme', '--shape', 'issues')
  const history = (...words: string[]) => at('dataset', 'history', ...words)
  expect((await history('on', 'nightly')).err).toContain('dataset.history_unfit')
  expect((await history('show', 'backlog', '--key', 'A-1')).out).toStartWith('No history is kept.')
  expect((await history('on', 'backlog')).out).toContain('is kept from the next import on')
  for (const status of ['open', 'done']) {
    const issues = file(`${status}.json`, JSON.stringify([{ key: 'A-1', summary: 'one', status }]))
    expect((await at('upload', issues, '--dataset', 'backlog')).exit).toBe(0)
  }
  expect((await history('show', 'backlog', '--key', 'A-1')).out).toMatch(/ status +open +done +imp_/)
  expect((await history('off', 'backlog')).err).toContain('Say that it is meant with --yes')
  expect((await history('off', 'backlog', '--yes')).exit).toBe(0)
})
