/** The last re-import of each dataset as a row: begun, gone on with, ended. */
import type { DataDatabase, SqlResult } from '../../store/mod.ts'
import type { FieldType, ImportId, NewFieldType, Reimport } from '../../wire/mod.ts'
import { DocumentNotKept, ImportNotFound, ReimportUnderWay } from '../errors.ts'
import { datasetRow } from '../tenant/dataset-rows.ts'
import type { Range } from '../tenant/import-range.ts'

/** How far it came in one import. `at`: the next of the numbers that its records had. */
export type Progress = Range & {
  at: number
  itemsDone: number
  rowsTaken: number
  rowsRefused: number
  warnings: number
}
/** `done`: the import up to which all is read. `current`: the one behind it that was begun. */
export type Job = { only: number | undefined; upTo: number; done: number; current: number | undefined } & Progress & {
    change: Change | undefined
  }
/** A field gets another type before: up to that number of a record its values are of it. */
export type Change = { field: string; type: FieldType; converted: number }

const UNREADABLE = 'erased_at_ms IS NOT NULL OR document_gone_at_ms IS NOT NULL'

/** Refuses `dataset.not_found`, `dataset.reimport_under_way`, `import.not_found`, `import.document_not_kept`. */
export async function beginReimport(
  db: DataDatabase,
  id: string,
  asked: { import?: ImportId | undefined; nowMs: number },
): Promise<Reimport> {
  return db.transaction(() => insertReimport(db, id, asked))
}

/** The same within a transaction; `field`: it gets that type before. */
export function insertReimport(
  db: DataDatabase,
  id: string,
  { import: one, field, nowMs }: { import?: ImportId | undefined; field?: NewFieldType; nowMs: number },
): Reimport {
  const { no } = datasetRow(db, id)
  if (isUnderWay(db, no)) throw new ReimportUnderWay('the dataset is being re-imported')
  const only = one === undefined ? undefined : readable(db, no, one)
  db.run(
    `INSERT OR REPLACE INTO reimports (dataset, state, only, up_to, done, total, read, unread, started_at_ms, field, type, converted,
         from_no, to_no, at, items_done, rows_taken, rows_refused, warnings)
       VALUES (?, 'running', ?, 0, ?, 0, 0, 0, ?, ?, ?, 0, 0, 0, 0, 0, 0, 0, 0)`,
    [no, only ?? null, (only ?? 1) - 1, nowMs, field?.name ?? null, field?.type ?? null],
  )
  countDue(db, no)
  return toldOf(db, no)
}

/** Within a transaction: it is about the imports that have ended by now. */
export function countDue(db: DataDatabase, datasetNo: number): void {
  const last = 'SELECT coalesce(max(no), 0) FROM imports WHERE dataset = ? AND ended_at_ms IS NOT NULL'
  const upTo = Number(db.row(last, [datasetNo])?.[0])
  const sql = `SELECT count(*), coalesce(sum(${UNREADABLE}), 0) FROM imports
    WHERE dataset = ? AND no <= ? AND records_gone_at_ms IS NULL`
  const [all = 0, unread = 0] = db.row(sql, [datasetNo, upTo])?.map(Number) ?? []
  db.run(
    `UPDATE reimports SET up_to = ?1, total = iif(only IS NULL, ?2, 1), unread = iif(only IS NULL, ?3, 0) WHERE dataset = ?4`,
    [upTo, all - unread, unread, datasetNo],
  )
}

function readable(db: DataDatabase, datasetNo: number, id: ImportId): number {
  const row = db.row(`SELECT no, ended_at_ms, ${UNREADABLE} FROM imports WHERE dataset = ? AND id = ?`, [datasetNo, id])
  if (!row || row[1] === null) throw new ImportNotFound('there is no such import in this dataset that has ended')
  if (row[2] !== 0) throw new DocumentNotKept('the document is no longer kept: what its records are they stay')
  return Number(row[0])
}

/** Whether one runs, and what it would change must not be taken away meanwhile. */
export function isUnderWay(db: DataDatabase, datasetNo: number): boolean {
  return db.row("SELECT 1 FROM reimports WHERE dataset = ? AND state = 'running'", [datasetNo]) !== undefined
}

/** The last one, or `undefined`. Refuses `dataset.not_found`. */
export function reimportOf(db: DataDatabase, id: string): Reimport | undefined {
  const { no } = datasetRow(db, id)
  return db.row('SELECT 1 FROM reimports WHERE dataset = ?', [no]) && toldOf(db, no)
}

function toldOf(db: DataDatabase, datasetNo: number): Reimport {
  const sql = `SELECT r.state, i.id, r.total, r.read, r.unread, r.started_at_ms, r.ended_at_ms, r.field, r.type
    FROM reimports r LEFT JOIN imports i ON i.no = r.only WHERE r.dataset = ?`
  const [state, only = null, total, read, unread, startedAtMs, endedAtMs = null, ...change] =
    db.row(sql, [datasetNo]) ?? []
  return {
    state: state as Reimport['state'],
    ...(only !== null && { import: only as ImportId }),
    ...(typeof change[0] === 'string' && { field: { name: change[0], type: change[1] as FieldType } }),
    ...{ total: Number(total), read: Number(read), unread: Number(unread), startedAtMs: Number(startedAtMs) },
    ...(endedAtMs !== null && { endedAtMs: Number(endedAtMs) }),
  }
}

/** Of datasets that are there, the first that runs. */
export function nextReimport(db: DataDatabase): string | undefined {
  const sql = `SELECT d.id FROM reimports r JOIN datasets d ON d.no = r.dataset
    WHERE r.state = 'running' AND d.name NOT LIKE '~%' ORDER BY r.started_at_ms, d.no LIMIT 1`
  const id = db.row(sql)?.[0]
  return id === undefined ? undefined : String(id)
}

/** One that runs. */
export function jobOf(db: DataDatabase, datasetNo: number): Job | undefined {
  const sql = `SELECT field, type, converted, only, up_to, done, current, from_no, to_no, at, items_done, rows_taken, rows_refused,
    warnings FROM reimports WHERE dataset = ? AND state = 'running'`
  const row = db.row(sql, [datasetNo])
  return row && jobFrom(row)
}

function jobFrom([field = null, type, converted, only = null, upTo, done, current = null, ...more]: SqlResult[]): Job {
  const [from = 0, to = 0, at = 0, itemsDone = 0, rowsTaken = 0, rowsRefused = 0, warnings = 0] = more.map(Number)
  return {
    ...{ only: only === null ? undefined : Number(only), upTo: Number(upTo), done: Number(done) },
    ...{ current: current === null ? undefined : Number(current) },
    ...{ from, to, at, itemsDone, rowsTaken, rowsRefused, warnings },
    change:
      field === null ? undefined : { field: String(field), type: type as FieldType, converted: Number(converted) },
  }
}

/** Within a transaction: how far it is in an import. */
export function saveProgress(db: DataDatabase, datasetNo: number, importNo: number, progress: Progress): void {
  const { from, to, at, itemsDone, rowsTaken, rowsRefused, warnings } = progress
  db.run(
    `UPDATE reimports SET current = ?, from_no = ?, to_no = ?, at = ?, items_done = ?, rows_taken = ?, rows_refused = ?, warnings = ?
     WHERE dataset = ?`,
    [importNo, from, to, at, itemsDone, rowsTaken, rowsRefused, warnings, datasetNo],
  )
}

/** Within a transaction: nothing more is due of that import. `unread`: its records are what they were. */
export function passImport(
  db: DataDatabase,
  datasetNo: number,
  importNo: number,
  { unread }: { unread: boolean },
): void {
  const sql = 'UPDATE reimports SET done = ?, current = NULL, read = read + ?, unread = unread + ? WHERE dataset = ?'
  db.run(sql, [importNo, unread ? 0 : 1, unread ? 1 : 0, datasetNo])
}

/** Within a transaction. */
export function endReimport(db: DataDatabase, datasetNo: number, nowMs: number): void {
  db.run("UPDATE reimports SET state = 'done', ended_at_ms = ? WHERE dataset = ?", [nowMs, datasetNo])
}
