/** How much a Platform can make this Runtime write: what it asks for beyond that in an hour is refused, or refused without a line. */
import type { Clock } from '../../base/mod.ts'

/** Lines of the audit trail that assignments cause in an hour: 600 × ≈ 500 B × 24 are 7 MB a day, whatever a Platform does. */
export const ASSIGNMENTS_PER_HOUR_MAX = 600
const HOUR_MS = 3_600_000

export class Pace {
  readonly #clock: Clock
  #sinceMs: number
  #taken = 0
  #left = 0

  constructor(clock: Clock) {
    this.#clock = clock
    this.#sinceMs = clock.monotonic()
  }

  /** True if there is room for one more in this hour. */
  take(): boolean {
    if (this.#clock.monotonic() - this.#sinceMs >= HOUR_MS) {
      this.#sinceMs = this.#clock.monotonic()
      this.#taken = 0
    }
    if (this.#taken >= ASSIGNMENTS_PER_HOUR_MAX) this.#left++
    return this.#taken++ < ASSIGNMENTS_PER_HOUR_MAX
  }

  /** How many found no room since this was last asked. */
  leftOut(): number {
    const left = this.#left
    this.#left = 0
    return left
  }
}
