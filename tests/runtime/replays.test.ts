/** Refused records go through their flow again: in one process, with the flow's end where each test puts it. */
import { afterEach, beforeEach, expect, test } from 'bun:test'
import { systemRandom, utf8 } from '../../src/base/mod.ts'
import {
  type Batch,
  defineSink,
  defineTransform,
  type FlowComponent,
  Records,
  runFlow,
} from '../../src/pipeline/mod.ts'
import { refusalOf as refusalOfRecord } from '../../src/pipeline/sound-rows.ts'
import { DeadLetterJournal, recordOf } from '../../src/runtime/dead-letters/dead-letter-journal.ts'
import { RANGES_MAX } from '../../src/runtime/dead-letters/letter-state.ts'
import { LetterReplays } from '../../src/runtime/dead-letters/replays.ts'
import { memoryFolder, type TemporaryFolder } from '../support/folder.ts'
import { Nothing, numbered } from '../support/pipeline/components.ts'
import { type Memory, memory } from '../support/pipeline/memory.ts'
import { refusalOf } from '../support/refusal.ts'
import { BRIEFLY_MS, until } from '../support/until.ts'
import { FakeClock } from '../support/wire/parties.ts'

const clock = new FakeClock()
let folder: TemporaryFolder
let journal: DeadLetterJournal
let state: Memory
let logged: string[]

beforeEach(async () => {
  folder = memoryFolder()
  state = memory()
  logged = []
  await reopen()
})
afterEach(async () => {
  await journal.close()
  folder[Symbol.dispose]()
})

async function reopen(): Promise<void> {
  await journal?.close()
  const key = new Uint8Array(32).fill(3)
  journal = await DeadLetterJournal.open({
    folder: folder.path,
    key,
    bytesMax: 16_777_216,
    clock,
    random: systemRandom,
  })
}

const nOf = (batch: Batch, i: number): number => Number(batch.records.rows()[i]?.['n'])

/** Refuses what `refuses` says, by the record's `n`. */
function picky(name: string, from: string[], refuses: (n: number) => boolean): FlowComponent {
  const definition = defineTransform({
    ...{ type: 'picky', summary: 'Refuses.', config: Nothing, example: {}, touches: () => ({}) },
    fields: (_config, input) => input,
    open: async (_config, context) => ({
      async apply(batch) {
        const refused = [...Array(batch.records.count).keys()].filter((i) => refuses(nOf(batch, i)))
        await context.refuse(refused.map((i) => refusalOfRecord(batch, i, { code: 'picky.refused' })))
        const rows = batch.records.rows().filter((_, i) => !refused.includes(i))
        return { ...batch, at: undefined, records: Records.fromRows([...rows]) }
      },
      close: async () => undefined,
    }),
  })
  return { name, type: 'picky', from, definition, config: {} }
}

/** A sink that keeps positions as the real ones do, in memory that outlives flows; `write` may throw. */
function keeping(name: string, from: string[], kept: Kept, write: () => void = () => undefined): FlowComponent {
  const definition = defineSink({
    ...{
      type: 'keeping',
      summary: 'Keeps.',
      config: Nothing,
      example: {},
      touches: () => ({}),
      delivery: 'exactly-once',
    },
    open: async () => ({
      async write(batch) {
        const position = kept.positions.get(batch.partition) ?? 0
        if (batch.to > position) {
          for (let i = 0; i < batch.records.count; i++) kept.rows.push(nOf(batch, i))
          kept.positions.set(batch.partition, batch.to)
        }
        write()
      },
      close: async () => undefined,
    }),
  })
  return { name, type: 'keeping', from, definition, config: {} }
}

type Kept = { rows: number[]; positions: Map<string, number> }
const nothingKept = (): Kept => ({ rows: [], positions: new Map() })

function run(components: FlowComponent[], signal?: AbortSignal) {
  const replays = new LetterReplays(journal, (_level, template) => logged.push(template))
  const flow = runFlow(state.options(components, { deadLetters: journal, replays, ...(signal && { signal }) }))
  return { flow, replays }
}

const numbersLeft = async (): Promise<number[]> =>
  (await journal.list(1, 256)).letters.map((letter) => JSON.parse(Buffer.from(recordOf(letter)).toString()).n as number)

/** Ten records of which the odd ones were refused. */
async function refuseOdd(kept: Kept): Promise<void> {
  const flow = run([
    numbered('in', { rows: 10 }),
    picky('odd', ['in'], (n) => n % 2 === 1),
    keeping('out', ['odd'], kept),
  ])
  await flow.flow.finished
  expect(await numbersLeft()).toEqual([1, 3, 5, 7, 9])
}

test('letters go through the component that refused them, to the sink, once; those not chosen stay', async () => {
  const kept = nothingKept()
  await refuseOdd(kept)
  expect((await journal.queue({ numbers: [4, 2, 4, 2, 99, 0] })).queued).toBe(2)
  expect((await journal.queue({ numbers: [2] })).queued).toBe(0)
  expect((await journal.list(1, 10)).letters.map(({ replaying }) => replaying ?? false)).toEqual([
    false,
    true,
    false,
    true,
    false,
  ])
  const again = run([numbered('in', { rows: 10 }), picky('odd', ['in'], () => false), keeping('out', ['odd'], kept)])
  await again.flow.finished
  expect(kept.rows).toEqual([0, 2, 4, 6, 8, 3, 7])
  expect(await numbersLeft()).toEqual([1, 5, 9])
  expect(journal.count).toBe(3)
  await reopen()
  expect(await numbersLeft()).toEqual([1, 5, 9])
})

test('a running flow takes them as they are chosen, with a filter too', async () => {
  const kept = nothingKept()
  await refuseOdd(kept)
  const never = numbered('in', { rows: 10, endless: true })
  const { flow, replays } = run([never, picky('odd', ['in'], () => false), keeping('out', ['odd'], kept)])
  expect((await journal.queue({ through: 5, code: 'other.code' })).queued).toBe(0)
  expect((await journal.queue({ through: 3, component: 'odd', code: 'picky.refused' })).queued).toBe(3)
  replays.woken()
  await until('three letters are taken', () => journal.count <= 2, BRIEFLY_MS)
  expect(flow.takesReplays(['odd'])).toBe(true)
  await flow.drain()
  expect(flow.takesReplays(['odd'])).toBe(false)
  expect(kept.rows.slice(5)).toEqual([1, 3, 5])
})

test('one that is refused again comes back as one letter, where the record is from and why, however often', async () => {
  const kept = nothingKept()
  await refuseOdd(kept)
  const [before] = (await journal.list(1, 1)).letters
  for (let round = 0; round < 3; round++) {
    expect((await journal.queue({ through: 1_000 })).queued).toBe(5)
    const still = [numbered('in', { rows: 10 }), picky('odd', ['in'], (n) => n < 4), keeping('out', ['odd'], kept)]
    if (round > 0) still[1] = picky('odd', ['in'], () => true)
    await run(still).flow.finished
    if (round === 0) expect((await numbersLeft()).sort()).toEqual([1, 3])
    // What arrived does not wait any more; fill up, so that each round has five.
    if (round === 0) await journal.add([5, 7, 9].map((n) => letter(n)))
    expect(journal.count).toBe(5)
  }
  expect((await numbersLeft()).sort()).toEqual([1, 3, 5, 7, 9])
  const after = (await journal.list(1, 10)).letters.find(({ position }) => position === before?.position)
  expect(after).toMatchObject({
    component: 'odd',
    partition: 'numbers',
    position: 1,
    reason: { code: 'picky.refused' },
  })
  expect(await journal.counts()).toEqual([{ component: 'odd', code: 'picky.refused', count: 5 }])
})

function letter(n: number) {
  const record = utf8(JSON.stringify({ n }))
  const reason = { code: 'picky.refused' }
  return { component: 'odd', partition: 'numbers', position: n, reason, record, form: '{"format":"json_lines"}' }
}

test('a flow that ends in the middle leaves them in the row: the next one sends them again, and no sink has them twice', async () => {
  for (const where of ['before it is refused', 'after it was refused', 'after it was written'] as const) {
    const kept = nothingKept()
    await journal.close()
    folder[Symbol.dispose]()
    folder = memoryFolder()
    await reopen()
    state = memory()
    await refuseOdd(kept)
    await journal.queue({ through: 1_000 })
    const stop = new AbortController()
    const components = (at?: typeof where): FlowComponent[] => [
      numbered('in', { rows: 10, endless: true }),
      picky('odd', ['in'], (n) => {
        if (at === 'before it is refused') stop.abort()
        return n === 5
      }),
      picky('tidy', ['odd'], () => {
        if (at === 'after it was refused') stop.abort()
        return false
      }),
      keeping('out', ['tidy'], kept, () => {
        if (at === 'after it was written') stop.abort()
      }),
    ]
    await run(components(where), stop.signal).flow.finished.catch(() => undefined)
    await reopen()
    const { flow } = run(components())
    const allTaken = async () => (await numbersLeft()).length <= 1 && !(await journal.list(1, 1)).letters[0]?.replaying
    await until('one letter is left, and none on its way', allTaken, BRIEFLY_MS)
    await flow.drain()
    expect(kept.rows.toSorted()).toEqual([0, 1, 2, 3, 4, 6, 7, 8, 9])
    expect(await numbersLeft()).toEqual([5])
    expect(await journal.counts()).toMatchObject([{ component: 'odd', count: 1 }])
  }
})

test('where flows merge and where they split, a letter keeps its way and every branch gets it', async () => {
  const [left, right] = [nothingKept(), nothingKept()]
  const flow = (refuses: (n: number) => boolean) =>
    run([
      numbered('a', { rows: 3 }),
      numbered('b', { rows: 3, partition: 'more' }),
      picky('odd', ['a', 'b'], refuses),
      keeping('left', ['odd'], left),
      keeping('right', ['odd', 'a'], right),
    ]).flow.finished
  await flow((n) => n === 1)
  expect((await journal.list(1, 10)).letters.map(({ partition }) => partition).sort()).toEqual(['a/numbers', 'b/more'])
  await journal.queue({ through: 10 })
  await flow(() => false)
  expect(left.rows.toSorted()).toEqual([0, 0, 1, 1, 2, 2])
  expect(right.rows.toSorted()).toEqual([0, 0, 0, 1, 1, 1, 2, 2, 2])
  expect(journal.count).toBe(0)
})

test('the same record refused twice is one letter, over restarts too; another record at its place is another letter', async () => {
  await journal.add([letter(1), letter(2), letter(1)])
  await journal.add([letter(2)])
  expect(journal.count).toBe(2)
  await reopen()
  await journal.add([letter(1), { ...letter(1), component: 'other' }, { ...letter(1), record: utf8('{"n":8}') }])
  expect(journal.count).toBe(4)
  expect(await journal.drop({ numbers: [1] })).toBe(1)
  await journal.add([letter(1)])
  expect(journal.count).toBe(4)
})

test('what cannot go is a refused record like before: cut, of a component that is gone, or of one that has ended', async () => {
  const { form: _form, ...cut } = letter(1)
  await journal.add([cut, { ...letter(2), component: 'gone' }, { ...letter(3), component: 'in' }, letter(4)])
  expect((await journal.list(1, 10)).letters.map(({ whole }) => whole)).toEqual([false, true, true, true])
  expect((await journal.queue({ through: 10 })).queued).toBe(3)
  const kept = nothingKept()
  await run([numbered('in', { rows: 1 }), picky('odd', ['in'], () => false), keeping('out', ['odd'], kept)]).flow
    .finished
  expect(await numbersLeft()).toEqual([1, 2, 3])
  expect(logged).toEqual(['dead_letters.component_gone', 'dead_letters.component_gone'])
})

test('one whose component has ended in a flow that goes on is left to the next flow, which takes it', async () => {
  const kept = nothingKept()
  await refuseOdd(kept)
  const components = (endless: boolean): FlowComponent[] => [
    numbered('in', { rows: 10 }),
    picky('odd', ['in'], () => false),
    keeping('out', ['odd'], kept),
    numbered('other', { rows: 1, endless }),
    keeping('elsewhere', ['other'], nothingKept()),
  ]
  const { flow, replays } = run(components(true))
  await until('that branch has ended', () => flow.metrics()[2]?.state === 'stopped', BRIEFLY_MS)
  expect([flow.takesReplays(['odd']), flow.takesReplays(['elsewhere']), flow.takesReplays([])]).toEqual([
    false,
    true,
    true,
  ])
  const { components: chosen, queued, waiting } = await journal.queue({ numbers: [1, 2], takers: ['odd', 'out'] })
  expect({ chosen, queued, waiting }).toEqual({ chosen: ['odd'], queued: 2, waiting: 2 })
  // It may have ended between the question and its turn.
  replays.woken()
  await until('the flow has put it off', () => logged.includes('dead_letters.component_ended'), BRIEFLY_MS)
  expect([flow.takesReplays([]), journal.state.waiting]).toEqual([false, 2])
  await flow.drain()
  await run(components(false)).flow.finished
  expect(kept.rows.slice(5)).toEqual([1, 3])
  expect(journal.state.waiting).toBe(0)
})

test('letters of a component that takes no records are not queued, and counted', async () => {
  await journal.add([letter(1), { ...letter(2), component: 'gone' }])
  expect(await journal.queue({ through: 10, takers: ['odd'] })).toMatchObject({ queued: 1, gone: 1 })
  expect(journal.state.waiting).toBe(1)
})

test('a letter on which the worker ends again and again is left alone, and the others go', async () => {
  await journal.add([letter(1), letter(2)])
  await journal.queue({ through: 2 })
  for (let died = 0; died < 3; died++) {
    expect(await new LetterReplays(journal, () => undefined).next()).toBeDefined()
    await reopen()
  }
  const kept = nothingKept()
  await run([numbered('in', { rows: 1 }), picky('odd', ['in'], () => false), keeping('out', ['odd'], kept)]).flow
    .finished
  expect(logged).toEqual(['dead_letters.replay_given_up'])
  expect(await numbersLeft()).toEqual([1])
  expect(kept.rows).toEqual([0, 2])
})

test('letters that are dropped while they wait are gone; what is scattered too widely is refused, and nothing is changed', async () => {
  await journal.add(Array.from({ length: 2 * RANGES_MAX + 10 }, (_, n) => letter(n)))
  await journal.queue({ numbers: [2, 3] })
  expect(await journal.drop({ numbers: [3] })).toBe(1)
  expect(journal.count).toBe(2 * RANGES_MAX + 9)
  await journal.drop({ numbers: Array.from({ length: RANGES_MAX - 2 }, (_, i) => 11 + 2 * i) })
  const before = journal.count
  expect(await refusalOf(() => journal.queue({ numbers: [12, 14] }))).toBe('dead_letter.scattered')
  expect(journal.count).toBe(before)
  expect(await journal.drop({ through: 100_000 })).toBe(before)
  expect(journal.count).toBe(0)
})
