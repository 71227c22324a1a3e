/** Slows down whoever keeps failing: some attempts are free, then each costs a wait twice as long. Memory is bounded. */
import type { Clock } from '../base/mod.ts'

export const WAIT_FIRST_MS = 1_000
export const WAIT_LONGEST_MS = 15 * 60_000
/** Without a further attempt for this long, a key starts afresh, unless it is one that has to be remembered longer. */
export const FORGET_AFTER_MS = 60 * 60_000
/** 8,192 keys × ~200 B < 2 MiB for each throttle, even if strangers fill it. The longest untried is dropped. */
export const THROTTLE_KEYS_MAX = 8_192

type Attempts = { count: number; lastMs: number }
/** One attempt that was counted: when, and when the one before it was. */
type Counted = { atMs: number; beforeMs: number | undefined }
type ThrottleOptions = { free: number; keysMax?: number; forgetAfterMs?: number }

export class Throttle {
  readonly #clock: Clock
  readonly #free: number
  readonly #keysMax: number
  readonly #forgetAfterMs: number
  readonly #attempts = new Map<string, Attempts>()

  constructor(clock: Clock, options: ThrottleOptions) {
    this.#clock = clock
    this.#free = options.free
    this.#keysMax = options.keysMax ?? THROTTLE_KEYS_MAX
    this.#forgetAfterMs = options.forgetAfterMs ?? FORGET_AFTER_MS
  }

  get keys(): number {
    return this.#attempts.size
  }

  /** Milliseconds until the next attempt may be made; 0 if at once. */
  waitMs(key: string): number {
    const attempts = this.#current(key)
    if (attempts === undefined || attempts.count < this.#free) return 0
    const waitMs = Math.min(WAIT_LONGEST_MS, WAIT_FIRST_MS * 2 ** Math.min(attempts.count - this.#free, 30))
    return Math.max(0, attempts.lastMs + waitMs - this.#clock.monotonic())
  }

  /** Counts an attempt as failed, before it is made: attempts at the same time must not all be free. */
  attempt(key: string): Counted {
    const before = this.#current(key)
    const atMs = this.#clock.monotonic()
    this.#attempts.delete(key)
    const oldest = this.#attempts.keys().next().value
    if (this.#attempts.size >= this.#keysMax && oldest !== undefined) this.#attempts.delete(oldest)
    this.#attempts.set(key, { count: (before?.count ?? 0) + 1, lastMs: atMs })
    return { atMs, beforeMs: before?.lastMs }
  }

  /** Takes one attempt back, since it was right or could not be made: it costs nothing, and lengthens no wait. */
  forgive(key: string, { atMs, beforeMs = atMs }: Counted): void {
    const attempts = this.#attempts.get(key)
    if (attempts === undefined) return
    attempts.count--
    // One that was made later stands.
    if (attempts.lastMs === atMs) attempts.lastMs = beforeMs
    if (attempts.count <= 0) this.#attempts.delete(key)
  }

  /** Starts a key afresh. */
  clear(key: string): void {
    this.#attempts.delete(key)
  }

  #current(key: string): Attempts | undefined {
    const attempts = this.#attempts.get(key)
    return attempts && this.#clock.monotonic() - attempts.lastMs < this.#forgetAfterMs ? attempts : undefined
  }
}
