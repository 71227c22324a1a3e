/** Datasets, imports and upload tokens as the API answers them: instants as RFC 3339, what is not known as null. */
import * as v from 'valibot'
import { rfc3339 } from '../../base/mod.ts'
import type { UploadTokenSummary } from '../../datasets/mod.ts'
import {
  Attributes,
  ClassChange,
  ClassifiedField,
  type Dataset,
  type DatasetSummary,
  type ImportReport,
  ImportState,
  type ImportSummary,
  Remark,
  Shape,
} from '../../wire/mod.ts'

export const DatasetJson = v.object({
  ...{ id: v.string(), name: v.string(), shape: Shape, createdAt: v.string() },
  ...{ records: v.number(), imports: v.number(), fields: v.array(ClassifiedField) },
  lastImport: v.nullable(v.object({ id: v.string(), state: ImportState, receivedAt: v.string() })),
})

/** As a list has it. */
export const DatasetSummaryJson = v.omit(DatasetJson, ['fields'])

export const ImportJson = v.object({
  ...{ id: v.string(), dataset: v.string(), state: ImportState, receivedAt: v.string() },
  ...{ startedAt: v.nullable(v.string()), endedAt: v.nullable(v.string()) },
  ...{ format: v.nullable(v.string()), fileName: v.nullable(v.string()), contentType: v.nullable(v.string()) },
  ...{ bytes: v.number(), sha256: v.nullable(v.string()), token: v.nullable(v.string()), attributes: Attributes },
  ...{ rowsTaken: v.number(), rowsReplaced: v.number(), rowsRefused: v.number(), warnings: v.number() },
  /** Why the document, or the rest of it, was not read. */
  reason: v.nullable(v.object({ code: v.string(), message: v.string(), line: v.optional(v.number()) })),
  /** Its document was erased, with what quoted it. */
  erasedAt: v.nullable(v.string()),
  /** It was older than the dataset keeps documents, or records. */
  ...{ documentGoneAt: v.nullable(v.string()), recordsGoneAt: v.nullable(v.string()) },
  /** Its document is to be read again, or is being read; and when it was read again last. */
  ...{ reimport: v.nullable(v.picklist(['waiting', 'running'])), reimportedAt: v.nullable(v.string()) },
  /** You are not cleared for restricted fields: what may quote them is left out. */
  masked: v.boolean(),
})

/** With the first 1,000 refusals and warnings. */
export const ImportReportJson = v.object({
  ...ImportJson.entries,
  refusals: v.array(Remark),
  remarks: v.array(Remark),
})

export const UploadTokenJson = v.object({
  ...{ id: v.string(), name: v.string(), state: v.picklist(['in_force', 'expired', 'revoked']) },
  ...{ createdBy: v.string(), createdAt: v.string(), expiresAt: v.string() },
  ...{ revokedAt: v.nullable(v.string()), usedAt: v.nullable(v.string()), address: v.nullable(v.string()) },
})

export function datasetAsJson({ fields, ...summary }: Dataset): v.InferInput<typeof DatasetJson> {
  return { ...datasetSummaryAsJson(summary), fields }
}

export function datasetSummaryAsJson({
  createdAtMs,
  lastImport,
  ...dataset
}: DatasetSummary): v.InferInput<typeof DatasetSummaryJson> {
  const last = lastImport && {
    ...{ id: lastImport.id, state: lastImport.state },
    receivedAt: rfc3339(lastImport.receivedAtMs),
  }
  return { ...dataset, createdAt: rfc3339(createdAtMs), lastImport: last ?? null }
}

export function reportAsJson(report: ImportReport): v.InferInput<typeof ImportReportJson> {
  return { ...importAsJson(report), refusals: report.refusals, remarks: report.remarks }
}

export function importAsJson(summary: ImportSummary): v.InferInput<typeof ImportJson> {
  const { id, dataset, state, receivedAtMs, startedAtMs, endedAtMs, bytes, attributes, masked = false } = summary
  const { format = null, fileName = null, contentType = null, sha256 = null, token = null, reason = null } = summary
  const { rowsTaken, rowsReplaced, rowsRefused, warnings } = summary
  return {
    ...{ id, dataset, state, format, fileName, contentType, bytes, sha256, token, attributes, reason, masked },
    ...{ rowsTaken, rowsReplaced, rowsRefused, warnings },
    ...{ receivedAt: rfc3339(receivedAtMs), startedAt: instant(startedAtMs), endedAt: instant(endedAtMs) },
    erasedAt: instant(summary.erasedAtMs),
    ...{ documentGoneAt: instant(summary.documentGoneAtMs), recordsGoneAt: instant(summary.recordsGoneAtMs) },
    ...{ reimport: summary.reimport ?? null, reimportedAt: instant(summary.reimportedAtMs) },
  }
}

export const ClassChangeJson = v.object({ ...v.omit(ClassChange, ['atMs']).entries, at: v.string() })

export function classChangeAsJson({ atMs, ...change }: ClassChange): v.InferInput<typeof ClassChangeJson> {
  return { ...change, at: rfc3339(atMs) }
}

export function uploadTokenAsJson(token: UploadTokenSummary): v.InferInput<typeof UploadTokenJson> {
  const { createdAt, expiresAt, revokedAt, usedAt } = token
  return {
    ...{ ...token, createdAt: rfc3339(createdAt), expiresAt: rfc3339(expiresAt) },
    ...{ revokedAt: instant(revokedAt), usedAt: instant(usedAt) },
  }
}

function instant(ms: number | null | undefined): string | null {
  return ms === undefined || ms === null ? null : rfc3339(ms)
}
