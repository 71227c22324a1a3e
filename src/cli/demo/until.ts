/** Waiting for something that another process does, with a bound. */
import { AppError, Cancelled, systemClock } from '../../base/mod.ts'

/** It did not happen in time. */
export class DemoTimedOut extends AppError {
  override readonly code = 'demo.timed_out' as const
  override readonly kind = 'unavailable' as const
}

/** Asks every 100 ms until there is an answer; gives up after `limitMs` with `demo.timed_out`. */
export async function until<T>(
  what: string,
  signal: AbortSignal,
  ask: () => Promise<T | undefined>,
  limitMs = 60_000,
): Promise<T> {
  const end = systemClock.monotonic() + limitMs
  for (;;) {
    if (signal.aborted) throw new Cancelled('stopped')
    const answer = await ask()
    if (answer !== undefined) return answer
    if (systemClock.monotonic() > end) throw new DemoTimedOut(`waited ${Math.round(limitMs / 1000)} s for ${what}`)
    await systemClock.sleep(100, signal)
  }
}
