/**
 * Removes what is older than its dataset keeps it, a slice at a time, between which others use the database. Age is counted from when an
 * import was received. How long is kept is read anew with each slice: who lengthens it keeps what is still there.
 */
import { type DataDatabase, yieldToFinalisers } from '../../store/mod.ts'
import type { ImportId } from '../../wire/mod.ts'
import { forgetChanges } from '../history/changes.ts'
import { RollupCounts } from '../rollups/rollup-counts.ts'
import { type DatasetRow, datasetRow, recordsTable } from '../tenant/dataset-rows.ts'
import { rangeOf } from '../tenant/import-range.ts'
import { Totals } from '../tenant/totals.ts'
import { addRemoved, tooOld } from './retention-rows.ts'

/** Records that a slice removes, ~50 ms, and looks through, ~10 ms. */
export const RECORDS_OF_SLICE = 2_000
const LOOKED_THROUGH_OF_SLICE = 50_000
/** Imports that a slice looks at: ~5 ms, and the documents of 64 KiB that go with it are 16 MiB. */
export const IMPORTS_OF_SLICE = 256
/** Stands where a reason did that may have quoted the document. */
const REASON_GONE = 'not told any more: the document is no longer kept'

/** `after`: behind that import, and of the next behind that record. `nowMs`: when the look began, the same for all its slices. */
export type RecordSlice = { nowMs: number; after: { import: number; record: number } }
export type RecordsGone = { records: number; next?: RecordSlice['after'] }
/** `removed`: imports whose files the caller has removed since the slice before. */
export type DocumentSlice = { nowMs: number; after: number; removed: readonly ImportId[] }
/** `files`: of imports, for the caller to remove. */
export type DocumentsGone = { documents: number; files: ImportId[]; next?: number }

/** Documents that are too old, with the remarks that quote them. Refuses `dataset.not_found`. */
export async function retainDocuments(
  db: DataDatabase,
  id: string,
  { nowMs, after, removed }: DocumentSlice,
): Promise<DocumentsGone> {
  return db.transaction(() => {
    const { no } = datasetRow(db, id)
    for (const one of removed) db.run('UPDATE imports SET object_key = NULL WHERE dataset = ? AND id = ?', [no, one])
    const slice = importsBehind(db, no, after)
    const last = slice.at(-1)
    if (last === undefined) return { documents: 0, files: [] }
    const within = [no, after, last]
    const old = db.all(
      `SELECT i.no FROM imports i WHERE i.dataset = ? AND i.no > ? AND i.no <= ? AND i.received_at_ms < ? AND i.ended_at_ms <= ?
       AND i.erased_at_ms IS NULL AND i.document_gone_at_ms IS NULL
       AND (i.object_key IS NOT NULL OR EXISTS (SELECT 1 FROM documents WHERE import = i.no))`,
      [...within, tooOld(db, id, nowMs).documentsMs, nowMs],
    )
    for (const [importNo] of old) forgetDocument(db, Number(importNo), nowMs)
    addRemoved(db, no, nowMs, { documents: old.length })
    const files = db.all(
      `SELECT id FROM imports WHERE dataset = ? AND no > ? AND no <= ? AND document_gone_at_ms IS NOT NULL
       AND object_key IS NOT NULL`,
      within,
    )
    return { documents: old.length, files: files.map(([file]) => file as ImportId), next: last }
  })
}

function forgetDocument(db: DataDatabase, importNo: number, nowMs: number): void {
  db.run('DELETE FROM documents WHERE import = ?', [importNo])
  db.run('DELETE FROM import_remarks WHERE import = ?', [importNo])
  db.run('UPDATE imports SET document_gone_at_ms = ?, reason = iif(reason_code IS NULL, NULL, ?) WHERE no = ?', [
    ...[nowMs, REASON_GONE, importNo],
  ])
}

function importsBehind(db: DataDatabase, datasetNo: number, after: number): number[] {
  const sql = 'SELECT no FROM imports WHERE dataset = ? AND no > ? ORDER BY no LIMIT ?'
  return db.all(sql, [datasetNo, after, IMPORTS_OF_SLICE]).map(([no]) => Number(no))
}

/** Records that are too old; what the rollups counted of them is given back. Refuses `dataset.not_found`. */
export async function retainRecords(db: DataDatabase, id: string, { nowMs, after }: RecordSlice): Promise<RecordsGone> {
  const gone = await db.transaction(() => {
    const dataset = datasetRow(db, id)
    const rollups = new RollupCounts(db)
    const slice = new Slice(db, dataset, rollups, { nowMs, before: tooOld(db, id, nowMs).recordsMs })
    const next = slice.run(after)
    const totals = new Totals()
    totals.add(dataset.no, { records: -slice.records })
    totals.write(db)
    rollups.write()
    addRemoved(db, dataset.no, nowMs, { records: slice.records })
    return { records: slice.records, ...(next && { next }) }
  })
  await yieldToFinalisers()
  return gone
}

class Slice {
  readonly #db: DataDatabase
  readonly #dataset: DatasetRow
  readonly #rollups: RollupCounts
  readonly #age: { nowMs: number; before: number }
  records = 0
  #lookedThrough = 0

  constructor(db: DataDatabase, dataset: DatasetRow, rollups: RollupCounts, age: { nowMs: number; before: number }) {
    this.#db = db
    this.#dataset = dataset
    this.#rollups = rollups
    this.#age = age
  }

  /** Gives where the next slice goes on, if there may be more. */
  run({ import: done, record }: RecordSlice['after']): RecordSlice['after'] | undefined {
    const { nowMs, before } = this.#age
    if (before <= 0) return undefined
    const slice = importsBehind(this.#db, this.#dataset.no, done)
    const last = slice.at(-1)
    if (last === undefined) return undefined
    const old = this.#db.all(
      `SELECT no FROM imports WHERE dataset = ? AND no > ? AND no <= ? AND received_at_ms < ? AND ended_at_ms <= ?
       AND records_gone_at_ms IS NULL ORDER BY no`,
      [this.#dataset.no, done, last, before, nowMs],
    )
    let behind = record
    for (const importNo of old.map(([no]) => Number(no))) {
      const left = this.#removeOf(importNo, behind)
      if (left !== undefined) return { import: importNo - 1, record: left }
      if (forgetChanges(this.#db, importNo)) return { import: importNo - 1, record: Number.MAX_SAFE_INTEGER }
      this.#db.run('UPDATE imports SET records_gone_at_ms = ? WHERE no = ?', [nowMs, importNo])
      behind = 0
    }
    return { import: last, record: 0 }
  }

  /** Gives the number behind which the import has records still, if this slice is full. */
  #removeOf(importNo: number, behind: number): number | undefined {
    const table = recordsTable(this.#dataset.no)
    const counts = this.#rollups.of(this.#dataset)
    const columns = ['no', ...counts.columns].join(', ')
    const { from, to } = rangeOf(this.#db, this.#dataset.no, importNo)
    for (let at = Math.max(from - 1, behind); at < to; ) {
      if (this.records >= RECORDS_OF_SLICE || this.#lookedThrough >= LOOKED_THROUGH_OF_SLICE) return at
      const room = RECORDS_OF_SLICE - this.records
      const end = Math.min(to, at + LOOKED_THROUGH_OF_SLICE - this.#lookedThrough)
      const sql = `SELECT ${columns} FROM ${table} WHERE no > ? AND no <= ? AND import_no = ? ORDER BY no LIMIT ?`
      const found = this.#db.all(sql, [at, end, importNo, room])
      for (const [no, ...counted] of found) {
        this.#db.run(`DELETE FROM ${table} WHERE no = ?`, [Number(no)])
        counts.count(importNo, counted, -1, Number(no))
      }
      this.records += found.length
      const reached = found.length === room ? Number(found.at(-1)?.[0]) : end
      this.#lookedThrough += reached - at
      at = reached
    }
    return undefined
  }
}
