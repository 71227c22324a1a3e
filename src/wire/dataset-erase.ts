/** What is asked to be erased of a dataset, and what came of it. */
import * as v from 'valibot'
import { CONDITIONS_MAX, Condition } from './datasets.ts'
import { Count } from './formats.ts'

/** Whose data: all conditions hold, and there is one at least, so that a whole dataset is never meant by leaving them out. */
export const EraseWhere = v.pipe(v.array(Condition), v.minLength(1), v.maxLength(CONDITIONS_MAX))
export type EraseWhere = v.InferOutput<typeof EraseWhere>

/** `dryRun`: only counts. */
export const EraseRequest = v.strictObject({ where: EraseWhere, dryRun: v.optional(v.boolean(), false) })
export type EraseRequest = v.InferOutput<typeof EraseRequest>

/**
 * How many records went; how many imports had any of it, be it in records or in their documents; how many documents went as a whole; and how
 * many of the documents that stay could not be read to their end or row by row, so that nobody can say what is in the rest of them; how many
 * saved views named it and went. `search`: all words of the dataset were destroyed, and its search is built anew of what stays.
 */
export const Erased = v.strictObject({
  ...{ records: Count, imports: Count, documents: Count, unread: Count, views: Count },
  search: v.optional(v.literal('renewed')),
})
export type Erased = v.InferOutput<typeof Erased>
