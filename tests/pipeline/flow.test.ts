import { expect, test } from 'bun:test'
import { AppError } from '../../src/base/mod.ts'
import {
  type Batch,
  ComponentFailed,
  type FlowComponent,
  keepRecords,
  mapTransform,
  runFlow,
} from '../../src/pipeline/mod.ts'
import { type Answer, changing, collecting, numbered, numbersIn } from '../support/pipeline/components.ts'
import { memory } from '../support/pipeline/memory.ts'
import { refusalOf } from '../support/refusal.ts'
import { BRIEFLY_MS, until } from '../support/until.ts'

class Busy extends AppError {
  override readonly code = 'test.busy' as const
  override readonly kind = 'unavailable' as const
}
class Full extends AppError {
  override readonly code = 'test.full' as const
  override readonly kind = 'limit' as const
}
class Broken extends AppError {
  override readonly code = 'test.broken' as const
}

/** A promise that the test settles itself. */
function gate(): { opened: Promise<void>; open(): void } {
  let open = (): void => undefined
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { opened, open: () => open() }
}

test('runFlow() answers each batch once and moves the checkpoint when a linear flow has written it', async () => {
  const [state, written, answers]: [ReturnType<typeof memory>, Batch[], Answer[]] = [memory(), [], []]
  const flow = runFlow(state.options([numbered('in', { rows: 7, answers }), collecting('out', ['in'], written)]))
  expect(await flow.finished).toBe('ended')
  expect(numbersIn(written)).toEqual([0, 1, 2, 3, 4, 5, 6])
  expect(answers.map(({ from, to, error }) => [from, to, error])).toEqual([
    [0, 3, undefined],
    [3, 6, undefined],
    [6, 7, undefined],
  ])
  expect(state.saved.get('in')).toEqual({ numbers: 7 })
})

test('metrics() counts what went through each component, and its state', async () => {
  const state = memory()
  const flow = runFlow(state.options([numbered('in', { rows: 7 }), collecting('out', ['in'], [])]))
  expect(flow.metrics().map(({ state }) => state)).toEqual(['preparing', 'preparing'])
  await flow.finished
  const [source, sink] = flow.metrics()
  expect(source).toMatchObject({
    name: 'in',
    type: 'numbered',
    state: 'stopped',
    messagesIn: 0,
    messagesOut: 7,
    errors: 0,
  })
  expect(sink).toMatchObject({ name: 'out', state: 'stopped', messagesIn: 7, messagesOut: 7, refused: 0, retries: 0 })
  expect(sink?.bytesIn).toBe(source?.bytesOut ?? -1)
  expect(source?.bytesOut).toBeGreaterThan(7 * '{"n":0}'.length)
})

test('a batch that fans out is answered when the slowest branch has written it', async () => {
  const [state, answers, slow]: [ReturnType<typeof memory>, Answer[], ReturnType<typeof gate>] = [memory(), [], gate()]
  const fast: Batch[] = []
  const sinks = [collecting('fast', ['in'], fast), collecting('slow', ['in'], [], () => slow.opened)]
  const flow = runFlow(state.options([numbered('in', { rows: 3, answers }), ...sinks]))
  await until('the fast branch has written', () => fast.length > 0, BRIEFLY_MS)
  expect(answers).toEqual([])
  expect(state.saved.get('in')).toBeUndefined()
  slow.open()
  await flow.finished
  expect(answers).toHaveLength(1)
})

test('where branches differ in their answer, the worst one wins and the checkpoint stays', async () => {
  const [state, answers]: [ReturnType<typeof memory>, Answer[]] = [memory(), []]
  const broken = collecting('broken', ['in'], [], () => {
    throw new Broken('for good')
  })
  const flow = runFlow(state.options([numbered('in', { rows: 3, answers }), collecting('good', ['in'], []), broken]))
  expect(await refusalOf(() => flow.finished)).toBe('pipeline.component_failed')
  expect(answers.map(({ error }) => error?.code)).toEqual(['pipeline.component_failed'])
  expect(state.saved.get('in')).toBeUndefined()
})

test('a component that fails is named with the code of its cause, in the error and in its status', async () => {
  const state = memory()
  const flow = runFlow(
    state.options([
      numbered('in', { rows: 3 }),
      changing('odd', ['in'], () => {
        throw new Broken('row 17 held a secret')
      }),
      collecting('out', ['odd'], []),
    ]),
  )
  const failure = await flow.finished.catch((error: unknown) => error)
  expect(failure).toBeInstanceOf(ComponentFailed)
  expect(failure).toMatchObject({ component: 'odd', reason: { code: 'test.broken' } })
  expect(failure instanceof Error ? failure.message : '').not.toContain('secret')
  expect(flow.metrics()[1]).toMatchObject({ state: 'failed', reason: { code: 'test.broken' }, errors: 1 })
  expect(state.logged).toContainEqual({ component: 'odd', template: 'component.failed' })
})

test('many sources into one sink: each gets the answers of its own batches', async () => {
  const [state, written]: [ReturnType<typeof memory>, Batch[]] = [memory(), []]
  const [left, right]: [Answer[], Answer[]] = [[], []]
  await runFlow(
    state.options([
      numbered('left', { rows: 4, answers: left }),
      numbered('right', { rows: 5, answers: right }),
      collecting('out', ['left', 'right'], written),
    ]),
  ).finished
  expect(numbersIn(written).sort()).toEqual([0, 0, 1, 1, 2, 2, 3, 3, 4])
  expect([left.at(-1)?.to, right.at(-1)?.to]).toEqual([4, 5])
  expect([state.saved.get('left'), state.saved.get('right')]).toEqual([{ numbers: 4 }, { numbers: 5 }])
})

test('where flows merge, a partition is told apart by the way it came', async () => {
  const [state, written]: [ReturnType<typeof memory>, Batch[]] = [memory(), []]
  const same = (batch: Batch): Batch => batch
  await runFlow(
    state.options([
      numbered('in', { rows: 3 }),
      changing('a', ['in'], same),
      changing('b', ['in'], same),
      changing('merged', ['a', 'b'], same),
      collecting('out', ['merged'], written),
    ]),
  ).finished
  expect(written.map(({ partition }) => partition).sort()).toEqual(['a/numbers', 'b/numbers'])
})

test('batches whose records were all dropped still travel, so that the checkpoint passes them', async () => {
  const [state, written]: [ReturnType<typeof memory>, Batch[]] = [memory(), []]
  const drop = changing('none', ['in'], (batch) => keepRecords(batch, []))
  await runFlow(state.options([numbered('in', { rows: 7 }), drop, collecting('out', ['none'], written)])).finished
  expect(written.map(({ from, to, records }) => [from, to, records.count])).toEqual([
    [0, 3, 0],
    [3, 6, 0],
    [6, 7, 0],
  ])
  expect(state.saved.get('in')).toEqual({ numbers: 7 })
})

test('a sink error that may pass is tried again until it works, in order, and counted', async () => {
  const [state, written]: [ReturnType<typeof memory>, Batch[]] = [memory(), []]
  let failures = 12
  const out = collecting('out', ['in'], written, () => {
    if (failures-- > 0) throw new Busy('not now')
  })
  const flow = runFlow(state.options([numbered('in', { rows: 6 }), out]))
  await flow.finished
  expect(numbersIn(written)).toEqual([0, 1, 2, 3, 4, 5])
  expect(flow.metrics()[1]).toMatchObject({ retries: 12, errors: 12, messagesOut: 6 })
  expect(flow.metrics()[1]?.reason).toBeUndefined()
  // The first failure and the eleventh are told, not all twelve.
  expect(state.logged.filter(({ template }) => template === 'component.retrying')).toHaveLength(2)
})

test('the checkpoint never passes a batch that is not written, though later ones are', async () => {
  const [state, answers, first]: [ReturnType<typeof memory>, Answer[], ReturnType<typeof gate>] = [memory(), [], gate()]
  const out = collecting('out', ['in'], [], (batch) => (batch.from === 0 ? first.opened : undefined), {
    inFlightMax: 4,
  })
  const flow = runFlow(state.options([numbered('in', { rows: 12, answers }), out]))
  await until('three batches are answered', () => answers.length >= 3, BRIEFLY_MS)
  expect(answers.map(({ from }) => from)).toEqual([3, 6, 9])
  expect(state.saved.get('in')).toBeUndefined()
  first.open()
  await flow.finished
  expect(state.saved.get('in')).toEqual({ numbers: 12 })
})

test('a source is read only while there is room: batches and bytes in flight are bounded', async () => {
  for (const limits of [
    { batchesInFlightMax: 4, bytesInFlightMax: 1_000_000 },
    // Rows of `{"n":0}` and their line ends are 8 bytes, from 10 on 9: four batches are 98, the bound not reached, five are over it.
    { batchesInFlightMax: 1_000, bytesInFlightMax: 99 },
  ]) {
    const [state, stuck]: [ReturnType<typeof memory>, ReturnType<typeof gate>] = [memory(), gate()]
    const out = collecting('out', ['in'], [], () => stuck.opened)
    const flow = runFlow(state.options([numbered('in', { rows: 2_000 }), out], { limits }))
    for (let turns = 0; turns < 50; turns++) await Bun.sleep(0)
    expect(flow.metrics()[0]?.messagesOut).toBe(limits.batchesInFlightMax === 4 ? 12 : 15)
    stuck.open()
    await flow.finished
    expect(flow.metrics()[1]?.messagesOut).toBe(2_000)
  }
})

test('a flow keeps nothing of the batches that it has answered', async () => {
  const [state, batches]: [ReturnType<typeof memory>, WeakRef<Batch>[]] = [memory(), []]
  const forgetful = Object.assign<Batch[], Pick<Batch[], 'push'>>([], { push: () => 0 })
  const components = [
    numbered('in', { rows: 3_000, endless: true }),
    changing('same', ['in'], (batch) => batch),
    collecting('out', ['same'], forgetful, (batch) => void batches.push(new WeakRef(batch))),
  ]
  const flow = runFlow(state.options(components))
  await until('a thousand batches went by', () => batches.length >= 1_000, BRIEFLY_MS)
  Bun.gc(true)
  await Bun.sleep(0)
  Bun.gc(true)
  expect(batches.filter((batch) => batch.deref() !== undefined).length).toBeLessThan(100)
  await flow.drain()
})

test('drain() reads no more, writes what is in flight, saves the checkpoint, and tells no sink that its sources ended', async () => {
  const [state, written]: [ReturnType<typeof memory>, Batch[]] = [memory(), []]
  let ended = 0
  const out = collecting('out', ['in'], written, undefined, { end: async () => void ended++ })
  const flow = runFlow(state.options([numbered('in', { rows: 6, endless: true }), out]))
  await until('two batches are written', () => written.length >= 2, BRIEFLY_MS)
  await flow.drain()
  expect(await flow.finished).toBe('drained')
  expect(state.saved.get('in')).toEqual({ numbers: 6 })
  expect(ended).toBe(0)
})

test('a sink is told once that all sources above it ended, after its last write', async () => {
  const state = memory()
  const events: string[] = []
  const out = collecting('out', ['left', 'right'], [], (batch) => void events.push(`write ${batch.partition}`), {
    end: async () => void events.push('end'),
  })
  await runFlow(state.options([numbered('left', { rows: 1 }), numbered('right', { rows: 1 }), out])).finished
  expect(events.toSorted()).toEqual(['end', 'write left/numbers', 'write right/numbers'])
  expect(events.at(-1)).toBe('end')
})

test('an aborted signal stops at once, with what is in flight unanswered for', async () => {
  const [state, answers]: [ReturnType<typeof memory>, Answer[]] = [memory(), []]
  const stop = new AbortController()
  const never = collecting('out', ['in'], [], () => new Promise<void>(() => undefined))
  const flow = runFlow(state.options([numbered('in', { rows: 3, answers }), never], { signal: stop.signal }))
  await until('all three rows have come in', () => flow.metrics()[1]?.messagesIn === 3, BRIEFLY_MS)
  stop.abort()
  expect(await refusalOf(() => flow.finished)).toBe('internal.cancelled')
  expect(answers.map(({ error }) => error?.code)).toEqual(['internal.cancelled'])
  expect(state.saved.get('in')).toBeUndefined()
})

test('a batch with refused records is answered only when its dead letters are durable', async () => {
  const [state, answers, durable]: [ReturnType<typeof memory>, Answer[], ReturnType<typeof gate>] = [
    memory(),
    [],
    gate(),
  ]
  let asked = false
  const letters = {
    add: async () => {
      asked = true
      await durable.opened
    },
  }
  const components = [numbered('in', { rows: 3, answers }), failingMap(), collecting('out', ['tidy'], [])]
  const flow = runFlow(state.options(components, { deadLetters: letters }))
  await until('the letter is handed over', () => asked, BRIEFLY_MS)
  for (let turns = 0; turns < 5; turns++) await Bun.sleep(0)
  expect(answers).toEqual([])
  durable.open()
  await flow.finished
  expect(answers).toHaveLength(1)
  expect(flow.metrics()[1]).toMatchObject({ refused: 3, messagesOut: 0 })
})

/** A `map` that refuses every record: its numbers are doubles, the 2 is an integer. */
function failingMap(): FlowComponent {
  return { name: 'tidy', type: 'map', from: ['in'], definition: mapTransform, config: { set: { n: 'n * 2' } } }
}

test('dead letters that are full, or cannot be kept for a while, hold the flow, and nothing is lost', async () => {
  for (const error of [new Busy('not now'), new Full('no room')]) {
    const state = memory()
    let failures = 3
    const letters = {
      add: async (added: readonly (typeof state.letters)[number][]) => {
        if (failures-- > 0) throw error
        state.letters.push(...added)
      },
    }
    const components = [numbered('in', { rows: 3 }), failingMap(), collecting('out', ['tidy'], [])]
    const flow = runFlow(state.options(components, { deadLetters: letters }))
    await flow.finished
    expect(state.letters.map(({ position }) => position)).toEqual([0, 1, 2])
    expect(flow.metrics()[1]?.retries).toBe(3)
  }
})

test('a bound that a write reaches fails its component: the same batch would reach it again', async () => {
  const state = memory()
  const full = collecting('out', ['in'], [], () => {
    throw new Full('too much')
  })
  const flow = runFlow(state.options([numbered('in', { rows: 3 }), full]))
  expect(await refusalOf(() => flow.finished)).toBe('pipeline.component_failed')
  expect(flow.metrics()[1]).toMatchObject({ state: 'failed', reason: { code: 'test.full' }, retries: 0 })
})
