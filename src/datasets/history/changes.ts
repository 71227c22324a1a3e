/** What records were before: whether it is kept, what was, and how it goes again. */
import type { DataDatabase, SqlResult } from '../../store/mod.ts'
import {
  CHANGES_MAX,
  type ChangesAsked,
  type Clearance,
  type FieldType,
  type ImportId,
  type RecordChange,
  type RecordChanges,
} from '../../wire/mod.ts'
import { classOf } from '../classes/field-classes.ts'
import { HistoryUnfit } from '../errors.ts'
import { SHAPES } from '../shapes/shapes.ts'
import { type DatasetRow, datasetRow } from '../tenant/dataset-rows.ts'
import { QueryFields } from '../tenant/query-fields.ts'

/** Removed by one statement: ~20 ms. */
const CHANGES_OF_STEP = 5_000
/** The same of an erasure, ~200 ms. */
const CHANGES_ERASED = 50_000

/** From the next import on, or no more; then what was kept goes by `sweepHistories`. Refuses `dataset.not_found`, `dataset.history_unfit`. */
export function setHistory(db: DataDatabase, id: string, { on, nowMs }: { on: boolean; nowMs: number }): Promise<void> {
  return db.transaction(() => {
    const dataset = datasetRow(db, id)
    keyOf(dataset)
    if (!on) endHistory(db, dataset.no)
    else {
      const ending = db.row('SELECT ending FROM histories WHERE dataset = ?', [dataset.no])?.[0]
      if (ending === 1) throw new HistoryUnfit('what was kept before is still being removed; ask again in a moment')
      db.run('INSERT INTO histories (dataset, since_ms, ending) VALUES (?, ?, 0) ON CONFLICT DO NOTHING', [
        ...[dataset.no, nowMs],
      ])
    }
  })
}

/** Within a transaction: nothing of it is shown from now on. */
export function endHistory(db: DataDatabase, datasetNo: number): void {
  db.run('UPDATE histories SET ending = 1 WHERE dataset = ?', [datasetNo])
}

function keyOf({ shape }: DatasetRow): string {
  const { key } = SHAPES[shape]
  if (!key || !('field' in key))
    throw new HistoryUnfit(`records of the shape ${shape} have no key by which one takes the place of another`)
  return key.field
}

/** Refuses `dataset.not_found`, `dataset.history_unfit`, `query.field_restricted` for the key. */
export function changesOf(
  db: DataDatabase,
  id: string,
  { key, before }: ChangesAsked,
  clearance: Clearance,
): RecordChanges {
  const dataset = datasetRow(db, id)
  const keyField = keyOf(dataset)
  const since = db.row('SELECT since_ms FROM histories WHERE dataset = ? AND ending = 0', [dataset.no])?.[0]
  if (since === undefined) return { changes: [] }
  if (key === undefined) return { sinceMs: Number(since), changes: [] }
  new QueryFields(dataset, clearance).named(keyField)
  const rows = db.all(
    `SELECT c.no, c.field, c."from", c."to", i.received_at_ms, i.id FROM record_changes c JOIN imports i ON i.no = c.import
     WHERE c.dataset = ? AND c.key = ? AND c.no < ? ORDER BY c.no DESC LIMIT ?`,
    [dataset.no, key, before ?? Number.MAX_SAFE_INTEGER, CHANGES_MAX + 1],
  )
  const changes = rows.slice(0, CHANGES_MAX).map((row) => changeFrom(row, dataset, clearance))
  const last = changes.at(-1)
  return { sinceMs: Number(since), changes, ...(last && rows.length > CHANGES_MAX && { next: last.no }) }
}

function changeFrom([no, name, from, to, atMs, by]: SqlResult[], dataset: DatasetRow, clearance: Clearance) {
  const field = String(name)
  const about = { no: Number(no), field, atMs: Number(atMs), import: by as ImportId }
  const isMasked = clearance !== 'restricted' && classOf(dataset, field) !== 'public'
  if (isMasked) return { ...about, from: null, to: null, masked: true } satisfies RecordChange
  const type = dataset.columns.find((column) => column.name === field)?.type ?? 'text'
  return { ...about, from: shown(from, type), to: shown(to, type) } satisfies RecordChange
}

/** What is nested is shown as the text that it was kept as: it may be cut. */
function shown(kept: SqlResult | undefined, type: FieldType): unknown {
  const value: unknown = JSON.parse(String(kept))
  return type === 'boolean' && typeof value === 'number' ? value !== 0 : value
}

/** Within a transaction: some of the changes that an import has made, which is too old; says whether some may be left. */
export function forgetChanges(db: DataDatabase, importNo: number): boolean {
  const some = `SELECT no FROM record_changes WHERE import = ? LIMIT ${CHANGES_OF_STEP}`
  return db.run(`DELETE FROM record_changes WHERE no IN (${some})`, [importNo]) === CHANGES_OF_STEP
}

/** Destroys a part of what histories have kept that have ended; says whether some may be left. */
export async function sweepHistories(db: DataDatabase): Promise<boolean> {
  const no = db.row('SELECT dataset FROM histories WHERE ending = 1 LIMIT 1')?.[0]
  if (no === undefined) return false
  await db.transaction(() => {
    const some = `SELECT no FROM record_changes WHERE dataset = ? LIMIT ${CHANGES_OF_STEP}`
    if (db.run(`DELETE FROM record_changes WHERE no IN (${some})`, [Number(no)]) > 0) return
    db.run('DELETE FROM histories WHERE dataset = ?', [Number(no)])
  })
  return true
}

/**
 * Within a transaction: of what is kept of a dataset, some that came with documents that are not there any more, of which nobody can say
 * whose data they had; says whether some may be left.
 */
export function forgetUntold(db: DataDatabase, datasetNo: number): boolean {
  const isGone = (no: string) =>
    `EXISTS (SELECT 1 FROM imports i WHERE i.no = ${no} AND (i.erased_at_ms IS NOT NULL OR i.document_gone_at_ms IS NOT NULL))`
  const some = `SELECT c.no FROM record_changes c WHERE c.dataset = ? AND (${isGone('c.import')} OR ${isGone('c.from_import')})
    LIMIT ${CHANGES_ERASED}`
  return db.run(`DELETE FROM record_changes WHERE no IN (${some})`, [datasetNo]) > 0
}
