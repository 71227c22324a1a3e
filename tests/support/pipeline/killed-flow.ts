/** A flow from a CSV file into a file and a table at once, with checkpoints on disk; made to be killed. Argument: its folder. */
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '../../../src/base/mod.ts'
import { catalogue } from '../../../src/catalogue.ts'
import { type Checkpoints, chooseDefinition, type FlowComponent, runFlow } from '../../../src/pipeline/mod.ts'
import { memory } from './memory.ts'

const [folder = ''] = process.argv.slice(2)
const checkpoint = join(folder, 'checkpoint.json')

function component(name: string, type: string, from: string[], config: unknown): FlowComponent {
  const definition = chooseDefinition(catalogue, type, from.length > 0)
  if (!definition) throw new Error(type)
  return { name, type, from, definition, config }
}

const checkpoints: Checkpoints = {
  load: async () => new Map(Object.entries(JSON.parse(readFileSync(checkpoint, 'utf8')) as Record<string, number>)),
  forget: async () => undefined,
  save: async (_component, positions) => {
    writeFileSync(`${checkpoint}.tmp`, JSON.stringify(Object.fromEntries(positions)))
    renameSync(`${checkpoint}.tmp`, checkpoint)
  },
}

const components = [
  component('in', 'csv_file', [], { paths: [join(folder, 'in.csv')], columns: { n: 'int' } }),
  component('tidy', 'map', ['in'], { set: { twice: 'n * 2' } }),
  component('table', 'libsql_table', ['tidy'], { path: join(folder, 'out.db'), table: 'numbers', create: true }),
  component('file', 'json_lines_file', ['tidy'], { path: join(folder, 'out.jsonl') }),
]
// One batch at a time, so that the flow takes long enough to be killed in many places.
const limits = { batchesInFlightMax: 2, bytesInFlightMax: 1_000_000 }
await runFlow(memory().options(components, { checkpoints, limits, clock: systemClock })).finished
