/** Components made for tests: a source of numbered rows that continues at its checkpoint, and sinks that can be told to fail. */
import * as v from 'valibot'
import type { AppError } from '../../../src/base/mod.ts'
import {
  ANY_FIELDS,
  type Batch,
  defineSink,
  defineSource,
  defineTransform,
  type FlowComponent,
  positionOf,
  Records,
  type Sink,
  trimBefore,
} from '../../../src/pipeline/mod.ts'

export type Answer = { from: number; to: number; error: AppError | undefined }
export type NumberedOptions = {
  rows: number
  /** Records of the next batch. */
  size?: () => number
  partition?: string
  /** Collects the answers that the batches got. */
  answers?: Answer[]
  /** When true the source waits for more at its end, as a live one does. */
  endless?: boolean
}

export const Nothing = v.strictObject({})

/** Rows `{ n: 0 }`, `{ n: 1 }` …, each at the position of its number. */
export function numbered(name: string, options: NumberedOptions): FlowComponent {
  const { rows, size = () => 3, partition = 'numbers', answers = [], endless = false } = options
  const definition = defineSource({
    type: 'numbered',
    summary: 'Counts.',
    config: Nothing,
    example: {},
    touches: () => ({}),
    fields: () => ANY_FIELDS,
    async open(_config, context) {
      let next = (await context.checkpoints.load(context.component)).get(partition) ?? 0
      return {
        async read() {
          if (next >= rows) return endless ? new Promise<never>(() => undefined) : 'end'
          const [from, to] = [next, Math.min(rows, next + size())]
          next = to
          const numbers = Array.from({ length: to - from }, (_, i) => ({ n: from + i }))
          const batch: Batch = { partition, from, to, at: undefined, records: Records.fromRows(numbers) }
          return { batch, ack: (outcome) => answers.push({ from, to, error: outcome?.error }) }
        },
        close: async () => undefined,
      }
    },
  })
  return { name, type: 'numbered', from: [], definition, config: {} }
}

/** A sink that keeps what it wrote in `written`; `before` may throw, or wait, before a batch is written. */
export function collecting(
  name: string,
  from: readonly string[],
  written: Batch[],
  before: (batch: Batch) => Promise<void> | void = () => undefined,
  more: Partial<Sink> = {},
): FlowComponent {
  const definition = defineSink({
    type: 'collecting',
    summary: 'Collects.',
    delivery: 'at-least-once',
    config: Nothing,
    example: {},
    touches: () => ({}),
    open: async () => ({
      async write(batch) {
        await before(batch)
        written.push(batch)
      },
      close: async () => undefined,
      ...more,
    }),
  })
  return { name, type: 'collecting', from, definition, config: {} }
}

/** What a transactional sink has on its disk: one commit holds rows and positions, and outlives the sink. */
export type Ledger = { rows: string[]; positions: Map<string, number> }

/** A sink with positions in its commit; `fail` may throw before the commit, or after it. */
export function transactional(
  name: string,
  from: readonly string[],
  ledger: Ledger,
  fail: (moment: 'before' | 'after') => void,
): FlowComponent {
  return collecting(name, from, [], (batch) => {
    fail('before')
    const position = ledger.positions.get(batch.partition) ?? 0
    const rest = trimBefore(batch, position)
    const committed = rest.records
      .rows()
      .map((row, i) => `${batch.partition}@${positionOf(rest, i)}=${String(row['n'])}`)
    ledger.rows.push(...committed)
    ledger.positions.set(batch.partition, Math.max(position, batch.to))
    fail('after')
  })
}

/** A transform that does `change` to each batch. */
export function changing(
  name: string,
  from: readonly string[],
  change: (batch: Batch) => Batch | Promise<Batch>,
): FlowComponent {
  const definition = defineTransform({
    type: 'changing',
    summary: 'Changes.',
    config: Nothing,
    example: {},
    touches: () => ({}),
    fields: () => ANY_FIELDS,
    open: async () => ({ apply: change, close: async () => undefined }),
  })
  return { name, type: 'changing', from, definition, config: {} }
}

/** The `n` of all rows in the batches, in order. */
export function numbersIn(batches: readonly Batch[]): number[] {
  return batches.flatMap((batch) => batch.records.rows().map((row) => Number(row['n'])))
}
