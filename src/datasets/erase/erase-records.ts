/**
 * Takes the records of one person out of a dataset, step by step, between which others use the database: what the rollups counted of them is
 * given back in the same transaction, and their imports are marked, so that a crash between two steps leaves only that less is left.
 */
import type { Clock } from '../../base/mod.ts'
import type { DataDatabase } from '../../store/mod.ts'
import type { EraseWhere, ImportId } from '../../wire/mod.ts'
import { EraseHeldUp } from '../errors.ts'
import { forgetUntold } from '../history/changes.ts'
import { isUnderWay } from '../reimport/reimport-rows.ts'
import { RollupCounts } from '../rollups/rollup-counts.ts'
import { datasetRow, recordsTable } from '../tenant/dataset-rows.ts'
import { Totals } from '../tenant/totals.ts'
import { markErased, matching } from './matching.ts'

/** Records that one step removes, ~50 ms, and looks through, ~100 ms. */
export const RECORDS_OF_STEP = 2_000
const LOOKED_THROUGH_OF_STEP = 100_000
/** Names of files that are told at once: 40 KiB. */
const FILES_OF_STEP = 1_000
/** Stands where a reason did that may have quoted the document. */
const REASON_ERASED = 'not kept: the document was erased'

type EraseDeps = { db: DataDatabase; clock: Clock }
export type RecordStep = { where: EraseWhere; upTo: number; after: number; dryRun: boolean }
/** `imports`: those that brought them, and whether they still had their documents. */
export type RecordsStepped = { records: number; imports: { no: number; document: boolean }[]; next?: number }

/** Up to which import it is about: what is taken from now on is not. Refuses `query.invalid`, `dataset.not_found`. */
export function beginErase(db: DataDatabase, id: string, where: EraseWhere): { upTo: number } {
  const asked = matching(datasetRow(db, id), where)
  if (isUnderWay(db, datasetRow(db, id).no)) throw new EraseHeldUp('the dataset is being re-imported')
  // SQLite judges the statement as a whole before anything is removed.
  db.row(
    `SELECT 1 FROM ${recordsTable(datasetRow(db, id).no)} r JOIN imports i ON i.no = r.import_no WHERE ${asked.text} LIMIT 0`,
    asked.values,
  )
  // Pages that come free, and what came free within a page, are overwritten.
  db.row('PRAGMA secure_delete = ON')
  return { upTo: Number(db.row('SELECT max(no) FROM imports')?.[0] ?? 0) }
}

/** Removes some more of them, or only counts. */
export async function eraseRecords(
  { db, clock }: EraseDeps,
  id: string,
  { where, upTo, after, dryRun }: RecordStep,
): Promise<RecordsStepped> {
  return db.transaction(() => {
    const dataset = datasetRow(db, id)
    const table = recordsTable(dataset.no)
    const asked = matching(dataset, where)
    const rollups = new RollupCounts(db)
    const counts = rollups.of(dataset)
    const columns = ['r.no', 'r.import_no', ...counts.columns.map((column) => `r.${column}`)].join(', ')
    const end = after + LOOKED_THROUGH_OF_STEP
    const found = db.all(
      `SELECT ${columns} FROM ${table} r JOIN imports i ON i.no = r.import_no
       WHERE r.no > ? AND r.no <= ? AND r.import_no <= ? AND ${asked.text} ORDER BY r.no LIMIT ?`,
      [after, end, upTo, ...asked.values, RECORDS_OF_STEP],
    )
    const last = found.length === RECORDS_OF_STEP ? Number(found.at(-1)?.[0]) : end
    const imports = [...new Set(found.map(([, importNo]) => Number(importNo)))].map((no) => {
      return { no, document: hasDocument(db, no) }
    })
    if (!dryRun) {
      for (const [no, importNo, ...counted] of found) {
        db.run(`DELETE FROM ${table} WHERE no = ?`, [Number(no)])
        counts.count(Number(importNo), counted, -1, Number(no))
      }
      for (const { no } of imports) markErased(db, no, clock.now())
      const totals = new Totals()
      totals.add(dataset.no, { records: -found.length })
      totals.write(db)
      rollups.write()
    }
    const more = last < Number(db.row(`SELECT max(no) FROM ${table}`)?.[0] ?? 0)
    return { records: found.length, imports, ...(more && { next: last }) }
  })
}

function hasDocument(db: DataDatabase, importNo: number): boolean {
  const sql = `SELECT 1 FROM imports i WHERE i.no = ? AND i.erased_at_ms IS NULL AND i.document_gone_at_ms IS NULL
    AND (i.object_key IS NOT NULL OR EXISTS (SELECT 1 FROM documents WHERE import = i.no))`
  return db.row(sql, [importNo]) !== undefined
}

/**
 * Once all is found: takes away what uploads said of erased documents, and gives the imports whose files are to go; the keys of those that are
 * `removed` go with them. `isClean`: no file is left, and nothing of it in the write-ahead log, which a reader may hold up.
 */
export async function endErase(
  db: DataDatabase,
  id: string,
  removed: readonly ImportId[],
): Promise<{ files: ImportId[]; isClean: boolean }> {
  if (await db.transaction(() => forgetUntold(db, datasetRow(db, id).no))) return { files: [], isClean: false }
  const files = await db.transaction(() => {
    const { no } = datasetRow(db, id)
    for (const one of removed) db.run('UPDATE imports SET object_key = NULL WHERE dataset = ? AND id = ?', [no, one])
    db.run(
      `UPDATE imports SET file_name = NULL, content_type = NULL, attributes = '{}', reason = iif(reason_code IS NULL, NULL, ?)
       WHERE dataset = ? AND erased_at_ms IS NOT NULL`,
      [REASON_ERASED, no],
    )
    const kept =
      'SELECT id FROM imports WHERE dataset = ? AND erased_at_ms IS NOT NULL AND object_key IS NOT NULL LIMIT ?'
    return db.all(kept, [no, FILES_OF_STEP]).map(([file]) => file as ImportId)
  })
  if (files.length > 0) return { files, isClean: false }
  return { files, isClean: db.row('PRAGMA wal_checkpoint(TRUNCATE)')?.[0] === 0 }
}
