/** The conditions of an erasure as SQL, and what becomes of an import that has any of it. */
import type { DataDatabase, SqlValue } from '../../store/mod.ts'
import type { EraseWhere } from '../../wire/mod.ts'
import type { Column, DatasetRow } from '../tenant/dataset-rows.ts'
import { conditionSql } from '../tenant/query-conditions.ts'
import { QueryFields } from '../tenant/query-fields.ts'

/** `columns`: those of records that the conditions look at. */
export type Matching = { text: string; values: SqlValue[]; columns: Column[] }

/** Of records as `r` and their imports as `i`. Refuses `query.invalid`. */
export function matching(dataset: DatasetRow, where: EraseWhere): Matching {
  const fields = new QueryFields(dataset, 'restricted')
  const all = where.map((condition) => conditionSql(fields, condition))
  const named = new Set(where.map(({ field }) => field))
  return {
    text: all.map(({ text }) => text).join(' AND '),
    values: all.flatMap(({ values }) => values),
    columns: dataset.columns.filter(({ name }) => named.has(name)),
  }
}

/**
 * Within a transaction: its document goes, or waits for its file to go, and the remarks that quote it. What its upload said of it stays
 * until all is found, since conditions may be about that.
 */
export function markErased(db: DataDatabase, importNo: number, nowMs: number): void {
  db.run('DELETE FROM documents WHERE import = ?', [importNo])
  db.run('DELETE FROM import_remarks WHERE import = ?', [importNo])
  db.run('UPDATE imports SET erased_at_ms = coalesce(erased_at_ms, ?) WHERE no = ?', [nowMs, importNo])
}
