/** Fills a small disk through each sink, makes room, lets the flow end; prints what was seen as JSON. */
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'libsql'
import { catalogue } from '../../../src/catalogue.ts'
import { chooseDefinition, type FlowComponent, Records, runFlow } from '../../../src/pipeline/mod.ts'
import { changing, numbered } from './components.ts'
import { memory } from './memory.ts'

const [folder = ''] = process.argv.slice(2)
const ROWS = 6_000

async function fillThrough(type: string, config: Record<string, unknown>) {
  const ballast = join(folder, 'ballast')
  writeFileSync(ballast, new Uint8Array(900_000))
  const state = memory()
  const definition = chooseDefinition(catalogue, type, true)
  if (!definition) throw new Error(type)
  const pad = 'x'.repeat(20)
  const wide = changing('wide', ['in'], (batch) => ({
    ...batch,
    records: Records.fromRows(batch.records.rows().map((row) => ({ ...row, pad }))),
  }))
  const sink: FlowComponent = { name: 'out', type, from: ['wide'], definition, config }
  const flow = runFlow(state.options([numbered('in', { rows: ROWS, size: () => 200 }), wide, sink]))
  let whileFull = {}
  for (;;) {
    const [, , out] = flow.metrics()
    if (out?.state === 'failed' || out?.state === 'stopped') break
    if (out && out.retries > 3) {
      whileFull = { reason: out.reason, state: out.state, saved: (state.saved.get('in')?.['numbers'] ?? 0) < ROWS }
      rmSync(ballast)
      break
    }
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
  const ended = await flow.finished.catch((error: unknown) => String(error))
  rmSync(ballast, { force: true })
  return { ended, whileFull, saved: state.saved.get('in') }
}

const path = join(folder, 'out.jsonl')
const file = await fillThrough('json_lines_file', { path })
const lines = readFileSync(path, 'utf8').trimEnd().split('\n')
const numbersInFile = lines.map((line) => Number(JSON.parse(line).n))
rmSync(path)
rmSync(`${path}.sluice-positions`)

const database = join(folder, 'out.db')
const table = await fillThrough('libsql_table', { path: database, table: 'numbers', create: true })
const rows = new Database(database).prepare('SELECT n FROM numbers ORDER BY n').all([]) as { n: number }[]

const inOrder = (numbers: readonly number[]): boolean => numbers.length === ROWS && numbers.every((n, i) => n === i)
console.log(
  JSON.stringify({
    file: { ...file, complete: inOrder(numbersInFile) },
    table: { ...table, complete: inOrder(rows.map(({ n }) => n)), bytes: statSync(database).size > 0 },
  }),
)
