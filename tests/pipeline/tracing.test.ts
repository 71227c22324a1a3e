import { expect, test } from 'bun:test'
import { AppError, systemRandom } from '../../src/base/mod.ts'
import { type Batch, type FlowComponent, Records, runFlow } from '../../src/pipeline/mod.ts'
import { BatchSampler, TRACES_PER_SECOND_MAX } from '../../src/pipeline/tracing.ts'
import type { BatchSpan } from '../../src/wire/mod.ts'
import { frozenClock } from '../support/frozen-clock.ts'
import { changing, collecting, numbered } from '../support/pipeline/components.ts'
import { memory } from '../support/pipeline/memory.ts'

class Broken extends AppError {
  override readonly code = 'test.broken' as const
}

const BATCH: Batch = {
  partition: 'canary',
  from: 0,
  to: 1,
  at: undefined,
  records: Records.fromRows([{ n: 'canary' }]),
}

async function followed(components: FlowComponent[]): Promise<BatchSpan[]> {
  const spans: BatchSpan[] = []
  const tracing = { oneIn: 1, take: (span: BatchSpan) => void spans.push(span) }
  await runFlow(memory().options(components, { tracing })).finished.catch(() => undefined)
  return spans
}

test('a batch that is followed has a span of its own, and one beneath it for each component that it came to', async () => {
  const same = (batch: Batch) => batch
  const spans = await followed([
    numbered('in', { rows: 3 }),
    changing('clean', ['in'], same),
    collecting('left', ['clean'], []),
    { ...collecting('right', ['in'], []), type: 'bridge_out' },
  ])
  const root = spans.find(({ step }) => step === 'batch')
  expect(spans.map(({ step, component, parent }) => [step, component, parent]).sort()).toEqual([
    ['batch', 'in', undefined],
    ['send', 'right', root?.span],
    ['transform', 'clean', root?.span],
    ['write', 'left', root?.span],
  ])
  // The answer for the batch comes last, and covers all of it.
  expect(spans.at(-1)).toBe(root)
  expect(new Set(spans.map(({ trace }) => trace)).size).toBe(1)
  expect(new Set(spans.map(({ span }) => span)).size).toBe(4)
  for (const span of spans) {
    expect(span.trace).toMatch(/^[0-9a-f]{32}$/)
    expect(span.span).toMatch(/^[0-9a-f]{16}$/)
    expect(span.records).toBe(3)
    expect(span.bytes).toBeGreaterThan(0)
    expect(span.startMs).toBeGreaterThanOrEqual(root?.startMs ?? 0)
    expect(span.startMs + span.durationMs).toBeLessThanOrEqual((root?.startMs ?? 0) + (root?.durationMs ?? 0) + 0.01)
    expect(span.failure).toBeUndefined()
  }
})

test('what failed is told by its code, and so is the batch', async () => {
  const broken = () => {
    throw new Broken('canary-of-a-record')
  }
  const written = await followed([numbered('in', { rows: 3 }), collecting('out', ['in'], [], broken)])
  expect(written.map(({ step, failure }) => [step, failure])).toEqual([
    ['write', 'test.broken'],
    ['batch', 'test.broken'],
  ])
  const changed = await followed([
    numbered('in', { rows: 3 }),
    changing('clean', ['in'], broken),
    collecting('out', ['clean'], []),
  ])
  expect(changed.map(({ step, failure }) => [step, failure])).toEqual([
    ['transform', 'test.broken'],
    ['batch', 'test.broken'],
  ])
  expect(JSON.stringify([written, changed])).not.toContain('canary')
})

test('the first batch is followed, so that a flow that moves little shows something; those after it are rare', async () => {
  const spans: BatchSpan[] = []
  const none = { oneIn: 1_000_000, take: (span: BatchSpan) => void spans.push(span) }
  const state = memory()
  const flow = runFlow(state.options([numbered('in', { rows: 30 }), collecting('out', ['in'], [])], { tracing: none }))
  await flow.finished
  // The first one is followed; of those after it one in a million.
  expect(spans.map(({ step }) => step)).toEqual(['write', 'batch'])
})

test('one batch in so many is followed on average, and not always one of the same source', () => {
  const clock = frozenClock()
  const sampler = new BatchSampler({ oneIn: 10, take: () => undefined, clock, random: systemRandom })
  let [even, odd] = [0, 0]
  for (let batch = 0; batch < 20_000; batch++) {
    clock.advance(100)
    if (!sampler.next('in', BATCH)) continue
    if (batch % 2 === 0) even++
    else odd++
  }
  // 2,000 are expected, with a deviation of ≈ 26; these bounds are ten of them.
  expect(even + odd).toBeGreaterThan(1_740)
  expect(even + odd).toBeLessThan(2_260)
  expect(Math.min(even, odd)).toBeGreaterThan(700)
})

test('in any one second no more than the bound are followed, however many there are', () => {
  const clock = frozenClock()
  const sampler = new BatchSampler({ oneIn: 1, take: () => undefined, clock, random: systemRandom })
  const inOneSecond = () => Array.from({ length: 1_000 }, () => sampler.next('in', BATCH)).filter(Boolean).length
  expect(inOneSecond()).toBe(TRACES_PER_SECOND_MAX)
  clock.advance(999)
  expect(inOneSecond()).toBe(0)
  clock.advance(1)
  expect(inOneSecond()).toBe(TRACES_PER_SECOND_MAX)
})
