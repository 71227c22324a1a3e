/**
 * Looks once a day for what is older than its dataset keeps it. A clock that leaps ahead makes everything old at once: after a leap of more
 * than a day nothing is removed until the clock was seen to go on steadily for a day, as after a start that came days after the last.
 */
import * as v from 'valibot'
import { type Clock, describeError, type Log } from '../../base/mod.ts'
import type { DataTenantId } from '../../wire/mod.ts'

/** How often the clock is looked at. */
export const RETENTION_LOOK_MS = 3_600_000
const DAY_MS = 86_400_000
/** A clock that is set right by so much has not leapt back. */
const CORRECTION_MS = 300_000

const Seen = v.object({ seenAtMs: v.number(), steadySinceMs: v.number(), removedAtMs: v.number() })
type Seen = v.InferOutput<typeof Seen>

export type RetentionLooksDeps = {
  /** Where the state between looks is kept. */
  kept: { get(): Promise<unknown>; set(value: unknown): Promise<void> }
  /** `retained`: those to look at · `retain`: removes of one data tenant what was too old at that time. */
  datasets: {
    retained(): Promise<DataTenantId[]>
    retain(tenant: DataTenantId, nowMs: number, signal: AbortSignal): Promise<{ records: number; documents: number }>
  }
  clock: Pick<Clock, 'now'>
  log: Log
  signal: AbortSignal
}

/** One look at a time: see above. */
export class RetentionLooks {
  readonly #deps: RetentionLooksDeps

  constructor(deps: RetentionLooksDeps) {
    this.#deps = deps
  }

  /** Removes if a day has passed since the last time, by a clock that was steady for as long. */
  async look(): Promise<void> {
    const { kept, clock } = this.#deps
    const nowMs = clock.now()
    const before = v.safeParse(Seen, await kept.get())
    const seen = before.success ? seenAgain(before.output, nowMs) : { ...never(nowMs), seenAtMs: nowMs }
    const isDue = nowMs - seen.steadySinceMs >= DAY_MS && nowMs - seen.removedAtMs >= DAY_MS
    await kept.set(isDue ? { ...seen, removedAtMs: nowMs } : seen)
    if (isDue) await this.#remove(nowMs)
  }

  /** What cannot be opened of one data tenant keeps nobody else's. */
  async #remove(nowMs: number): Promise<void> {
    const { datasets, log, signal } = this.#deps
    for (const tenant of await datasets.retained()) {
      if (signal.aborted) return
      try {
        const { records, documents } = await datasets.retain(tenant, nowMs, signal)
        if (records + documents > 0) log.info('what was too old was removed', { tenant, records, documents })
      } catch (error) {
        log.error('what is too old was not removed', { tenant, error: describeError(error) })
      }
    }
  }
}

function never(nowMs: number): Omit<Seen, 'seenAtMs'> {
  return { steadySinceMs: nowMs, removedAtMs: nowMs - DAY_MS }
}

function seenAgain({ seenAtMs, steadySinceMs, removedAtMs }: Seen, nowMs: number): Seen {
  const isSteady = nowMs - seenAtMs <= DAY_MS && nowMs >= seenAtMs - CORRECTION_MS
  if (!isSteady) return { ...never(nowMs), seenAtMs: nowMs }
  return { seenAtMs: nowMs, steadySinceMs, removedAtMs }
}
