/**
 * Follows one batch in so many through a flow, and times what is done with it. A batch that is not followed costs one comparison
 * where it is read and one at each place it comes to.
 */
import { type Clock, codeOf, hex, type Random } from '../base/mod.ts'
import type { BatchSpan } from '../wire/mod.ts'
import type { Batch } from './batch.ts'
import { ComponentFailed } from './errors.ts'

/** Batches of a flow that are followed in any one second: 10 × ≤ 256 components × ≈ 250 B < 640 KiB/s, whatever `oneIn` is. */
export const TRACES_PER_SECOND_MAX = 10

/** How many batches there are for each one that is followed (from 1), and who takes finished spans. */
export type Tracing = { oneIn: number; take: (span: BatchSpan) => void }
type TracingDeps = Tracing & { clock: Clock; random: Random }

/** Ends a span; with the error if the step failed. */
export type EndSpan = (error?: unknown) => void

export class BatchSampler {
  readonly #deps: TracingDeps
  /** The first batch is followed: a flow that moves little shows something as well. */
  #left = 1
  #secondBeganMs = Number.NEGATIVE_INFINITY
  #inSecond = 0

  constructor(deps: TracingDeps) {
    this.#deps = deps
  }

  /** The trace of a batch that was just read, if its turn has come. */
  next(source: string, batch: Batch): BatchTrace | undefined {
    return --this.#left > 0 ? undefined : this.#due(source, batch)
  }

  #due(source: string, batch: Batch): BatchTrace | undefined {
    const { oneIn, clock, random } = this.#deps
    // A drawn gap, `oneIn` on average: with a fixed one, sources that take turns would always show the same one.
    this.#left = 1 + Math.floor((new DataView(random(4).buffer).getUint32(0) / 2 ** 32) * (2 * oneIn - 1))
    const now = clock.monotonic()
    if (now - this.#secondBeganMs >= 1_000) {
      this.#secondBeganMs = now
      this.#inSecond = 0
    }
    if (this.#inSecond >= TRACES_PER_SECOND_MAX) return undefined
    this.#inSecond++
    return new BatchTrace(this.#deps, source, batch)
  }
}

/** One batch that is followed: a span for all of it, and beneath it one for each step. */
export class BatchTrace {
  readonly #deps: TracingDeps
  readonly #trace: string
  readonly #root: string
  readonly #startedMs: number
  readonly #startedMonotonic: number
  /** The source answered for the batch. */
  readonly end: EndSpan

  constructor(deps: TracingDeps, source: string, batch: Batch) {
    this.#deps = deps
    this.#trace = hex(deps.random(16))
    this.#root = hex(deps.random(8))
    this.#startedMs = deps.clock.now()
    this.#startedMonotonic = deps.clock.monotonic()
    this.end = this.#open('batch', source, batch, this.#root)
  }

  /** A step begins; call what it returns when it ends. */
  begin(step: Exclude<BatchSpan['step'], 'batch'>, component: string, batch: Batch): EndSpan {
    return this.#open(step, component, batch, hex(this.#deps.random(8)), this.#root)
  }

  /** Does the work of a step. */
  async around<T>(
    step: Exclude<BatchSpan['step'], 'batch'>,
    component: string,
    batch: Batch,
    work: () => T | Promise<T>,
  ): Promise<T> {
    const end = this.begin(step, component, batch)
    try {
      const result = await work()
      end()
      return result
    } catch (error) {
      end(error)
      throw error
    }
  }

  #open(step: BatchSpan['step'], component: string, batch: Batch, span: string, parent?: string): EndSpan {
    const { clock, take } = this.#deps
    const { count: records, sizeBytes: bytes } = batch.records
    const begunAt = clock.monotonic()
    // Between them only the monotonic clock: a clock that is set meanwhile must not bend the trace.
    const startMs = this.#startedMs + (begunAt - this.#startedMonotonic)
    return (error) =>
      take({
        ...{ trace: this.#trace, span, step, component, startMs, records, bytes },
        ...(parent !== undefined && { parent }),
        durationMs: clock.monotonic() - begunAt,
        ...(error !== undefined && { failure: error instanceof ComponentFailed ? error.reason.code : codeOf(error) }),
      })
  }
}
