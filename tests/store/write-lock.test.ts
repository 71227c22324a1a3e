import { expect, test } from 'bun:test'
import { WriteLock } from '../../src/store/write-lock.ts'
import { ManualClock } from '../support/bridge/manual-clock.ts'
import { refusalOf } from '../support/refusal.ts'

test('writers run one after another in the order of their asking, failed ones too', async () => {
  const lock = new WriteLock()
  const order: number[] = []
  const write = (n: number): Promise<void> =>
    lock.run(async () => {
      order.push(n)
      await Promise.resolve()
      order.push(-n)
      if (n === 2) throw new RangeError('a failure of a writer')
    })
  const results = await Promise.allSettled([write(1), write(2), write(3)])
  expect(order).toEqual([1, -1, 2, -2, 3, -3])
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
})

test('a write within a transaction, but not through it, is refused as busy instead of waiting for itself', async () => {
  const lock = new WriteLock(5)
  const outer = lock.run(() => refusalOf(() => lock.run(() => Promise.resolve())))
  expect(await outer).toBe('store.busy')
})

test('one that gave up waiting leaves the line in order', async () => {
  const lock = new WriteLock(5)
  let release = (): void => undefined
  const held = lock.run(() => new Promise<void>((resolve) => (release = resolve)))
  expect(await refusalOf(() => lock.run(() => Promise.resolve()))).toBe('store.busy')
  const next = lock.run(() => Promise.resolve('next'))
  release()
  await held
  expect(await next).toBe('next')
})

test('how long one waits is the clock’s to say, and a turn that has come is not lost to it', async () => {
  const clock = new ManualClock()
  const lock = new WriteLock(10_000, clock)
  let release = (): void => undefined
  const held = lock.run(() => new Promise<void>((resolve) => (release = resolve)))
  const waiting = lock.run(() => Promise.resolve('written'))
  clock.advance(9_999)
  release()
  await held
  clock.advance(10_000)
  expect(await waiting).toBe('written')
  expect(clock.sleeping).toBe(0)
})

test('nobody gives up waiting for work that is known to take long; for what comes after it, as ever', async () => {
  const clock = new ManualClock()
  const lock = new WriteLock(10_000, clock)
  let release = (): void => undefined
  const long = lock.runLong(() => new Promise<void>((resolve) => (release = resolve)))
  const waiting = lock.run(() => Promise.resolve('written'))
  for (let times = 0; times < 10; times++) {
    clock.advance(10_000)
    await Promise.resolve()
  }
  release()
  await long
  expect(await waiting).toBe('written')
  let end = (): void => undefined
  const stuck = lock.run(() => new Promise<void>((resolve) => (end = resolve)))
  const refused = refusalOf(() => lock.run(() => Promise.resolve()))
  clock.advance(10_000)
  expect(await refused).toBe('store.busy')
  end()
  await stuck
})
