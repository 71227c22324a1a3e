/** Components opened alone, without a flow: what a source reads, what a transform makes of rows. */
import { systemClock } from '../../../src/base/mod.ts'
import {
  type AnyDefinition,
  type Batch,
  type ComponentContext,
  ComponentFailed,
  type FieldTypes,
  parseConfig,
  Records,
  type Refusal,
  type Row,
  type Transform,
} from '../../../src/pipeline/mod.ts'
import { memory } from './memory.ts'

export function context(more: Partial<ComponentContext> = {}): ComponentContext & { refused: Refusal[] } {
  const refused: Refusal[] = []
  return {
    component: 'tested',
    deployment: 'dep_1',
    checkpoints: memory().checkpoints,
    secrets: { use: (_name, fn) => fn({}) },
    refuse: async (refusals) => {
      refused.push(...refusals)
    },
    admitPath: () => undefined,
    clock: systemClock,
    signal: new AbortController().signal,
    log: () => undefined,
    refused,
    ...more,
  }
}

/** Everything that a source reads to its end, from the given positions on. */
export async function readAll(definition: AnyDefinition, config: unknown, positions: Record<string, number> = {}) {
  if (definition.kind !== 'source') throw new ComponentFailed(definition.type, 'not a source')
  const load = async () => new Map(Object.entries(positions))
  const checkpoints = { load, save: async () => undefined, forget: async () => undefined }
  const opened = context({ checkpoints })
  const source = await definition.open(parseConfig(definition, config), opened)
  const batches: Batch[] = []
  try {
    for (let read = await source.read(); read !== 'end'; read = await source.read()) batches.push(read.batch)
  } finally {
    await source.close()
  }
  return { batches, refused: opened.refused }
}

export async function openTransform(definition: AnyDefinition, config: unknown, more: Partial<ComponentContext> = {}) {
  if (definition.kind !== 'transform') throw new ComponentFailed(definition.type, 'not a transform')
  const opened = context(more)
  const transform: Transform = await definition.open(parseConfig(definition, config), opened)
  return { transform, refused: opened.refused }
}

/** Rows as a batch from position 0 on. */
export function batchOfRows(rows: Row[], fields?: FieldTypes, partition = 'rows', from = 0): Batch {
  return { partition, from, to: from + rows.length, at: undefined, records: Records.fromRows(rows, fields) }
}
