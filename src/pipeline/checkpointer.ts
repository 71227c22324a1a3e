/** Saves the checkpoints of one source: one save at a time, the newest positions each time, and not more often than needed. */
import type { Clock } from '../base/mod.ts'
import type { Checkpoints, PartitionPositions } from './ports.ts'
import { Positions } from './positions.ts'

/**
 * Wait between two saves. What a crash makes a source read again is what it read in this time plus what was in flight; sinks that
 * keep positions skip it. Four saves a second cost next to nothing.
 */
const CHECKPOINT_INTERVAL_MS = 250

export type CheckpointerDeps = {
  component: string
  checkpoints: Checkpoints
  clock: Clock
  /** Runs the save again while it fails in a way that may pass. */
  insist: (save: () => Promise<void>) => Promise<void>
  /** A save failed for good. */
  onFailure: (error: unknown) => void
}

export class Checkpointer {
  readonly positions = new Positions()
  readonly #deps: CheckpointerDeps
  readonly #hurry = new AbortController()
  /** Something was done since the loop last looked. */
  #dirty = false
  #looping = false
  #saving: Promise<void> = Promise.resolve()

  constructor(deps: CheckpointerDeps) {
    this.#deps = deps
  }

  /** To be called after a range was done: sees to it that the positions are saved soon. */
  moved(): void {
    this.#dirty = true
    if (!this.#looping) this.#saving = this.#saveWhileDirty().catch(this.#deps.onFailure)
  }

  /** Saves what has moved, now. */
  async flush(): Promise<void> {
    this.#hurry.abort()
    await this.#saving
    const moved = this.positions.take()
    if (moved) await this.#saveNow(moved)
  }

  async #saveWhileDirty(): Promise<void> {
    this.#looping = true
    try {
      while (this.#dirty && !this.#hurry.signal.aborted) {
        this.#dirty = false
        const moved = this.positions.take()
        // What was done stands behind something that is not: the answer to that will say so.
        if (!moved) continue
        await this.#saveNow(moved)
        await this.#deps.clock.sleep(CHECKPOINT_INTERVAL_MS, this.#hurry.signal).catch(() => undefined)
      }
    } finally {
      // In the same turn as the last look at `#dirty`, so that nothing can be done between the two and never be saved.
      this.#looping = false
    }
  }

  #saveNow(moved: PartitionPositions): Promise<void> {
    return this.#deps.insist(() => this.#deps.checkpoints.save(this.#deps.component, moved))
  }
}
