/** The re-import of a dataset from its documents as they came, and how far it is. */
import * as v from 'valibot'
import { DatasetField, ImportId } from './datasets.ts'
import { Count } from './formats.ts'

/**
 * `import`: of this one only. `total`: imports that are read again, of which `read` are done. `unread`: imports whose documents are not
 * there any more or cannot be read; what their records were they stay.
 */
export const Reimport = v.strictObject({
  state: v.picklist(['running', 'done']),
  import: v.optional(ImportId),
  /** Before, a field gets this type: values that are there are being changed. */
  field: v.optional(DatasetField),
  ...{ total: Count, read: Count, unread: Count, startedAtMs: Count },
  endedAtMs: v.optional(Count),
})
export type Reimport = v.InferOutput<typeof Reimport>

/** Of all imports of the dataset, or of one. */
export const NewReimport = v.strictObject({ import: v.optional(ImportId) })
export type NewReimport = v.InferOutput<typeof NewReimport>

/** Another type for a field of a `table`. */
export const NewFieldType = DatasetField
export type NewFieldType = v.InferOutput<typeof NewFieldType>
