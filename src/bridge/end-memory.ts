/**
 * Whether the sender of a bridge has ended, kept over starts of the receiver: a sender whose process is gone does not say it again, and
 * a receiver that was killed between acknowledging the end and its own would wait for it forever.
 */
import type { Clock } from '../base/mod.ts'
import type { Checkpoints } from '../pipeline/mod.ts'
import type { WorkerBridge } from '../wire/mod.ts'
import { doAfter } from './watch.ts'

/**
 * How long a receiver that knows of the end waits for a sender: he may not have learnt that it is known, or have a successor that sends
 * again. 40 s until he notices that his connection is dead, 15 s at most between two of his dials, 10 s for one of them; rounded up.
 */
export const RECALLED_END_LINGER_MS = 90_000

/** In the place of a position. A bridge's id is that of one version of its deployment, so the next version begins without. */
const ENDED = 1
const NOT_ENDED = 0

export type EndMemoryOptions = {
  checkpoints: Checkpoints
  bridge: WorkerBridge
  clock: Clock
  /** The end is known, and no sender has come for `RECALLED_END_LINGER_MS`. */
  onOver: () => void
  /** The checkpoints did not load or save. */
  onFault: (error: unknown) => void
}

export class EndMemory {
  readonly #options: EndMemoryOptions
  #recalled: Promise<void> | undefined
  #kept = false
  #connected = false
  #closed = false
  #lingering = new AbortController()

  constructor(options: EndMemoryOptions) {
    this.#options = options
  }

  /** Looks whether an earlier receiver kept the end, and lingers if so; again only if looking failed. */
  recall(): void {
    this.#recalled ??= this.#load().catch((error) => {
      this.#recalled = undefined
      this.#options.onFault(error)
    })
  }

  /** The end is known to every receiver after this one when it resolves. */
  async keep(): Promise<void> {
    await this.#save(ENDED)
    this.#kept = true
  }

  /** A sender sends, so that whatever was kept is of one who crashed before he knew. */
  forget(): void {
    if (!this.#kept) return
    this.#kept = false
    this.#save(NOT_ENDED).catch((error) => {
      this.#kept = true
      this.#options.onFault(error)
    })
  }

  connected(): void {
    this.#connected = true
    this.#lingering.abort()
  }

  disconnected(): void {
    this.#connected = false
    this.#linger()
  }

  close(): void {
    this.#closed = true
    this.#lingering.abort()
  }

  async #load(): Promise<void> {
    const { checkpoints, bridge } = this.#options
    // Among those of the bridge's remote component, which has no others on this side.
    const kept = await checkpoints.load(bridge.from)
    if (kept.get(bridge.bridge) !== ENDED) return
    this.#kept = true
    this.#linger()
  }

  async #save(position: number): Promise<void> {
    const { checkpoints, bridge } = this.#options
    await checkpoints.save(bridge.from, new Map([[bridge.bridge, position]]))
  }

  #linger(): void {
    if (!this.#kept || this.#connected || this.#closed) return
    this.#lingering.abort()
    this.#lingering = new AbortController()
    void doAfter(this.#options.clock, RECALLED_END_LINGER_MS, this.#lingering.signal, this.#options.onOver)
  }
}
