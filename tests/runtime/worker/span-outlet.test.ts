import { expect, test } from 'bun:test'
import * as v from 'valibot'
import { SPANS_WAITING_MAX, SpanOutlet } from '../../../src/runtime/worker/span-outlet.ts'
import { type BatchSpan, SPANS_MAX, WorkerNews } from '../../../src/wire/mod.ts'

const SPAN: BatchSpan = {
  ...{ trace: 'a'.repeat(32), span: 'b'.repeat(16), step: 'batch', component: 'in' },
  ...{ startMs: 1, durationMs: 1, records: 1, bytes: 1 },
}

test('while main takes none, spans beyond the bound are dropped and counted; then all that waited arrive in messages that parse', async () => {
  const told: Extract<WorkerNews, { news: 'spans' }>[] = []
  const main = Promise.withResolvers<void>()
  const outlet = new SpanOutlet(async (news) => {
    if (news.news === 'spans') told.push(news)
    expect(v.is(WorkerNews, news)).toBe(true)
    await main.promise
  })
  outlet.take(SPAN)
  for (let index = 0; index < SPANS_WAITING_MAX + 1; index++) outlet.take(SPAN)
  expect(told.length).toBe(1)
  main.resolve()
  await outlet.told()
  expect(told.reduce((sum, { spans }) => sum + spans.length, 0)).toBe(1 + SPANS_WAITING_MAX)
  expect(told.reduce((sum, { dropped }) => sum + dropped, 0)).toBe(1)
  expect(Math.max(...told.map(({ spans }) => spans.length))).toBe(SPANS_MAX)
  outlet.take(SPAN)
  await outlet.told()
  expect(told.at(-1)?.spans.length).toBe(1)
})

test('that main is gone is no failure of the flow', async () => {
  const outlet = new SpanOutlet(() => Promise.reject(new Error('gone')))
  outlet.take(SPAN)
  await outlet.told()
})
