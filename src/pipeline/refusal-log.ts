/** Tells the log that a component refuses records, and how many, without a line for each: the first at once, the rest now and then. */
import type { Clock } from '../base/mod.ts'
import type { Refusal } from './component.ts'
import type { FlowLog } from './ports.ts'

/** Between two lines of one component; 100,000 refusals a second make six lines a minute and reason. */
const INTERVAL_MS = 10_000
/** Reasons that are counted apart; the rest are counted as `other`. */
const REASONS_MAX = 16

export class RefusalLog {
  readonly #log: FlowLog
  readonly #clock: Clock
  #counts = new Map<string, number>()
  #toldMs = Number.NEGATIVE_INFINITY

  constructor(log: FlowLog, clock: Clock) {
    this.#log = log
    this.#clock = clock
  }

  refused(refusals: readonly Refusal[]): void {
    for (const { reason } of refusals) {
      const known = this.#counts.has(reason.code) || this.#counts.size < REASONS_MAX
      const code = known ? reason.code : 'other'
      this.#counts.set(code, (this.#counts.get(code) ?? 0) + 1)
    }
    if (this.#clock.monotonic() - this.#toldMs >= INTERVAL_MS) this.tell()
  }

  /** What was not told yet; once more at the end of the flow. */
  tell(): void {
    for (const [reason, count] of this.#counts) this.#log('warning', 'records.refused', { reason, count })
    if (this.#counts.size > 0) this.#toldMs = this.#clock.monotonic()
    this.#counts = new Map()
  }
}
