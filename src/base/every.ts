/** Waits that are given up on purpose, and work that is done once an interval. */
import type { Clock } from './clock.ts'
import { Cancelled, describeError } from './errors.ts'
import type { Log } from './log.ts'

/** Waits `ms`; says whether it waited them all, `false` when the signal was aborted before. Other failures of the clock come through. */
export async function pause(clock: Pick<Clock, 'sleep'>, ms: number, signal: AbortSignal): Promise<boolean> {
  try {
    await clock.sleep(ms, signal)
    return true
  } catch (error) {
    if (error instanceof Cancelled) return false
    throw error
  }
}

/** When regular work is done and when it ends, and where its failures are told. */
export type Regularly = { clock: Pick<Clock, 'sleep'>; signal: AbortSignal; log: Log }

/**
 * Does the work once every `ms`, the first time after one interval, until the signal is aborted; then resolves when the work that is
 * under way has ended. A failure is logged and does not end it.
 */
export async function every(ms: number, { clock, signal, log }: Regularly, work: () => Promise<void>): Promise<void> {
  while (await pause(clock, ms, signal)) {
    // A clock need not look at the signal.
    if (signal.aborted) return
    try {
      await work()
    } catch (error) {
      log.error('a regular task failed', { error: describeError(error) })
    }
  }
}
