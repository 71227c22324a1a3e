/** Time as an argument, so that tests own it. */
import { Cancelled } from './errors.ts'

/** Where time comes from. */
export interface Clock {
  /** Wall time, milliseconds since 1970-01-01 UTC. May jump. */
  now(): number
  /** Milliseconds that never go back; only differences mean something. */
  monotonic(): number
  /** Resolves after `ms`; rejects with `Cancelled` when the signal is aborted first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

/** `setTimeout` fires at once for more than this: 2^31 − 1 ms, about 24.8 days. */
const TIMER_MS_MAX = 2_147_483_647

function timer(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(new Cancelled('cancelled before the wait began'))
    const onAbort = (): void => {
      clearTimeout(handle)
      reject(new Cancelled('cancelled while waiting'))
    }
    const handle = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort)
      resolve()
    }, ms)
    signal?.addEventListener('abort', onAbort, { once: true })
  })
}

/** The machine's own time. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  async sleep(ms, signal) {
    for (let left = ms; ; left -= TIMER_MS_MAX) {
      await timer(Math.min(left, TIMER_MS_MAX), signal)
      if (left <= TIMER_MS_MAX) return
    }
  },
}

/** RFC 3339 in UTC with milliseconds, the form of every time in a message. */
export function rfc3339(epochMs: number): string {
  return new Date(epochMs).toISOString()
}
