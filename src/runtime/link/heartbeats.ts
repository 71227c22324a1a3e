/** The Runtime's signs of life: at its interval with some jitter, at once when something changes, and a last one on leaving. */
import { type Clock, codeOf, describeError, type Log, pause, type Random } from '../../base/mod.ts'
import type { Heartbeat } from '../../wire/mod.ts'

/** A tenth either way, so that a fleet that lost one Platform does not return in step. */
const JITTER = 0.1
/** Changes that come close together share one heartbeat. */
export const CHANGES_GATHERED_MS = 200
/** The last one may take this long; a shutdown waits for nobody longer. */
const LEAVING_MAX_MS = 3_000

export type HeartbeatsOptions = {
  intervalMs: number
  compose: (leaving: boolean) => Promise<Heartbeat>
  send: (heartbeat: Heartbeat, signal: AbortSignal) => Promise<void>
  clock: Clock
  random: Random
  log: Log
}

/** Since the start of the process; times are milliseconds since 1970. `answered` counts heartbeats that the Platform answered. */
export type LinkState = {
  answered: number
  lastSentMs: number | undefined
  lastAnsweredMs: number | undefined
  /** Why the last one was not answered: a stable code. */
  lastFailure: string | undefined
}

export class Heartbeats {
  readonly #options: HeartbeatsOptions
  readonly #stop = new AbortController()
  #loop: Promise<void> | undefined
  #changed = new AbortController()
  readonly #state: LinkState = {
    ...{ answered: 0, lastSentMs: undefined, lastAnsweredMs: undefined, lastFailure: undefined },
  }

  constructor(options: HeartbeatsOptions) {
    this.#options = options
  }

  get state(): LinkState {
    return { ...this.#state }
  }

  start(): void {
    this.#loop ??= this.#run()
  }

  /** Something in them has changed: the next one goes out at once. */
  changed(): void {
    this.#changed.abort()
  }

  /** Sends the last one, `leaving`, and ends. */
  async close(): Promise<void> {
    this.#stop.abort()
    await this.#loop
    const expired = new AbortController()
    const sent = new AbortController()
    const timer = this.#options.clock.sleep(LEAVING_MAX_MS, sent.signal).then(
      () => expired.abort(),
      () => undefined,
    )
    await this.#beat(true, expired.signal)
    sent.abort()
    await timer
  }

  async #run(): Promise<void> {
    const { clock } = this.#options
    while (!this.#stop.signal.aborted) {
      this.#changed = new AbortController()
      await this.#beat(false, this.#stop.signal)
      const waited = await pause(clock, this.#wait(), AbortSignal.any([this.#stop.signal, this.#changed.signal]))
      if (waited) continue
      await pause(clock, CHANGES_GATHERED_MS, this.#stop.signal)
    }
  }

  #wait(): number {
    const [chance = 0] = this.#options.random(1)
    return this.#options.intervalMs * (1 - JITTER + (2 * JITTER * chance) / 255)
  }

  async #beat(leaving: boolean, signal: AbortSignal): Promise<void> {
    const { send, clock, log } = this.#options
    const heartbeat = await this.#composed(leaving)
    if (!heartbeat) return
    try {
      this.#state.lastSentMs = clock.now()
      await send(heartbeat, signal)
      this.#state.lastAnsweredMs = clock.now()
      this.#state.lastFailure = undefined
      this.#state.answered++
    } catch (error) {
      if (signal.aborted && !leaving) return
      this.#state.lastFailure = codeOf(error)
      log.info('a heartbeat did not reach the Platform', { error: describeError(error) })
    }
  }

  /** `undefined` when this Runtime cannot say how it is: a fault of its own, not of the Platform or the way there. */
  async #composed(leaving: boolean): Promise<Heartbeat | undefined> {
    const { compose, log } = this.#options
    try {
      return await compose(leaving)
    } catch (error) {
      this.#state.lastFailure = codeOf(error)
      log.error('a heartbeat could not be made', { error: describeError(error) })
      return undefined
    }
  }
}
