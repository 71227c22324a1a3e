import { expect, test } from 'bun:test'
import { every, type Log, pause, systemClock } from '../../src/base/mod.ts'

/** A clock whose waits pass at once, until so many have passed; then the signal is aborted. */
function clockFor(waits: number) {
  const stop = new AbortController()
  const slept: number[] = []
  const clock = {
    async sleep(ms: number) {
      if (slept.push(ms) > waits) stop.abort()
    },
  }
  const errors: unknown[] = []
  const nothing = () => undefined
  const log: Log = {
    debug: nothing,
    info: nothing,
    warn: nothing,
    error: (_, fields) => errors.push(fields?.['error']),
  }
  return { clock, signal: stop.signal, slept, errors, log }
}

test('pause() says whether it waited, and lets through what is no cancellation', async () => {
  const stop = new AbortController()
  expect(await pause(systemClock, 1, stop.signal)).toBe(true)
  const waiting = pause(systemClock, 60_000, stop.signal)
  stop.abort()
  expect(await waiting).toBe(false)
  const broken = { sleep: () => Promise.reject(new TypeError('broken')) }
  await expect(pause(broken, 1, new AbortController().signal)).rejects.toThrow('broken')
})

test('every() works once an interval, tells a failure and goes on, and ends with its signal', async () => {
  const { slept, errors, ...regularly } = clockFor(3)
  let worked = 0
  await every(500, regularly, async () => {
    if (++worked === 2) throw new Error('not this time')
  })
  expect(worked).toBe(3)
  expect(slept).toEqual([500, 500, 500, 500])
  expect(errors).toEqual(['not this time'])
})
