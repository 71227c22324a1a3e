/** What records were before another took their place, where an owner asked for that to be kept. */
import * as v from 'valibot'
import { ImportId } from './datasets.ts'
import { Count } from './formats.ts'

/** Changes in one answer. */
export const CHANGES_MAX = 200

/** Which record, by its key, without which only `sinceMs` is told; `before`: those that came before that change. */
export const ChangesAsked = v.strictObject({
  key: v.optional(v.pipe(v.string(), v.minLength(1), v.maxLength(1_024))),
  before: v.optional(Count),
})
export type ChangesAsked = v.InferOutput<typeof ChangesAsked>

/** `masked`: who asks is not cleared for the field, and is not told the values. */
export const RecordChange = v.strictObject({
  ...{ no: Count, field: v.string(), from: v.unknown(), to: v.unknown(), atMs: Count, import: ImportId },
  masked: v.optional(v.literal(true)),
})
export type RecordChange = v.InferOutput<typeof RecordChange>

/** The newest first; `next`: what `before` is for the following page. `sinceMs`: since when they are kept, if they are. */
export const RecordChanges = v.strictObject({
  sinceMs: v.optional(Count),
  changes: v.array(RecordChange),
  next: v.optional(Count),
})
export type RecordChanges = v.InferOutput<typeof RecordChanges>
