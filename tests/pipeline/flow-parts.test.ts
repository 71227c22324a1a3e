/** The small parts of the engine, each alone. */
import { expect, test } from 'bun:test'
import { AppError, Cancelled } from '../../src/base/mod.ts'
import { Budget } from '../../src/pipeline/budget.ts'
import { Delivery } from '../../src/pipeline/delivery.ts'
import { isRetryable, reasonOf } from '../../src/pipeline/mod.ts'
import { untilAborted } from '../../src/pipeline/until-aborted.ts'

class Named extends AppError {
  override readonly code = 'test.named' as const
  readonly item = 'x'.repeat(300)
}
class Full extends AppError {
  override readonly code = 'test.full' as const
  override readonly kind = 'limit' as const
}

class FullForNow extends Full {
  readonly retryable = true
}
class Away extends AppError {
  override readonly code = 'test.away' as const
  override readonly kind = 'unavailable' as const
}
class AwayForGood extends Away {
  readonly retryable = false
}

function delivery(): { delivery: Delivery; settled: unknown[] } {
  const settled: unknown[] = []
  return { delivery: new Delivery((error) => settled.push(error)), settled }
}

test('a delivery settles once, when its last place has answered', () => {
  const { delivery: one, settled } = delivery()
  one.spread(2)
  one.settle()
  one.settle()
  expect(settled).toEqual([])
  one.settle()
  expect(settled).toEqual([undefined])
  one.settle('late')
  one.abandon('later')
  expect(settled).toEqual([undefined])
})

test('the first error of a delivery is its answer, whatever the other places say', () => {
  const { delivery: one, settled } = delivery()
  one.spread(2)
  one.settle()
  one.settle('first')
  one.settle('second')
  expect(settled).toEqual(['first'])
})

test('an abandoned delivery answers at once, and what comes after does not matter', () => {
  const { delivery: one, settled } = delivery()
  one.spread(5)
  one.abandon('stopped')
  one.settle()
  expect(settled).toEqual(['stopped'])
})

test('a budget lets one in at a time, at the bound of either batches or bytes', async () => {
  const budget = new Budget(2, 100)
  const waits = async (): Promise<boolean> => {
    let entered = false
    void budget.room().then(() => {
      entered = true
    })
    await Promise.resolve()
    await Promise.resolve()
    return !entered
  }
  budget.take(1)
  expect(await waits()).toBe(false)
  budget.take(1)
  expect(await waits()).toBe(true)
  budget.give(1)
  expect(await waits()).toBe(false)
  budget.take(98)
  budget.give(1)
  expect(await waits()).toBe(false)
  budget.take(2)
  expect(await waits()).toBe(true)
  budget.give(98)
  expect(await waits()).toBe(false)
})

test('a budget that is told to stop lets the waiting one go', async () => {
  const budget = new Budget(1, 100)
  budget.take(1)
  const room = budget.room()
  budget.stopWaiting()
  await room
})

test('untilAborted() gives what the work gives, or that the signal came first', async () => {
  const { signal } = new AbortController()
  expect(await untilAborted(Promise.resolve(7), signal)).toBe(7)
  expect(await untilAborted(Promise.reject(new Full('x')), signal).catch((error: unknown) => error)).toBeInstanceOf(
    Full,
  )
  const stop = new AbortController()
  const waiting = untilAborted(new Promise<never>(() => undefined), stop.signal)
  stop.abort()
  expect(await waiting).toBe('aborted')
  expect(await untilAborted(new Promise<never>(() => undefined), stop.signal)).toBe('aborted')
})

test('a reason has the code and the item of its error, cut to what a message takes, and never the text', () => {
  expect(reasonOf(new Named('secret'))).toEqual({ code: 'test.named', item: 'x'.repeat(256) })
  expect(reasonOf(new Full('secret'))).toEqual({ code: 'test.full' })
  expect(reasonOf(new Error('secret'))).toEqual({ code: 'internal.unexpected' })
})

test('only what may pass by itself is tried again: what is unavailable, unless an error says otherwise of itself', () => {
  for (const error of [new Away('x'), new FullForNow('x')]) expect(isRetryable(error)).toBe(true)
  for (const error of [new Named('x'), new Full('x'), new AwayForGood('x'), new Cancelled('x'), new Error('x'), 'x'])
    expect(isRetryable(error)).toBe(false)
})
