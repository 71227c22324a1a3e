import { expect, test } from 'bun:test'
import { WriteLock } from '../../src/store/write-lock.ts'
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
