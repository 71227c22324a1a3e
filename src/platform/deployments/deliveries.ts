/** Keeps telling Runtimes what they do not know yet, each in its own line, until they have answered. */
import {
  AppError,
  backoffMs,
  type Clock,
  codeOf,
  describeError,
  logOf,
  pause,
  type Random,
  Slots,
} from '../../base/mod.ts'
import type { Target } from './targets.ts'

/** After a failure: the wait before the next attempt and the longest one, milliseconds. A heartbeat ends the wait at once. */
const BACKOFF = { firstMs: 1_000, longestMs: 60_000 }
/** Deliveries under way: 16 × ≈ 4 MiB of message, sealing and answer ≤ 64 MiB. */
export const DELIVERIES_MAX = 16

export type DeliveriesDeps = {
  /** What a Runtime still has to be told; `undefined` when nothing. */
  due: (runtime: string) => Promise<Target | undefined>
  runtimesDue: () => Promise<string[]>
  deliver: (target: Target, signal: AbortSignal) => Promise<void>
  failed: (target: Target, code: string) => Promise<void>
  /** What can never be told, whoever answers: noted as refused for that reason, so that it does not stand before the rest. */
  refused: (target: Target, code: string) => Promise<void>
  clock: Clock
  random: Random
}

type Courier = { done: Promise<void>; again: boolean; wake: AbortController }

const log = logOf('platform')

export class Deliveries {
  readonly #deps: DeliveriesDeps
  readonly #couriers = new Map<string, Courier>()
  readonly #slots = new Slots(DELIVERIES_MAX)
  readonly #stop = new AbortController()

  constructor(deps: DeliveriesDeps) {
    this.#deps = deps
  }

  /** Takes up what an earlier process left. */
  async start(): Promise<void> {
    for (const runtime of await this.#deps.runtimesDue()) this.kick(runtime)
  }

  /** There may be something to tell this Runtime, or it has just shown that it is there: try at once. */
  kick(runtime: string): void {
    if (this.#stop.signal.aborted) return
    const courier = this.#couriers.get(runtime)
    if (courier) {
      courier.again = true
      courier.wake.abort()
      return
    }
    const started: Courier = { done: Promise.resolve(), again: false, wake: new AbortController() }
    this.#couriers.set(runtime, started)
    started.done = this.#run(runtime, started).catch((error: unknown) =>
      log.error('deliveries to a Runtime ended', { runtime, error: describeError(error) }),
    )
  }

  /** Ends what is under way; what is due stays due. */
  async close(): Promise<void> {
    this.#stop.abort()
    await Promise.all([...this.#couriers.values()].map(({ done }) => done))
  }

  async #run(runtime: string, courier: Courier): Promise<void> {
    try {
      for (let failures = 0; !this.#stop.signal.aborted; ) {
        courier.again = false
        const target = await this.#deps.due(runtime)
        if (target) failures = (await this.#attempt(target)) ? 0 : failures + 1
        else if (!courier.again) return
        if (failures > 0) await this.#wait(courier, failures)
      }
    } finally {
      this.#couriers.delete(runtime)
    }
  }

  async #attempt(target: Target): Promise<boolean> {
    const { signal } = this.#stop
    try {
      await this.#slots.run(() => this.#deps.deliver(target, signal))
      return true
    } catch (error) {
      if (signal.aborted) return false
      const { deployment, version, runtime } = target
      const about = { deployment, version, runtime, error: describeError(error) }
      if (canNeverPass(error)) {
        log.error('a Runtime can never be told this', about)
        await this.#deps.refused(target, codeOf(error))
        return true
      }
      log.info('a Runtime could not be told', about)
      await this.#deps.failed(target, codeOf(error))
      return false
    }
  }

  async #wait(courier: Courier, failures: number): Promise<void> {
    const { clock, random } = this.#deps
    // A kick that came during the attempt does not shorten this wait, the next one does: a Runtime that is there but refuses must not be
    // asked in a tight loop.
    courier.wake = new AbortController()
    const signal = AbortSignal.any([this.#stop.signal, courier.wake.signal])
    await pause(clock, Math.ceil(backoffMs(failures, BACKOFF, random)), signal)
  }
}

/** What is wrong in itself or too large stays so; a Runtime's own answers never come as one of these. */
function canNeverPass(error: unknown): boolean {
  return error instanceof AppError && (error.kind === 'invalid' || error.kind === 'limit')
}
