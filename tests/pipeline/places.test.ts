/** What a failed component is told to have failed at: the words of its config, never the name of a file that a wildcard found. */

import { expect, test } from 'bun:test'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import process from 'node:process'
import { catalogue } from '../../src/catalogue.ts'
import { chooseDefinition, type FlowComponent, runFlow } from '../../src/pipeline/mod.ts'
import { temporaryFolder } from '../support/folder.ts'
import { memory } from '../support/pipeline/memory.ts'

function component(name: string, type: string, from: string[], config: Record<string, unknown>): FlowComponent {
  const definition = chooseDefinition(catalogue, type, from.length > 0)
  if (!definition) throw new Error(`there is no type ${type}`)
  return { name, type, from, definition, config }
}

/** Fails, and how: the component, and the reason that leaves the Runtime. */
async function failureOf(source: Record<string, unknown>, sink: Record<string, unknown>, sinkType = 'json_lines_file') {
  const flow = runFlow(
    memory().options([component('orders', 'csv_file', [], source), component('out', sinkType, ['orders'], sink)]),
  )
  const { component: failed, reason } = await flow.finished.then(
    () => {
      throw new Error('it did not fail')
    },
    (error) => error,
  )
  return { component: failed, ...reason }
}

test('a file that is missing is named by the path of the config that is for it, of several', async () => {
  using folder = temporaryFolder()
  writeFileSync(folder.file('a.csv'), 'id\n1\n')
  const glob = folder.file('in/*.csv')
  expect(await failureOf({ paths: [folder.file('a.csv'), glob] }, { path: folder.file('out.jsonl') })).toEqual({
    ...{ component: 'orders', code: 'csv_file.file_missing', item: glob },
  })
})

test('a file that a wildcard found is not named, but the wildcard', async () => {
  using folder = temporaryFolder()
  writeFileSync(folder.file('Jane Roe.csv'), 'id,id\n1,2\n')
  const glob = folder.file('*.csv')
  const failure = await failureOf({ paths: [glob] }, { path: folder.file('out.jsonl') })
  expect(failure).toEqual({ component: 'orders', code: 'csv_file.header_invalid', item: glob })
})

test('a sink is named with its table and the file that this is in, beside what the database itself says', async () => {
  using folder = temporaryFolder()
  writeFileSync(folder.file('a.csv'), 'id\n1\n')
  const source = { paths: [folder.file('a.csv')] }
  const sink = { path: folder.file('out.db'), table: 'orders' }
  expect(await failureOf(source, sink, 'libsql_table')).toEqual({
    ...{ component: 'out', code: 'libsql_table.database_missing', item: folder.file('out.db/orders') },
  })
})

test.skipIf(process.getuid?.() === 0)('a sink whose folder cannot be made says so, with its path', async () => {
  using folder = temporaryFolder()
  writeFileSync(folder.file('a.csv'), 'id\n1\n')
  mkdirSync(folder.file('closed'))
  chmodSync(folder.file('closed'), 0o500)
  const path = folder.file('closed/new/out.jsonl')
  expect(await failureOf({ paths: [folder.file('a.csv')] }, { path })).toEqual({
    ...{ component: 'out', code: 'host.file_forbidden', item: path },
  })
})

test('a sink whose folder is a file says so, with its path', async () => {
  using folder = temporaryFolder()
  writeFileSync(folder.file('a.csv'), 'id\n1\n')
  const path = folder.file('a.csv/out.jsonl')
  expect(await failureOf({ paths: [folder.file('a.csv')] }, { path })).toEqual({
    ...{ component: 'out', code: 'host.path_unfit', item: path },
  })
})
