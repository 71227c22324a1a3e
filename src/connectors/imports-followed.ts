/** What became of the pages of a run: each is an import of its dataset, which ends when its turn has come. */
import { type Clock, pause } from '../base/mod.ts'
import type { ImportId } from '../wire/mod.ts'
import type { RunCounts, Told } from './connector-store.ts'
import type { DatasetDoor } from './ports.ts'

/** Pages that wait for their import before the next is fetched: 8 × ≤ 64 MiB on the disk. */
export const IMPORTS_OPEN_MAX = 8
/** Most imports are done at once: it looks often at first. */
const LOOK_MS = { first: 10, longest: 200 }
/** An import that waits for longer ends by itself some time, uncounted. */
const WAIT_MS_MAX = 600_000

type Deps = {
  door: Pick<DatasetDoor, 'ended'>
  clock: Clock
  signal: AbortSignal
  counts: RunCounts
  warn: (told: Told) => void
}

export class ImportsFollowed {
  readonly #deps: Deps
  readonly #open: { id: ImportId; removes: boolean }[] = []

  constructor(deps: Deps) {
    this.#deps = deps
  }

  /** Waits for the oldest while too many are open. `removes`: what gives way in it is gone, and not replaced. */
  async add(id: ImportId, removes: boolean): Promise<void> {
    this.#open.push({ id, removes })
    while (this.#open.length > IMPORTS_OPEN_MAX) await this.#oldest()
  }

  /** Until all have ended. */
  async settled(): Promise<void> {
    while (this.#open.length > 0) await this.#oldest()
  }

  async #oldest(): Promise<void> {
    const { door, clock, signal, counts, warn } = this.#deps
    const { id, removes = false } = this.#open.shift() ?? {}
    const untilMs = clock.monotonic() + WAIT_MS_MAX
    for (let lookMs = LOOK_MS.first; id !== undefined && !signal.aborted; ) {
      const ended = await door.ended(id)
      if (ended) {
        counts.rowsTaken += ended.rowsTaken
        counts[removes ? 'removed' : 'rowsReplaced'] += ended.rowsReplaced
        counts.rowsRefused += ended.rowsRefused
        if (ended.failure) warn(ended.failure)
        return
      }
      if (clock.monotonic() >= untilMs)
        return warn({
          code: 'connector.import_slow',
          message: `The import ${id} has not ended yet; its rows are not counted.`,
        })
      if (!(await pause(clock, lookMs, signal))) return
      lookMs = Math.min(LOOK_MS.longest, lookMs * 2)
    }
  }
}
