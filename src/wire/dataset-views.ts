/** Views of a dataset that people keep: a dashboard or a list of records with all that was chosen there. */
import * as v from 'valibot'
import { naming } from '../base/mod.ts'
import { Count, idOf } from './formats.ts'
import { recordOf } from './record-of.ts'

/** As many as a page's address has, and more. */
const WORDS_MAX = 16

/** Id of a view. */
export const ViewId = idOf('sv')
export type ViewId = v.InferOutput<typeof ViewId>

export const ViewName = v.pipe(v.string(), v.trim(), v.minLength(1), v.maxLength(80))

/** The words of a page's address: what is chosen, filtered and sorted. */
const ViewWords = v.pipe(
  recordOf(
    v.pipe(v.string(), v.regex(/^[a-z_]{1,32}$/, naming('must be a word of the page’s address'))),
    v.pipe(v.string(), v.maxLength(1_024)),
  ),
  v.check((words) => Object.keys(words).length <= WORDS_MAX, `at most ${WORDS_MAX} words`),
)

/** `isShared`: every member sees it, and not only who saved it. */
export const NewView = v.strictObject({
  ...{ name: ViewName, page: v.picklist(['dashboard', 'records']), words: ViewWords },
  isShared: v.optional(v.boolean(), false),
})
export type NewView = v.InferOutput<typeof NewView>

/** `user`: who saved it. */
export const SavedView = v.strictObject({
  ...NewView.entries,
  isShared: v.boolean(),
  id: ViewId,
  user: v.string(),
  savedAtMs: Count,
})
export type SavedView = v.InferOutput<typeof SavedView>

/** Another name, or for others to see or not. */
export const ViewChange = v.strictObject({ name: v.optional(ViewName), isShared: v.optional(v.boolean()) })
export type ViewChange = v.InferOutput<typeof ViewChange>
