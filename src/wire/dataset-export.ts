/** How records of a dataset leave it as a file: part by part, each a query of its own that knows where the one before ended. */
import * as v from 'valibot'
import { DatasetField, Query } from './datasets.ts'
import { Count } from './formats.ts'

export const ExportFormat = v.picklist(['csv', 'ndjson', 'parquet'])
export type ExportFormat = v.InferOutput<typeof ExportFormat>

/** All records that a query finds, in the order in which they came unless it sorts them. */
export const ExportQuery = v.omit(Query, ['limit', 'after'])
export type ExportQuery = v.InferOutput<typeof ExportQuery>

/**
 * Where a part ended. `from`: behind that record's number, up to `to`, which was the newest when it was looked for; `rounds`: how often
 * that was. `after`: in the order of a query that sorts.
 */
export const ExportPlace = v.union([
  v.strictObject({ from: Count, to: Count, rounds: Count }),
  v.strictObject({ after: v.string() }),
])
export type ExportPlace = v.InferOutput<typeof ExportPlace>

/** `columns`: those of the part before. `offset`: bytes of the file so far. */
export const ExportStep = v.strictObject({
  ...{ query: ExportQuery, format: ExportFormat, offset: Count },
  columns: v.optional(v.array(DatasetField)),
  place: v.optional(ExportPlace),
})
export type ExportStep = v.InferOutput<typeof ExportStep>

/** `content`: text, or in base64url what is binary. `schema`, `group`: for the end of a Parquet file, base64url. */
export const ExportPart = v.strictObject({
  ...{ columns: v.array(DatasetField), content: v.string(), rows: Count },
  ...{ schema: v.optional(v.string()), group: v.optional(v.string()), next: v.optional(ExportPlace) },
})
export type ExportPart = v.InferOutput<typeof ExportPart>
