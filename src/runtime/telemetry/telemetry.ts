/**
 * Tells a collector by OTLP what the owner wants to see elsewhere: the figures of `/metrics` once a minute, and batches that were
 * followed. Nothing waits for it: what a slow or missing collector does not take is dropped and counted.
 */
import { AppError, backoffMs, type Clock, codeOf, every, type Log, pause, type Random } from '../../base/mod.ts'
import type { MetricFamily } from '../../server/mod.ts'
import type { Assignment } from '../../wire/mod.ts'
import { OtlpNotTaken } from '../errors.ts'
import type { WorkerSpans } from '../supervision/supervised.ts'
import { post, type Signal } from './collector.ts'
import { OtlpMetrics } from './otlp-metrics.ts'
import { type KnownSpan, knownSpans, traceMessage } from './otlp-traces.ts'
import type { OtlpTarget } from './target.ts'

/** How often figures are told. */
export const METRICS_INTERVAL_MS = 60_000
/** Figures are not queued: each message tells all since the beginning, so a failed one is tried again until the next one is due. */
const METRICS_GIVEN_UP_MS = 50_000
/** How long spans wait for others, at most. */
export const TRACES_INTERVAL_MS = 5_000
/** 4,096 spans × ≈ 600 B ≈ 2.5 MiB while a collector is away; the newest are dropped then. */
export const SPANS_QUEUED_MAX = 4_096
/** 512 spans × ≈ 900 B of JSON ≈ 450 kB a message. */
export const SPANS_SENT_MAX = 512
const RETRY_BACKOFF = { firstMs: 1_000, longestMs: 60_000 }

export type TelemetryDeps = { target: OtlpTarget; name: string; clock: Clock; random: Random; log: Log }
type Running = { families: () => Promise<MetricFamily[]>; signal: AbortSignal }
type Tally = { sent: number; dropped: number }

export class Telemetry {
  readonly #deps: TelemetryDeps
  readonly #metrics: OtlpMetrics
  readonly #queue: KnownSpan[] = []
  readonly #tallies: Record<Signal, Tally> = { metrics: { sent: 0, dropped: 0 }, traces: { sent: 0, dropped: 0 } }
  #lastTakenMs: number | undefined
  #failure: string | undefined

  constructor(deps: TelemetryDeps) {
    this.#deps = deps
    this.#metrics = new OtlpMetrics(deps.name, deps.clock.now())
  }

  /** One batch in so many is to be followed; `undefined` for none. */
  get traceOneIn(): number | undefined {
    return this.#deps.target.traceOneIn
  }

  /** For people: where it goes, when the collector last took something, and why it does not now. */
  get about(): { endpoint: string; lastTakenMs: number | undefined; failure: string | undefined } {
    return { endpoint: this.#deps.target.endpoint, lastTakenMs: this.#lastTakenMs, failure: this.#failure }
  }

  /** Spans of a worker. */
  tookSpans(assignment: Assignment, { spans, dropped }: Pick<WorkerSpans, 'spans' | 'dropped'>): void {
    const known = knownSpans(assignment, spans)
    const room = Math.max(0, SPANS_QUEUED_MAX - this.#queue.length)
    this.#queue.push(...known.slice(0, room))
    this.#tallies.traces.dropped += dropped + Math.max(0, known.length - room) + (spans.length - known.length)
  }

  /** How the export itself does. */
  families(): MetricFamily[] {
    const counted = (read: (tally: Tally) => number) =>
      Object.entries(this.#tallies).map(([signal, tally]) => ({ labels: { signal }, value: read(tally) }))
    return [
      {
        ...{ name: 'sluice_otlp_sent_total', type: 'counter', help: 'Points and spans that the collector took.' },
        samples: counted(({ sent }) => sent),
      },
      {
        ...{
          name: 'sluice_otlp_dropped_total',
          type: 'counter',
          help: 'Points and spans that it did not get or take.',
        },
        samples: counted(({ dropped }) => dropped),
      },
    ]
  }

  /** Tells until the signal is aborted; then resolves when what is under way has ended. */
  async run({ families, signal }: Running): Promise<void> {
    const { clock, log } = this.#deps
    await Promise.all([
      every(METRICS_INTERVAL_MS, { clock, signal, log }, async () => this.#tellMetrics(await families(), signal)),
      this.#tellTraces(signal),
    ])
  }

  async #tellMetrics(families: readonly MetricFamily[], signal: AbortSignal): Promise<void> {
    const { clock } = this.#deps
    const { body, points } = this.#metrics.message(families, clock.now())
    const endMs = clock.monotonic() + METRICS_GIVEN_UP_MS
    await this.#send('metrics', { body, count: points }, { signal, endMs })
  }

  async #tellTraces(signal: AbortSignal): Promise<void> {
    const { clock, target, name } = this.#deps
    if (target.traceOneIn === undefined) return
    while (await pause(clock, TRACES_INTERVAL_MS, signal)) {
      while (this.#queue.length > 0 && !signal.aborted) {
        const spans = this.#queue.slice(0, SPANS_SENT_MAX)
        const message = { body: traceMessage(name, spans), count: spans.length }
        await this.#send('traces', message, { signal, endMs: Number.POSITIVE_INFINITY })
        this.#queue.splice(0, spans.length)
      }
    }
  }

  /** Until it was taken, is refused for good, or its time is over. */
  async #send(
    what: Signal,
    { body, count }: { body: unknown; count: number },
    { signal, endMs }: { signal: AbortSignal; endMs: number },
  ): Promise<void> {
    const { target, clock, random } = this.#deps
    const tally = this.#tallies[what]
    for (let tried = 1; ; tried++) {
      try {
        const rejected = Math.min(count, await post({ target, clock, signal }, what, body))
        tally.sent += count - rejected
        tally.dropped += rejected
        return this.#worked()
      } catch (error) {
        if (signal.aborted) return
        this.#failed(error)
        const isFinal = error instanceof OtlpNotTaken ? error.final : !(error instanceof AppError)
        const asked = error instanceof OtlpNotTaken ? error.retryAfterMs : 0
        const waitMs = Math.max(asked, backoffMs(tried, RETRY_BACKOFF, random))
        if (isFinal || clock.monotonic() + waitMs > endMs) {
          tally.dropped += count
          return
        }
        if (!(await pause(clock, waitMs, signal))) return
      }
    }
  }

  #worked(): void {
    if (this.#failure !== undefined) this.#deps.log.info('the collector takes figures and traces again')
    this.#failure = undefined
    this.#lastTakenMs = this.#deps.clock.now()
  }

  /** Told once, and not again until it worked: a collector may be away for days. */
  #failed(error: unknown): void {
    const code = codeOf(error)
    if (this.#failure === undefined) this.#deps.log.warn('the collector takes no figures and traces', { code })
    this.#failure = code
  }
}
