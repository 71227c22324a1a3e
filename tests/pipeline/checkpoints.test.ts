import { expect, test } from 'bun:test'
import * as v from 'valibot'
import { AppError } from '../../src/base/mod.ts'
import {
  type Batch,
  type Checkpoints,
  defineSink,
  type FlowComponent,
  Records,
  runFlow,
  type Source,
} from '../../src/pipeline/mod.ts'
import { Positions } from '../../src/pipeline/positions.ts'
import { collecting, numbered } from '../support/pipeline/components.ts'
import { memory } from '../support/pipeline/memory.ts'
import { refusalOf } from '../support/refusal.ts'
import { BRIEFLY_MS, until } from '../support/until.ts'

class Busy extends AppError {
  override readonly code = 'test.busy' as const
  override readonly kind = 'unavailable' as const
}

test('positions move to the end of the last range without a gap before it, partition by partition', () => {
  const positions = new Positions()
  const [a, b, c] = [positions.begin('p', 3), positions.begin('p', 5), positions.begin('p', 9)]
  const other = positions.begin('q', 2)
  expect(positions.take()).toBeUndefined()
  b()
  expect(positions.take()).toBeUndefined()
  a()
  other()
  expect(positions.take()).toEqual(new Map(Object.entries({ p: 5, q: 2 })))
  expect(positions.take()).toBeUndefined()
  c()
  expect(positions.take()).toEqual(new Map([['p', 9]]))
})

test('checkpoints are saved one after the other, and the last one before the flow has finished', async () => {
  const state = memory()
  let saving = 0
  const saves: Record<string, number>[] = []
  const save: Checkpoints['save'] = async (_component, positions) => {
    expect(++saving).toBe(1)
    await Bun.sleep(1)
    saves.push(Object.fromEntries(positions))
    saving--
  }
  const checkpoints = { ...state.checkpoints, save }
  await runFlow(state.options([numbered('in', { rows: 500 }), collecting('out', ['in'], [])], { checkpoints })).finished
  expect(saves.at(-1)).toEqual({ numbers: 500 })
  // Far fewer than the 167 batches: what moves meanwhile is saved together.
  expect(saves.length).toBeLessThan(100)
})

test('a checkpoint that cannot be saved for a while is saved later; one that cannot be saved at all fails its source', async () => {
  for (const error of [new Busy('later'), new Error('never')]) {
    const state = memory()
    let failures = error instanceof Busy ? 3 : Number.POSITIVE_INFINITY
    const save: Checkpoints['save'] = async (component, positions) => {
      if (failures-- > 0) throw error
      await state.checkpoints.save(component, positions)
    }
    const checkpoints = { ...state.checkpoints, save }
    const flow = runFlow(state.options([numbered('in', { rows: 5 }), collecting('out', ['in'], [])], { checkpoints }))
    if (error instanceof Busy) {
      await flow.finished
      expect(state.saved.get('in')).toEqual({ numbers: 5 })
    } else {
      expect(await refusalOf(() => flow.finished)).toBe('pipeline.component_failed')
      expect(flow.metrics()[0]).toMatchObject({ state: 'failed', reason: { code: 'internal.unexpected' } })
    }
  }
})

test('a source that was opened elsewhere keeps its own positions: it is answered, and no checkpoint is saved', async () => {
  const [state, written, events]: [ReturnType<typeof memory>, Batch[], string[]] = [memory(), [], []]
  const batch: Batch = { partition: 'far', from: 5, to: 6, at: undefined, records: Records.fromRows([{ n: 5 }]) }
  let read = 0
  const source: Source = {
    read: async () =>
      read++ === 0 ? { batch, ack: () => events.push(`acknowledged after ${written.length}`) } : 'end',
    close: async () => void events.push('closed'),
  }
  const far: FlowComponent = { name: 'br_1', type: 'bridge_in', from: [], source }
  await runFlow(state.options([far, collecting('out', ['br_1'], written)])).finished
  expect(events).toEqual(['acknowledged after 1', 'closed'])
  expect(state.saved.size).toBe(0)
})

test('drain() ends the wait for a component that does not open, and everything that did open is closed', async () => {
  const state = memory()
  const closed: string[] = []
  let tries = 0
  const unreachable = defineSink({
    type: 'unreachable',
    summary: 'Never opens.',
    delivery: 'at-least-once',
    config: v.strictObject({}),
    example: {},
    touches: () => ({}),
    async open() {
      tries++
      throw new Busy('not there')
    },
  })
  const flow = runFlow(
    state.options([
      numbered('in', { rows: 5 }),
      collecting('out', ['in'], [], undefined, { close: async () => void closed.push('out') }),
      { name: 'far', type: 'unreachable', from: ['in'], definition: unreachable, config: {} },
    ]),
  )
  await until('it was tried three times', () => tries >= 3, BRIEFLY_MS)
  expect(flow.metrics()[2]).toMatchObject({ state: 'preparing', reason: { code: 'test.busy' } })
  await flow.drain()
  expect(await flow.finished).toBe('drained')
  expect(closed).toEqual(['out'])
  expect(state.saved.size).toBe(0)
})
