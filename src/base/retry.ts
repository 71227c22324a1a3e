/** Trying again, with a growing and jittered wait, until it works, the attempts are used up or the signal says stop. */
import type { Clock } from './clock.ts'
import type { Random } from './random.ts'

/** How waits between attempts grow. */
export interface Backoff {
  /** Wait before the second attempt, milliseconds. */
  firstMs: number
  /** No wait is longer than this, milliseconds. */
  longestMs: number
}

/**
 * The wait before attempt `attempt` (1 is the second try): doubled each time, capped, then drawn evenly from its upper half,
 * so that a fleet that lost one server does not return in step.
 */
export function backoffMs(attempt: number, backoff: Backoff, random: Random): number {
  const ceiling = Math.min(backoff.longestMs, backoff.firstMs * 2 ** Math.min(attempt - 1, 30))
  const [high = 0, low = 0] = random(2)
  return ceiling / 2 + (ceiling / 2) * ((high * 256 + low) / 65_535)
}

/** How often to try, and what ends it early. */
export interface RetryOptions extends Backoff {
  attemptsMax: number
  clock: Clock
  random: Random
  signal?: AbortSignal
  /** Errors for which this says false are final at once. Default: all are retried. */
  retryable?: (error: unknown) => boolean
}

/** Calls `attempt` until it resolves; throws its last error when the attempts are used up or the error is final. */
export async function retry<T>(attempt: () => Promise<T>, options: RetryOptions): Promise<T> {
  for (let tried = 1; ; tried++) {
    try {
      return await attempt()
    } catch (error) {
      if (tried >= options.attemptsMax || options.retryable?.(error) === false) throw error
      await options.clock.sleep(backoffMs(tried, options, options.random), options.signal)
    }
  }
}
