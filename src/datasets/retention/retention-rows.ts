/** How long datasets keep what came to them, as rows: for ever, until an owner says otherwise. */
import type { DataDatabase } from '../../store/mod.ts'
import type { DatasetId, Retention, RetentionDays } from '../../wire/mod.ts'
import { RetentionUnfit } from '../errors.ts'
import { isUnderWay } from '../reimport/reimport-rows.ts'
import { datasetRow } from '../tenant/dataset-rows.ts'

const DAY_MS = 86_400_000

/** Refuses `dataset.not_found`. */
export function retentionOf(db: DataDatabase, id: string): Retention {
  const sql = `SELECT records_days, documents_days, removed_at_ms, removed_records, removed_documents
    FROM retentions WHERE dataset = ?`
  const row = db.row(sql, [datasetRow(db, id).no])
  const [records = null, documents = null, atMs = null, removedRecords = 0, removedDocuments = 0] = row ?? []
  const counted = { records: Number(removedRecords), documents: Number(removedDocuments) }
  return {
    ...{ recordsDays: daysOf(records), documentsDays: daysOf(documents) },
    ...(atMs !== null && { removed: { atMs: Number(atMs), ...counted } }),
  }
}

/** From the next look on. Refuses `dataset.not_found`, `dataset.retention_unfit`. */
export function setRetention(db: DataDatabase, id: string, { recordsDays, documentsDays }: RetentionDays): Retention {
  const { no } = datasetRow(db, id)
  if (recordsDays !== null && documentsDays !== null && documentsDays > recordsDays)
    throw new RetentionUnfit(`documents for ${documentsDays} days, expected at most the ${recordsDays} of the records`)
  db.run(
    `INSERT INTO retentions (dataset, records_days, documents_days, removed_records, removed_documents)
     VALUES (?, ?, ?, 0, 0)
     ON CONFLICT DO UPDATE SET records_days = excluded.records_days, documents_days = excluded.documents_days`,
    [no, recordsDays, documentsDays],
  )
  return retentionOf(db, id)
}

/** Datasets that do not keep everything for ever. */
export function retainedDatasets(db: DataDatabase): DatasetId[] {
  const sql = `SELECT d.id FROM retentions t JOIN datasets d ON d.no = t.dataset
    WHERE d.name NOT LIKE '~%' AND (t.records_days IS NOT NULL OR t.documents_days IS NOT NULL) ORDER BY d.no`
  return db.all(sql).map(([id]) => id as DatasetId)
}

/** Before when an import must have come for its records, and for its document, to be too old at `nowMs`; 0: never, and not while it is read again. */
export function tooOld(db: DataDatabase, id: string, nowMs: number): { recordsMs: number; documentsMs: number } {
  if (isUnderWay(db, datasetRow(db, id).no)) return { recordsMs: 0, documentsMs: 0 }
  const { recordsDays, documentsDays } = retentionOf(db, id)
  const before = (days: number | null): number => (days === null ? 0 : nowMs - days * DAY_MS)
  const recordsMs = before(recordsDays)
  return { recordsMs, documentsMs: Math.max(recordsMs, before(documentsDays)) }
}

/** Within a transaction: adds to what the look of that time has removed. */
export function addRemoved(
  db: DataDatabase,
  datasetNo: number,
  nowMs: number,
  { records = 0, documents = 0 }: { records?: number; documents?: number },
): void {
  if (records === 0 && documents === 0) return
  db.run(
    `UPDATE retentions SET removed_at_ms = ?1, removed_records = iif(removed_at_ms IS ?1, removed_records, 0) + ?2,
       removed_documents = iif(removed_at_ms IS ?1, removed_documents, 0) + ?3 WHERE dataset = ?4`,
    [nowMs, records, documents, datasetNo],
  )
}

function daysOf(value: unknown): number | null {
  return typeof value === 'number' ? value : null
}
