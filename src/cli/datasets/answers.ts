/** What a Runtime answers about data tenants, datasets, their tokens and imports, as far as the command shows it. */
import * as v from 'valibot'

const text = v.string()
const optionalText = v.optional(v.nullable(text))
const count = v.number()

export const DataTenant = v.looseObject({ id: text, name: text, role: optionalText })
export const DataTenants = v.looseObject({ dataTenants: v.array(DataTenant) })
export const Members = v.looseObject({
  members: v.array(
    v.looseObject({ user: v.looseObject({ id: text, name: text }), role: text, clearance: text, since: text }),
  ),
})

const Field = v.looseObject({ name: text, type: text, class: v.optional(text), masked: v.optional(v.boolean()) })
export const DatasetAnswer = v.looseObject({
  ...{ id: text, name: text, shape: text, records: count, imports: count, fields: v.array(Field) },
  lastImport: v.optional(v.nullable(v.looseObject({ id: text, state: text, receivedAt: text }))),
})
/** A list has no fields. */
export const DatasetList = v.looseObject({ datasets: v.array(v.omit(DatasetAnswer, ['fields'])) })

export const ImportAnswer = v.looseObject({
  ...{ id: text, state: text, receivedAt: text, fileName: optionalText, format: optionalText },
  ...{ rowsTaken: count, rowsReplaced: count, rowsRefused: count, warnings: count },
  ...{ erasedAt: optionalText, documentGoneAt: optionalText, reimport: optionalText },
  reason: v.optional(v.nullable(v.looseObject({ code: text, message: text, line: v.optional(count) }))),
})
export const EraseCertificate = v.looseObject({
  ...{ dataset: text, dryRun: v.boolean(), records: count, imports: count, documents: count, unread: count },
  /** Not told by a Runtime from before saved views were looked into. */
  views: v.optional(count, 0),
  search: v.optional(text),
  ...{ matched: text, salt: text, erasedAt: text, by: text },
})
export type EraseCertificate = v.InferOutput<typeof EraseCertificate>
export const ChangesAnswer = v.looseObject({
  since: v.nullable(text),
  changes: v.array(
    v.looseObject({
      ...{ at: text, field: text, from: v.unknown(), to: v.unknown(), import: text },
      masked: v.optional(v.boolean()),
    }),
  ),
  next: v.optional(count),
})
export type ChangesAnswer = v.InferOutput<typeof ChangesAnswer>
export const ReimportAnswer = v.looseObject({
  ...{ state: text, import: optionalText, total: count, read: count, unread: count },
  ...{ startedAt: text, endedAt: optionalText },
})
export type ReimportAnswer = v.InferOutput<typeof ReimportAnswer>
export const LastReimport = v.looseObject({ reimport: v.nullable(ReimportAnswer) })
export const RetentionAnswer = v.looseObject({
  ...{ recordsDays: v.nullable(count), documentsDays: v.nullable(count) },
  removed: v.nullable(v.looseObject({ at: text, records: count, documents: count })),
})
export type RetentionAnswer = v.InferOutput<typeof RetentionAnswer>
export const ImportList = v.looseObject({ imports: v.array(ImportAnswer), next: v.optional(text) })

const Remark = v.looseObject({ line: v.optional(count), reason: text })
export const ImportReportAnswer = v.looseObject({
  ...ImportAnswer.entries,
  ...{ refusals: v.array(Remark), remarks: v.array(Remark) },
})
export type ImportReportAnswer = v.InferOutput<typeof ImportReportAnswer>

export const Uploaded = v.looseObject({ import: text, again: v.boolean() })

export const UploadTokens = v.looseObject({
  tokens: v.array(
    v.looseObject({ id: text, name: text, state: text, expiresAt: text, usedAt: optionalText, address: optionalText }),
  ),
})
/** Shown this once. */
export const MadeUploadToken = v.looseObject({
  id: text,
  name: text,
  token: text,
  expiresAt: text,
  uploadAddress: text,
})

export const RecordsPage = v.looseObject({
  fields: v.array(Field),
  rows: v.array(v.array(v.unknown())),
  next: v.optional(text),
  search: v.optional(v.looseObject({ from: text, waiting: count })),
})
export type RecordsPage = v.InferOutput<typeof RecordsPage>
