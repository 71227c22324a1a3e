/** Keeps both ends sure of each other while nothing else is said. */
import { type Clock, pause } from '../base/mod.ts'
import type { SecureChannel } from './channel.ts'
import { FrameType } from './frame.ts'

/** An end that has said nothing for so long says that it is there. */
export const ALIVE_INTERVAL_MS = 10_000
/** A peer that was not heard for so long is gone, whatever the network says: three intervals. */
export const SILENCE_MAX_MS = 30_000

/** Says that we are there when nothing else does, and closes a channel whose peer says nothing. */
export class Watch {
  readonly #channel: SecureChannel
  readonly #clock: Clock
  readonly #over = new AbortController()
  #heardAt: number

  constructor(channel: SecureChannel, clock: Clock) {
    this.#channel = channel
    this.#clock = clock
    this.#heardAt = clock.monotonic()
    void this.#watch()
  }

  heard(): void {
    this.#heardAt = this.#clock.monotonic()
  }

  stop(): void {
    this.#over.abort()
  }

  async #watch(): Promise<void> {
    for (let sent = this.#channel.sent; ; sent = this.#channel.sent) {
      if (!(await pause(this.#clock, ALIVE_INTERVAL_MS, this.#over.signal))) return
      if (this.#clock.monotonic() - this.#heardAt >= SILENCE_MAX_MS) return this.#channel.destroy()
      // Not awaited: a connection that takes no more must not keep us from noticing that nothing comes either.
      if (this.#channel.sent === sent) this.#channel.send(FrameType.alive, new Uint8Array(0)).catch(() => undefined)
    }
  }
}

/** Does it when the time is over, unless the signal is aborted before. */
export async function doAfter(clock: Clock, ms: number, signal: AbortSignal, act: () => void): Promise<void> {
  if (await pause(clock, ms, signal)) act()
}
