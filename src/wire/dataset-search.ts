/** Which fields of a dataset are searched by their words. */
import * as v from 'valibot'
import { DatasetField } from './datasets.ts'
import { Count } from './formats.ts'

/** Each makes the index larger and every import slower. */
export const SEARCHED_FIELDS_MAX = 16

/** What to search from now on. */
export const NewSearch = v.strictObject({
  fields: v.pipe(v.array(DatasetField.entries.name), v.minLength(1), v.maxLength(SEARCHED_FIELDS_MAX)),
})
export type NewSearch = v.InferOutput<typeof NewSearch>

/**
 * `off`: there is no index, and a search looks through the texts of all records · `building`: `waiting` records, at most, are not in it yet ·
 * `ready`: all are.
 */
export const SearchIndex = v.strictObject({
  state: v.picklist(['off', 'building', 'ready']),
  fields: v.array(DatasetField.entries.name),
  waiting: Count,
})
export type SearchIndex = v.InferOutput<typeof SearchIndex>
