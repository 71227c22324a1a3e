/** What the parts of one running flow share: its options, its end, and how they insist on what may fail for a while. */
import { type AppError, backoffMs, Cancelled, Lifetime } from '../base/mod.ts'
import type { Counters } from './counters.ts'
import type { Delivery } from './delivery.ts'
import { ComponentFailed, isRetryable, reasonOf } from './errors.ts'
import type { FlowOptions } from './flow-types.ts'
import { placesOf } from './places.ts'
import type { FlowLog } from './ports.ts'
import { BatchSampler } from './tracing.ts'

/** Waits between tries of a write or save: 100 ms, doubled to 30 s, jittered. */
const RETRY_BACKOFF = { firstMs: 100, longestMs: 30_000 }

/** When to try no more: `signal` is that of the flow's stop, and what may pass is what is retryable, unless said otherwise. */
type Insistence = { signal?: AbortSignal; mayPass?: (error: unknown) => boolean }

export class FlowRun {
  readonly options: FlowOptions
  /** Aborted when the flow fails or is cancelled: everything stops where it stands. */
  readonly stop = new AbortController()
  /** Aborted when sources are to read no more. */
  readonly draining = new AbortController()
  readonly opened = new Lifetime()
  readonly inFlight = new Set<Delivery>()
  /** Absent where no batch is followed. */
  readonly sampler: BatchSampler | undefined
  failure: AppError | undefined

  constructor(options: FlowOptions) {
    this.options = options
    this.sampler = options.tracing && new BatchSampler({ ...options, ...options.tracing })
    const cancel = (): void => this.fail(new Cancelled('the flow was stopped'))
    if (options.signal?.aborted) cancel()
    options.signal?.addEventListener('abort', cancel, { once: true })
    this.opened.defer(() => options.signal?.removeEventListener('abort', cancel))
  }

  /** Ends the flow with that error, the first one given. Batches in flight are answered with it. */
  fail(error: AppError): void {
    if (this.failure) return
    this.failure = error
    this.stop.abort()
    this.draining.abort()
    for (const delivery of this.inFlight) delivery.abandon(error)
  }

  /** A component failed: notes it in its counters and ends the flow. */
  failComponent(component: string, counters: Counters, cause: unknown): void {
    // What breaks because the flow is being stopped is no failure of its own.
    if (this.failure) return
    counters.errors++
    counters.state = 'failed'
    counters.reason = reasonOf(cause, this.#placesOf(component))
    this.logOf(component)('error', 'component.failed', { reason: counters.reason.code })
    this.fail(new ComponentFailed(component, cause, this.#placesOf(component)))
  }

  #placesOf(name: string): readonly string[] {
    const component = this.options.components.find((one) => one.name === name)
    return component ? placesOf(component) : []
  }

  logOf(component: string): FlowLog {
    return (level, template, fields = {}) => this.options.reporter.log({ component, level, template, fields })
  }

  /** Tries until it works, as long as the errors may pass and the flow runs; then throws the last one. */
  async insist<T>(
    component: string,
    counters: Counters,
    attempt: () => Promise<T>,
    { signal = this.stop.signal, mayPass = isRetryable }: Insistence = {},
  ): Promise<T> {
    const { clock, random } = this.options
    for (let tried = 1; ; tried++) {
      try {
        const result = await attempt()
        if (tried > 1) counters.reason = undefined
        return result
      } catch (error) {
        if (signal.aborted || !mayPass(error)) throw error
        counters.errors++
        counters.retries++
        counters.reason = reasonOf(error, this.#placesOf(component))
        // The first failure and then every tenth: a sink that is down for hours must not fill the log.
        if (tried % 10 === 1)
          this.logOf(component)('warning', 'component.retrying', { reason: counters.reason.code, tried })
        await clock.sleep(backoffMs(tried, RETRY_BACKOFF, random), signal)
      }
    }
  }
}
