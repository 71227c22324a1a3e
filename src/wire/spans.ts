/**
 * One step of one batch, as a worker timed it for a trace. It names a component, never a partition, a path or a record; times are
 * milliseconds since 1970 with their fractions.
 */
import * as v from 'valibot'
import { Code, Count, Name } from './formats.ts'

/** Spans in one message of a worker: 128 × ≈ 250 B = 32 KiB. */
export const SPANS_MAX = 128

const SpanId = v.pipe(v.string(), v.regex(/^[0-9a-f]{16}$/))
/** Until the year 2223: the sum of two, in nanoseconds, fits the 64 bits that a trace has for a time. */
const Milliseconds = v.pipe(v.number(), v.minValue(0), v.maxValue(8e12))

export const BatchSpan = v.strictObject({
  trace: v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/)),
  span: SpanId,
  /** Absent for the batch as a whole. */
  parent: v.optional(SpanId),
  /** The batch from its reading to its answer; a transform; a write of a sink; what a bridge's near side does. */
  step: v.picklist(['batch', 'transform', 'write', 'send']),
  /** The source of the batch, or who did the step. */
  component: Name,
  startMs: Milliseconds,
  durationMs: Milliseconds,
  records: Count,
  bytes: Count,
  /** Why it failed, if it did. */
  failure: v.optional(Code),
})
export type BatchSpan = v.InferOutput<typeof BatchSpan>
