/** A clock that stands still until a test moves it. */
import { Cancelled, type Clock } from '../../src/base/mod.ts'

export type FrozenClock = Clock & { advance(ms: number): void }

/** Stands at 2026-01-02T03:04:05Z unless told otherwise; sleeping on it ends by the signal alone. */
export function frozenClock(startMs = Date.UTC(2026, 0, 2, 3, 4, 5)): FrozenClock {
  let nowMs = startMs
  return {
    now: () => nowMs,
    monotonic: () => nowMs - startMs,
    sleep: (_ms, signal) =>
      new Promise((_resolve, reject) => {
        const cancel = (): void => reject(new Cancelled('cancelled while time stood still'))
        if (signal?.aborted) cancel()
        signal?.addEventListener('abort', cancel, { once: true })
      }),
    advance: (ms) => {
      nowMs += ms
    },
  }
}
