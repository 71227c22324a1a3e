/** A clock that stands still until a test moves it. */
import type { Clock } from '../../src/base/mod.ts'

export type FrozenClock = Clock & { advance(ms: number): void }

/** Stands at 2026-01-02T03:04:05Z unless told otherwise; sleeping on it never ends. */
export function frozenClock(startMs = Date.UTC(2026, 0, 2, 3, 4, 5)): FrozenClock {
  let nowMs = startMs
  return {
    now: () => nowMs,
    monotonic: () => nowMs - startMs,
    sleep: () => new Promise(() => undefined),
    advance: (ms) => {
      nowMs += ms
    },
  }
}
