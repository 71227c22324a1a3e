import { describe, expect, test } from 'bun:test'
import {
  HISTORY_COMPONENTS_MAX,
  History,
  SAMPLE_INTERVAL_MS,
  type Sampled,
} from '../../../src/runtime/history/history.ts'
import { decodeHistory, encodeHistory } from '../../../src/runtime/history/history-bytes.ts'
import { HISTORY_KEPT_MS, HistoryStore, ROWS_AT_ONCE } from '../../../src/runtime/history/history-store.ts'
import { between, HISTORY_RANGES, lastOf, RANGE_WORDS } from '../../../src/runtime/history/ranges.ts'
import { Ring } from '../../../src/runtime/history/ring.ts'
import { endsOf, throughputOf } from '../../../src/runtime/throughput.ts'
import { CHART_VALUES_MAX } from '../../../src/web/chart.tsx'
import { memoryFolder } from '../../support/folder.ts'
import { testStores } from '../../support/runtime/store.ts'
import { FakeClock } from '../../support/wire/parties.ts'

const T0 = Date.UTC(2026, 10, 24)
const WIRING = [
  { name: 'orders', from: [] },
  { name: 'tidy', from: ['orders'] },
  { name: 'kept', from: ['tidy'] },
]

describe('Ring', () => {
  test('adds up within a step and knows nothing of steps that it did not see', () => {
    const ring = new Ring(10, 4)
    ring.add(0, 1)
    ring.add(9, 2)
    ring.add(20, 5)
    expect(ring.read(0, 3, 30)).toEqual([3, undefined, 5])
  })

  test('tells a step only when it is over', () => {
    const ring = new Ring(10, 4)
    ring.add(10, 1)
    expect(ring.read(10, 1, 19)).toEqual([undefined])
    expect(ring.read(10, 1, 20)).toEqual([1])
  })

  test('lets the oldest go, and never shows it as something newer', () => {
    const ring = new Ring(10, 3)
    for (const step of [0, 1, 2, 3]) ring.add(step * 10, step + 1)
    expect(ring.read(0, 5, 100)).toEqual([undefined, 2, 3, 4, undefined])
    ring.add(1_000, 9)
    expect(ring.read(980, 3, 2_000)).toEqual([undefined, undefined, 9])
  })

  test('writes nothing for a clock that was set back', () => {
    const ring = new Ring(10, 3)
    ring.add(50, 5)
    ring.add(20, 1)
    expect(ring.read(20, 4, 100)).toEqual([undefined, undefined, undefined, 5])
  })
})

describe('History', () => {
  let nowMs = T0
  const clock = { now: () => nowMs }
  const worker = (out: number, deployment = 'dep_1', wiring = WIRING): Sampled => ({
    assignment: { deployment, components: wiring },
    counts: {
      rssBytes: 50_000_000,
      components: wiring.map(({ name }) => ({
        ...{
          name,
          type: 'x',
          state: 'running' as const,
          messagesIn: out,
          messagesOut: out,
          bytesIn: 0,
          bytesOut: out * 8,
        },
        ...{ errors: 0, retries: 0, refused: 0, executionMs: out / 2 },
      })),
    },
    pid: 1,
  })
  const window = () => lastOf('15m', nowMs)
  const known = (values: (number | undefined)[]) => values.filter((value) => value !== undefined)

  test('keeps what came between two looks, from the second look on, in the steps of every range', () => {
    nowMs = T0
    const history = new History(clock)
    for (const out of [1_000, 1_050, 1_150]) {
      history.sample([worker(out)])
      nowMs += 10_000
    }
    expect(known(history.component('dep_1', 'tidy', 'messagesOut', window()))).toEqual([50, 100])
    expect(known(history.component('dep_1', 'tidy', 'bytesOut', window()))).toEqual([400, 800])
    expect(known(history.total('in', window()))).toEqual([50, 100])
    expect(known(history.total('out', window()))).toEqual([50, 100])
    expect(known(history.memory('dep_1', window()))).toEqual([50_000_000, 50_000_000, 50_000_000])
    nowMs = T0 + 86_400_000 - 600_000
    expect(known(history.component('dep_1', 'tidy', 'messagesOut', lastOf('24h', nowMs)))).toEqual([150])
  })

  test('takes counts that went back for a new beginning', () => {
    nowMs = T0
    const history = new History(clock)
    for (const out of [1_000, 10, 30]) {
      history.sample([worker(out)])
      nowMs += 10_000
    }
    expect(known(history.component('dep_1', 'tidy', 'messagesOut', window()))).toEqual([0, 20])
  })

  test('keeps nothing of ends of bridges, whose names are new with every version', () => {
    nowMs = T0
    const history = new History(clock)
    for (let version = 1; version <= 3; version++) {
      const one = worker(version)
      const [end] = one.counts.components
      const components = end ? [...one.counts.components, { ...end, name: `br_${version}` }] : []
      for (let look = 0; look < 2; look++) history.sample([{ ...one, counts: { ...one.counts, components } }])
    }
    const names = new Set(history.kept('dep_1').map(({ component }) => component))
    expect([...names]).toEqual(['', 'orders', 'tidy', 'kept'])
  })

  test('forgets a component that no version had for thirty days, kept or not', () => {
    nowMs = T0
    const history = new History(clock)
    const later = WIRING.slice(0, 2)
    for (const out of [1, 2]) history.sample([worker(out)])
    const first = history.kept('dep_1')
    nowMs += HISTORY_RANGES['30d'].lengthMs
    history.sample([worker(3, 'dep_1', later)])
    const names = (from: History) => [...new Set(from.kept('dep_1').map(({ component }) => component))]
    expect(names(history)).toEqual(['', 'orders', 'tidy', 'kept'])
    nowMs += 1
    expect(names(history)).toEqual(['', 'orders', 'tidy'])
    const restored = new History(clock)
    restored.restore('dep_1', first)
    expect(names(restored)).toEqual(['', 'orders', 'tidy', 'kept'])
    nowMs += HISTORY_RANGES['30d'].stepMs
    expect(names(restored)).toEqual([''])
  })

  test('knows nothing of what it never saw, and forgets a deployment that is no more', () => {
    nowMs = T0
    const history = new History(clock)
    for (const out of [0, 5]) {
      history.sample([worker(out)])
      nowMs += 10_000
    }
    expect(known(history.component('dep_1', 'nobody', 'errors', window()))).toEqual([])
    expect(history.memory('dep_2', window())).toHaveLength(90)
    history.forget('dep_1')
    expect(known(history.component('dep_1', 'tidy', 'messagesOut', window()))).toEqual([])
  })

  test('keeps no more components than its bound; the others go on', () => {
    nowMs = T0
    const history = new History(clock)
    const wiring = Array.from({ length: HISTORY_COMPONENTS_MAX + 1 }, (_, i) => ({ name: `c${i}`, from: [] }))
    for (const out of [0, 5]) {
      history.sample([worker(out, 'dep_1', wiring)])
      nowMs += 10_000
    }
    const last = `c${HISTORY_COMPONENTS_MAX}`
    expect(known(history.component('dep_1', `c${HISTORY_COMPONENTS_MAX - 1}`, 'messagesOut', window()))).toEqual([5])
    expect(known(history.component('dep_1', last, 'messagesOut', window()))).toEqual([])
  })
})

describe('a range', () => {
  const NOW = T0 + 9 * 3_600_000 + 7_000

  test('has steps that are looked at twice, and no more of them than a chart takes', () => {
    for (const range of RANGE_WORDS) {
      const { fromMs, lengthMs, stepMs } = lastOf(range, NOW)
      expect(stepMs).toBeGreaterThanOrEqual(2 * SAMPLE_INTERVAL_MS)
      expect(lengthMs / stepMs).toBeLessThanOrEqual(CHART_VALUES_MAX)
      expect(fromMs % stepMs).toBe(0)
      expect(fromMs + lengthMs).toBeGreaterThan(NOW)
    }
  })

  test('is the finest that reaches back far enough, with whole steps around what was asked', () => {
    const asked = { fromMs: NOW - 65 * 60_000, toMs: NOW - 60 * 60_000, stepMs: 0 }
    expect(between(asked, NOW)).toEqual({
      ...{ range: '6h', stepMs: 120_000 },
      ...{ fromMs: T0 + 7 * 3_600_000 + 54 * 60_000, lengthMs: 8 * 60_000 },
    })
    expect(between({ ...asked, stepMs: 120_001 }, NOW).range).toBe('24h')
  })

  test('begins with what is kept and ends with now, whatever was asked', () => {
    for (const stepMs of [0, 10 * 86_400_000]) {
      const all = between({ fromMs: 0, toMs: NOW * 2, stepMs }, NOW)
      expect(all).toEqual(lastOf('30d', NOW))
    }
    expect(between({ fromMs: NOW + 60_000, toMs: NOW + 120_000, stepMs: 0 }, NOW).lengthMs).toBe(0)
    expect(HISTORY_RANGES['30d'].lengthMs).toBe(30 * 86_400_000)
  })
})

describe('throughput', () => {
  test('is what the first components take in and the last ones give out', () => {
    const components = WIRING.map(({ name }, i) => ({ name, inPerSecond: 10 * i, outPerSecond: 10 * i + 1 }))
    expect(throughputOf([{ wiring: WIRING, components }])).toEqual({ in: 1, out: 21 })
  })

  test('counts what comes over a bridge where it arrives', () => {
    const ends = endsOf([{ name: 'kept', from: ['far'] }])
    expect(ends.in.get('kept')).toBe('messagesIn')
    expect([...ends.out]).toEqual(['kept'])
  })

  test('is unknown where no component knows its rates', () => {
    expect(throughputOf([{ wiring: WIRING, components: [{ name: 'orders' }] }])).toEqual({
      in: undefined,
      out: undefined,
    })
  })
})

describe('a history over starts', () => {
  const window = (nowMs: number) => lastOf('15m', nowMs)
  const sampled = (out: number): Sampled => ({
    assignment: { deployment: 'dep_1', components: WIRING },
    counts: {
      rssBytes: 50_000_000,
      components: WIRING.map(({ name }) => ({
        ...{ name, type: 'x', state: 'running' as const, messagesIn: out, messagesOut: out, bytesIn: 0, bytesOut: out },
        ...{ errors: 0, retries: 0, refused: 0, executionMs: out },
      })),
    },
    pid: 1,
  })

  test('is kept now and then, a few rows at a time, and read again by the next process', async () => {
    using folder = memoryFolder()
    const clock = new FakeClock(T0)
    const { db } = await testStores(folder.path, clock)
    const history = new History(clock)
    const store = new HistoryStore(db, clock)
    for (let at = 1; at <= 20; at++) {
      clock.advance(10_000)
      history.sample([sampled(at * 7)])
      await store.keepSome(history)
    }
    const rows = () => db.select().from(db.tables.runtimeHistory)
    expect(await rows()).toEqual([])
    clock.advance(HISTORY_KEPT_MS)
    await store.keepSome(history)
    expect(await rows()).toHaveLength(1)
    const next = new History(clock)
    await new HistoryStore(db, clock).load(next)
    for (const count of ['messagesOut', 'executionMs'] as const) {
      const before = history.component('dep_1', 'tidy', count, window(clock.now()))
      expect(before.some((value) => value === 7)).toBe(true)
      expect(next.component('dep_1', 'tidy', count, window(clock.now()))).toEqual(before)
    }
    expect(next.memory('dep_1', window(clock.now()))).toEqual(history.memory('dep_1', window(clock.now())))
    await store.forget('dep_1')
    expect(await rows()).toEqual([])
    db.close()
  })

  test('no more rows at once than are said, and all of them at the end', async () => {
    using folder = memoryFolder()
    const clock = new FakeClock(T0)
    const { db } = await testStores(folder.path, clock)
    const history = new History(clock)
    const store = new HistoryStore(db, clock)
    const many = Array.from({ length: ROWS_AT_ONCE + 1 }, (_, i) => {
      const one = sampled(1)
      return { ...one, assignment: { ...one.assignment, deployment: `dep_${i}` } }
    })
    history.sample(many)
    await store.keepSome(history)
    clock.advance(HISTORY_KEPT_MS)
    await store.keepSome(history)
    expect(await db.select().from(db.tables.runtimeHistory)).toHaveLength(ROWS_AT_ONCE)
    await store.keepAll(history)
    expect(await db.select().from(db.tables.runtimeHistory)).toHaveLength(ROWS_AT_ONCE + 1)
    db.close()
  })

  test('a row of another form, or cut, is no history and no fault', () => {
    const history = new History({ now: () => T0 })
    history.sample([sampled(1)])
    const bytes = encodeHistory(history.kept('dep_1'))
    expect(encodeHistory(decodeHistory(bytes))).toEqual(bytes)
    expect(decodeHistory(bytes).length).toBeGreaterThan(0)
    for (const cut of [0, 3, 10, bytes.length - 1]) expect(decodeHistory(bytes.subarray(0, cut))).toEqual([])
    const [ring] = history.kept('dep_1')
    if (!ring) throw new Error('no ring')
    const other = new History({ now: () => T0 })
    other.restore('dep_1', [{ ...ring, values: new Float32Array(3) }])
    expect(other.kept('dep_1')[0]?.newest).toBe(-1)
  })
})
