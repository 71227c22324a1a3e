/** How long a dataset keeps what came to it, and what went by that. */
import * as v from 'valibot'
import { Count } from './formats.ts'

/** A century: whoever means longer means for ever. */
export const RETENTION_DAYS_MAX = 36_500

const Days = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(RETENTION_DAYS_MAX))

/** Days since an import was received; null: for ever. A document is never kept longer than the records of its import. */
export const RetentionDays = v.strictObject({ recordsDays: v.nullable(Days), documentsDays: v.nullable(Days) })
export type RetentionDays = v.InferOutput<typeof RetentionDays>

/** `removed`: what the last look at which something was too old has removed. */
export const Retention = v.strictObject({
  ...RetentionDays.entries,
  removed: v.optional(v.strictObject({ atMs: Count, records: Count, documents: Count })),
})
export type Retention = v.InferOutput<typeof Retention>
