/** A question in SQL over the datasets of a data tenant, and its answer. */
import * as v from 'valibot'
import { DatasetId } from './datasets.ts'
import { Count } from './formats.ts'

/** Of a question, in UTF-8: more than a person writes by hand. */
export const SQL_BYTES_MAX = 16_384

/** One SELECT, WITH or VALUES. */
export const SqlQuestion = v.strictObject({
  sql: v.pipe(
    v.string(),
    v.check((sql) => sql.trim() !== '', 'must not be empty'),
    v.maxBytes(SQL_BYTES_MAX, `must be at most ${SQL_BYTES_MAX} bytes`),
  ),
})
export type SqlQuestion = v.InferOutput<typeof SqlQuestion>

/**
 * `rows`: values in the order of `columns`: texts, numbers, null; an integer that a number of JSON does not hold as its digits, bytes as
 * hexadecimal digits. `more`: there are rows that the bounds of an answer left out.
 */
export const SqlAnswer = v.strictObject({
  columns: v.array(v.strictObject({ name: v.string() })),
  rows: v.array(v.array(v.nullable(v.union([v.string(), v.number()])))),
  more: v.boolean(),
  elapsedMs: Count,
})
export type SqlAnswer = v.InferOutput<typeof SqlAnswer>

/**
 * The same with the datasets that were read for it, which the audit trail is told. Our own process made the rows: to look at each of their
 * values would hold main up.
 */
export const SqlAnswered = v.strictObject({
  ...SqlAnswer.entries,
  rows: v.custom<SqlAnswer['rows']>(Array.isArray),
  read: v.array(DatasetId),
})
export type SqlAnswered = v.InferOutput<typeof SqlAnswered>

/** A dataset and its fields as SQL writes them: in quotes where they need some. */
export const SqlView = v.strictObject({ dataset: DatasetId, name: v.string(), columns: v.array(v.string()) })
export type SqlView = v.InferOutput<typeof SqlView>
