/** Indexes over fields of a dataset, which make queries that name these fields quick. */
import * as v from 'valibot'
import { DatasetField } from './datasets.ts'
import { idOf } from './formats.ts'

/** Of one index: equal values of the first, then of the second, then an order. */
export const INDEXED_FIELDS_MAX = 3

/** Id of an index. */
export const IndexId = idOf('ix')
export type IndexId = v.InferOutput<typeof IndexId>

/** Fields in the order in which they lead to records. */
export const NewIndex = v.strictObject({
  fields: v.pipe(v.array(DatasetField.entries.name), v.minLength(1), v.maxLength(INDEXED_FIELDS_MAX)),
})
export type NewIndex = v.InferOutput<typeof NewIndex>

/** `building`: records that were there are being put in, and queries do without it. */
export const DatasetIndex = v.strictObject({
  ...{ id: IndexId, fields: v.array(DatasetField.entries.name), state: v.picklist(['building', 'ready']) },
})
export type DatasetIndex = v.InferOutput<typeof DatasetIndex>
