/** Whole flows of the real components, from files to a file and a table. */
import { expect, test } from 'bun:test'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import Database from 'libsql'
import { catalogue } from '../../src/catalogue.ts'
import { chooseDefinition, type FlowComponent, runFlow } from '../../src/pipeline/mod.ts'
import { temporaryFolder } from '../support/folder.ts'
import { memory } from '../support/pipeline/memory.ts'

function component(name: string, type: string, from: string[], config: unknown): FlowComponent {
  const definition = chooseDefinition(catalogue, type, from.length > 0)
  if (!definition) throw new Error(`no type ${type}`)
  return { name, type, from, definition, config }
}

function lines(path: string): unknown[] {
  const text = readFileSync(path, 'utf8')
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line))
}

test('two CSV files with different columns meet in one table and one file; every bad row is a dead letter with its place', async () => {
  using folder = temporaryFolder()
  writeFileSync(folder.file('airports.csv'), 'row_id,iata,lat\na1,BER,52.4\na2,"TXL",north\na3,"Q""Q",1\na4,LON\n')
  writeFileSync(folder.file('codes.csv'), 'row_id;zip;lat\nz1;10115;52.5\nz2;abcde;1\nz3;;\n')
  const state = memory()
  state.secrets['warehouse'] = { url: `file:${folder.file('w.db')}`, encryptionKey: 'k3y' }
  const database = (): InstanceType<typeof Database> => {
    const options = { timeout: 1_000, encryptionKey: 'k3y' }
    return new Database(folder.file('w.db'), options)
  }
  const made = database()
  made.exec(
    "CREATE TABLE places (row_id TEXT PRIMARY KEY, code TEXT CHECK (length(code) <> 3 OR code <> 'Q\"Q'), lat REAL, region INTEGER) STRICT",
  )
  made.close()
  const flow = runFlow(
    state.options([
      component('airports', 'csv_file', [], { paths: [folder.file('airports.csv')], columns: { lat: 'double' } }),
      component('codes', 'csv_file', [], {
        paths: [folder.file('codes.csv')],
        columns: { lat: 'double' },
        delimiter: ';',
      }),
      component('tidy_airports', 'map', ['airports'], { set: { code: 'iata' }, drop: ['iata'] }),
      component('tidy_codes', 'map', ['codes'], { set: { code: 'zip', region: 'int(zip) / 10000' }, drop: ['zip'] }),
      component('warehouse', 'libsql_table', ['tidy_airports', 'tidy_codes'], {
        credential: 'warehouse',
        table: 'places',
        mode: 'upsert',
        key: ['row_id'],
      }),
      component('archive', 'json_lines_file', ['tidy_airports', 'tidy_codes'], { path: folder.file('out.jsonl') }),
    ]),
  )
  expect(await flow.finished).toBe('ended')
  const opened = database()
  expect(opened.prepare('SELECT * FROM places ORDER BY row_id').all([])).toEqual([
    { row_id: 'a1', code: 'BER', lat: 52.4, region: null },
    { row_id: 'z1', code: '10115', lat: 52.5, region: 1 },
  ])
  opened.close()
  expect(lines(folder.file('out.jsonl')).toSorted()).toHaveLength(3)
  expect(
    state.letters.map(({ component, position, reason }) => [component, position, reason.code, reason.item]).toSorted(),
  ).toEqual([
    ['tidy_airports', 1, 'csv.not_double', 'line 3, column lat'],
    ['tidy_airports', 3, 'csv.row_ragged', 'line 5'],
    ['tidy_codes', 1, expect.stringMatching(/^map\.[a-z_]+$/), 'line 3'],
    ['tidy_codes', 2, expect.stringMatching(/^map\.[a-z_]+$/), 'line 4'],
    ['warehouse', 2, 'libsql_table.sqlite_constraint_check', 'record 2 of its batch'],
  ])
  // Nothing that may leave the Runtime repeats what the rows held.
  const told = JSON.stringify([flow.metrics(), state.logged, state.letters.map(({ reason }) => reason)])
  for (const held of ['north', 'abcde', 'TXL', '10115']) expect(told).not.toContain(held)
  expect(
    flow.metrics().map(({ name, messagesIn, messagesOut, refused }) => [name, messagesIn, messagesOut, refused]),
  ).toEqual([
    ['airports', 0, 4, 0],
    ['codes', 0, 3, 0],
    ['tidy_airports', 4, 2, 2],
    ['tidy_codes', 3, 1, 2],
    ['warehouse', 3, 2, 1],
    ['archive', 3, 3, 0],
  ])
})

test('a flow of untouched JSON lines copies them byte by byte, refused ones apart', async () => {
  using folder = temporaryFolder()
  const good = ['{ "a":1.0 , "b":[1,2] }', '{"a":1e2,"ü":"\\u00fc"}', '{"a":123456789012345678901234567890}']
  writeFileSync(folder.file('in.jsonl'), good.join('\n'))
  const state = memory()
  await runFlow(
    state.options([
      component('in', 'json_lines_file', [], { paths: [folder.file('*.jsonl')] }),
      component('out', 'json_lines_file', ['in'], { path: folder.file('copy') }),
    ]),
  ).finished
  expect(readFileSync(folder.file('copy'), 'utf8')).toBe(`${good.join('\n')}\n`)
})

test('a filter between branches: one source, three sinks, each with what it should have', async () => {
  using folder = temporaryFolder()
  const rows = Array.from({ length: 10_000 }, (_, n) => `${n},${n % 7}`)
  writeFileSync(folder.file('in.csv'), `n,rest\n${rows.join('\n')}\n`)
  const state = memory()
  const out = (name: string, from: string): FlowComponent =>
    component(name, 'json_lines_file', [from], { path: folder.file(name) })
  const flow = runFlow(
    state.options([
      component('in', 'csv_file', [], { paths: [folder.file('in.csv')], columns: { n: 'int', rest: 'int' } }),
      component('sevens', 'filter', ['in'], { where: 'rest == 0' }),
      component('others', 'filter', ['in'], { where: 'rest != 0' }),
      out('all', 'in'),
      out('seven', 'sevens'),
      out('other', 'others'),
    ]),
  )
  await flow.finished
  const all = Array.from({ length: 10_000 }, (_, n) => ({ n, rest: n % 7 }))
  expect(lines(folder.file('all'))).toEqual(all)
  expect(lines(folder.file('seven'))).toEqual(all.filter(({ rest }) => rest === 0))
  expect(lines(folder.file('other'))).toEqual(all.filter(({ rest }) => rest !== 0))
  expect(state.saved.get('in')).toEqual({ [folder.file('in.csv')]: 10_000 })
})

test('a missing file fails its component by code, and leaves no output behind that says anything was written', async () => {
  using folder = temporaryFolder()
  const state = memory()
  const flow = runFlow(
    state.options([
      component('orders', 'csv_file', [], { paths: [folder.file('none.csv')] }),
      component('archive', 'json_lines_file', ['orders'], { path: folder.file('out.jsonl') }),
    ]),
  )
  expect(await flow.finished.catch((error: unknown) => error)).toMatchObject({
    code: 'pipeline.component_failed',
    component: 'orders',
    reason: { code: 'csv_file.file_missing' },
  })
  expect(flow.metrics().map(({ state }) => state)).toEqual(['failed', 'stopped'])
  expect(existsSync(folder.file('out.jsonl')) ? readFileSync(folder.file('out.jsonl'), 'utf8') : '').toBe('')
})
