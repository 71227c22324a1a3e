/** Component types for tests that run no flow: their configs are parsed and say what they touch, nothing is opened. */
import * as v from 'valibot'
import { type AnyDefinition, defineSink, defineSource, defineTransform } from '../../../src/pipeline/mod.ts'

const unopened = async (): Promise<never> => {
  throw new Error('this type is never opened')
}

const files = defineSource({
  type: 'csv_file',
  summary: 'Reads files.',
  config: v.strictObject({ paths: v.array(v.string()) }),
  touches: ({ paths }) => ({ paths }),
  example: { paths: ['/data/*.csv'] },
  fields: () => ({ complete: false, types: {} }) as never,
  open: unopened,
})
const script = defineTransform({
  type: 'script',
  summary: 'Runs code.',
  config: v.looseObject({}),
  code: { summary: 'a module' },
  touches: (config) => ({ script: config['native'] === true ? 'native' : 'sandboxed' }),
  example: {},
  fields: (_config, input) => input,
  open: unopened,
})
const table = defineSink({
  type: 'table',
  summary: 'Writes rows.',
  delivery: 'exactly-once',
  config: v.strictObject({ credential: v.string(), table: v.string(), host: v.string() }),
  touches: ({ credential, table: name, host }) => ({
    ...{ hosts: [host], credentials: [credential], tables: [`${credential}/${name}`] },
  }),
  example: { credential: 'warehouse', table: 'orders', host: 'db.example:5432' },
  open: unopened,
})

export const testTypes: ReadonlyMap<string, AnyDefinition> = new Map<string, AnyDefinition>([
  ['csv_file', files as AnyDefinition],
  ['script', script as AnyDefinition],
  ['table', table as AnyDefinition],
])
