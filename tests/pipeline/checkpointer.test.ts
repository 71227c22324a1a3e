import { expect, test } from 'bun:test'
import { Checkpointer } from '../../src/pipeline/checkpointer.ts'
import { ManualClock } from '../support/bridge/manual-clock.ts'

function opened(save: () => Promise<void> = async () => undefined) {
  const clock = new ManualClock()
  const saves: Record<string, number>[] = []
  const failures: unknown[] = []
  const checkpointer = new Checkpointer({
    component: 'in',
    clock,
    checkpoints: {
      load: async () => new Map(),
      forget: async () => undefined,
      save: async (_component, positions) => {
        saves.push(Object.fromEntries(positions))
        await save()
      },
    },
    insist: (attempt) => attempt(),
    onFailure: (error) => failures.push(error),
  })
  const done = (finish: () => void): void => {
    finish()
    checkpointer.moved()
  }
  /** Lets everything that is ready run, and the interval between two saves pass. */
  const interval = async (): Promise<void> => {
    await new Promise((resolve) => setImmediate(resolve))
    clock.advance(250)
    await new Promise((resolve) => setImmediate(resolve))
  }
  return { checkpointer, clock, saves, failures, done, interval }
}

test('an answer that came out of order moves nothing, and what follows it is saved all the same', async () => {
  const { checkpointer, saves, done, interval } = opened()
  const [a, b, c] = [3, 5, 9].map((to) => checkpointer.positions.begin('p', to))
  if (!a || !b || !c) throw new Error('no ranges')
  done(b)
  await interval()
  expect(saves).toEqual([])
  done(a)
  await interval()
  expect(saves).toEqual([{ p: 5 }])
  done(c)
  await interval()
  expect(saves).toEqual([{ p: 5 }, { p: 9 }])
})

test('what is done while a save is under way, or in the wait after it, is saved by the next one, an interval later', async () => {
  let finishSave = (): void => undefined
  const { checkpointer, clock, saves, done, interval } = opened(
    () =>
      new Promise((resolve) => {
        finishSave = resolve
      }),
  )
  const finishers = [1, 2, 3].map((to) => checkpointer.positions.begin('p', to))
  const [a, b, c] = finishers
  if (!a || !b || !c) throw new Error('no ranges')
  done(a)
  done(b)
  await interval()
  expect(saves).toEqual([{ p: 1 }])
  finishSave()
  await new Promise((resolve) => setImmediate(resolve))
  done(c)
  clock.advance(249)
  await new Promise((resolve) => setImmediate(resolve))
  expect(saves).toEqual([{ p: 1 }])
  clock.advance(1)
  await new Promise((resolve) => setImmediate(resolve))
  expect(saves).toEqual([{ p: 1 }, { p: 3 }])
  finishSave()
})

test('flush() does not wait for the interval, and nothing is saved twice', async () => {
  const { checkpointer, clock, saves, done } = opened()
  const [a, b] = [3, 5].map((to) => checkpointer.positions.begin('p', to))
  if (!a || !b) throw new Error('no ranges')
  done(a)
  await new Promise((resolve) => setImmediate(resolve))
  done(b)
  await checkpointer.flush()
  expect(saves).toEqual([{ p: 3 }, { p: 5 }])
  await checkpointer.flush()
  expect(saves).toHaveLength(2)
  expect(clock.sleeping).toBe(0)
})

test('a save that failed for good is told, and the next move is tried anew', async () => {
  let fail = true
  const { checkpointer, saves, failures, done, interval } = opened(async () => {
    if (fail) throw new Error('never')
  })
  const [a, b] = [3, 5].map((to) => checkpointer.positions.begin('p', to))
  if (!a || !b) throw new Error('no ranges')
  done(a)
  await interval()
  expect(failures).toHaveLength(1)
  fail = false
  done(b)
  await interval()
  expect(saves).toEqual([{ p: 3 }, { p: 5 }])
})
