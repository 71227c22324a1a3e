import { expect, test } from 'bun:test'
import {
  AppError,
  backoffMs,
  Cancelled,
  codeOf,
  describeError,
  Lifetime,
  retry,
  rfc3339,
  systemClock,
  systemRandom,
} from '../../src/base/mod.ts'

class Refused extends AppError {
  override readonly code = 'test.refused' as const
}

/** A clock whose waits pass at once and are written down. */
function instantClock(waits: number[]) {
  return {
    ...systemClock,
    sleep: async (ms: number) => {
      waits.push(ms)
    },
  }
}

test('retry() returns the first success and waits longer each time before it', async () => {
  const waits: number[] = []
  let tried = 0
  const attempt = async () => {
    if (++tried < 4) throw new Refused('not yet')
    return 'done'
  }
  const options = { attemptsMax: 5, firstMs: 100, longestMs: 250, clock: instantClock(waits), random: systemRandom }
  expect(await retry(attempt, options)).toBe('done')
  expect(waits.every((ms, i) => ms >= Math.min(100 * 2 ** i, 250) / 2 && ms <= Math.min(100 * 2 ** i, 250))).toBe(true)
  expect(waits).toHaveLength(3)
})

test('retry() throws the last error once its attempts are used up, and a final one at once', async () => {
  let tried = 0
  const attempt = async () => {
    tried++
    throw new Refused(`attempt ${tried}`)
  }
  const options = { attemptsMax: 3, firstMs: 1, longestMs: 1, clock: instantClock([]), random: systemRandom }
  await expect(retry(attempt, options)).rejects.toThrow('attempt 3')
  tried = 0
  await expect(retry(attempt, { ...options, retryable: () => false })).rejects.toThrow('attempt 1')
})

test('backoffMs() stays within the upper half of its ceiling however many attempts went before', () => {
  const bounds = (attempt: number, byte: number) =>
    backoffMs(attempt, { firstMs: 10, longestMs: 1_000 }, (n) => new Uint8Array(n).fill(byte))
  expect(bounds(1, 0)).toBe(5)
  expect(bounds(1, 255)).toBe(10)
  expect(bounds(500, 255)).toBe(1_000)
})

test('sleep() ends with Cancelled when its signal is aborted', async () => {
  const stop = new AbortController()
  const waiting = systemClock.sleep(60_000, stop.signal)
  stop.abort()
  await expect(waiting).rejects.toThrow(Cancelled)
  await expect(systemClock.sleep(1, stop.signal)).rejects.toThrow(Cancelled)
})

test('sleep() waits longer than one timer can hold', async () => {
  const stop = new AbortController()
  const waiting = systemClock.sleep(45 * 86_400_000, stop.signal)
  const first = await Promise.race([waiting.then(() => 'over'), systemClock.sleep(20).then(() => 'waiting')])
  expect(first).toBe('waiting')
  stop.abort()
  await expect(waiting).rejects.toThrow(Cancelled)
})

test('a Lifetime closes in reverse order, all of it, and then tells the first failure', async () => {
  const closed: string[] = []
  const lifetime = new Lifetime()
  lifetime.use('store', (name) => closed.push(name))
  lifetime.defer(() => {
    throw new Refused('will not close')
  })
  lifetime.use('server', (name) => closed.push(name))
  await expect(lifetime.close()).rejects.toThrow('will not close')
  expect(closed).toEqual(['server', 'store'])
  await lifetime.close()
})

test('errors tell their code, and foreign ones are named unexpected', () => {
  expect(describeError(new Refused('no'))).toBe('test.refused: no')
  expect(codeOf(new Refused('no'))).toBe('test.refused')
  expect(codeOf(new TypeError('secret'))).toBe('internal.unexpected')
  expect(describeError('text')).toBe('text')
})

test('rfc3339() writes UTC with milliseconds', () => {
  expect(rfc3339(0)).toBe('1970-01-01T00:00:00.000Z')
})
