/**
 * Another type for a field of a `table`. What is there is changed in place, slice by slice, so that what no document tells of any more has
 * it as well; then the field gets the type, and all documents are read again, by which each value is what it would have been from the
 * beginning.
 */
import type { DataDatabase, SqlResult } from '../../store/mod.ts'
import type { FieldType, NewFieldType, Reimport } from '../../wire/mod.ts'
import { FieldNotFound, FieldTypeFixed } from '../errors.ts'
import { quoted } from '../formats/item.ts'
import type { Json } from '../formats/reading.ts'
import { indexesOf } from '../indexes/index-rows.ts'
import { endRollup, type RollupRow, rollupsOf } from '../rollups/rollup-rows.ts'
import { givenValue, storedValue } from '../shapes/values.ts'
import { type Column, type DatasetRow, datasetRow, recordsTable } from '../tenant/dataset-rows.ts'
import { type Change, countDue, insertReimport } from './reimport-rows.ts'

/** Records that a slice changes: ~50 ms, and with the longest texts some MiB. */
const RECORDS_OF_SLICE = 5_000
const CHARS_OF_SLICE = 4_194_304

/** Begins it. Refuses what `beginReimport` does, and `dataset.field_not_found`, `dataset.field_type_fixed`. */
export async function setFieldType(
  db: DataDatabase,
  id: string,
  field: NewFieldType,
  nowMs: number,
): Promise<Reimport | undefined> {
  return db.transaction(() => {
    const dataset = datasetRow(db, id)
    const column = dataset.columns.find(({ name }) => name === field.name)
    if (!column) throw new FieldNotFound(`the dataset has no field ${quoted(field.name)} whose type can be changed`)
    if (dataset.shape !== 'table')
      throw new FieldTypeFixed(`the types of fields of ${dataset.shape} are decided by that shape`)
    if (column.type === field.type) return undefined
    const user = usersOf(db, dataset.no, field.name)[0]
    if (user) throw new FieldTypeFixed(`the rollup ${user.id} counts by ${quoted(field.name)} or adds it up`)
    if (field.type === 'json' && indexesOf(db, dataset.no).some(({ fields }) => fields.includes(field.name)))
      throw new FieldTypeFixed(`an index is in the order of ${quoted(field.name)}, and what is nested has none`)
    return insertReimport(db, id, { field, nowMs })
  })
}

function usersOf(db: DataDatabase, datasetNo: number, field: string): RollupRow[] {
  const uses = ({ by, sum, state }: RollupRow): boolean =>
    state !== 'ended' && (sum.includes(field) || by.some((one) => one.field === field))
  return rollupsOf(db, datasetNo).filter(uses)
}

/** Within a transaction: changes some more of what is there; behind the last of it the field has its type. */
export function convertSome(db: DataDatabase, dataset: DatasetRow, change: Change): 'more' | 'waiting' {
  const column = dataset.columns.find(({ name }) => name === change.field)
  // Nested values are text to every other type until they are read again.
  const last = column && column.type !== 'json' ? convertSlice(db, dataset.no, column, change) : undefined
  if (last !== undefined) {
    db.run('UPDATE reimports SET converted = ? WHERE dataset = ?', [last, dataset.no])
    return 'more'
  }
  // One that is under way goes on with the type that it began with.
  if (db.row("SELECT 1 FROM imports WHERE dataset = ? AND state = 'running' LIMIT 1", [dataset.no])) return 'waiting'
  for (const { no } of usersOf(db, dataset.no, change.field)) endRollup(db, no)
  db.run('UPDATE dataset_fields SET type = ? WHERE dataset = ? AND name = ?', [change.type, dataset.no, change.field])
  db.run('UPDATE reimports SET field = NULL, type = NULL WHERE dataset = ?', [dataset.no])
  countDue(db, dataset.no)
  return 'more'
}

/** Gives the number up to which all is changed; `undefined` when nothing more was there. */
function convertSlice(
  db: DataDatabase,
  datasetNo: number,
  { column, type: from }: Column,
  { type: to, converted }: Change,
): number | undefined {
  const table = recordsTable(datasetNo)
  const rows = db.all(`SELECT no, ${column} FROM ${table} WHERE no > ? ORDER BY no LIMIT ${RECORDS_OF_SLICE}`, [
    converted,
  ])
  let last: number | undefined
  let chars = 0
  for (const [no, value = null] of rows) {
    last = Number(no)
    const stored = convertedValue(value, from, to)
    if (stored !== value) db.run(`UPDATE ${table} SET ${column} = ? WHERE no = ?`, [stored, last])
    chars += typeof value === 'string' ? value.length : 0
    if (chars > CHARS_OF_SLICE) break
  }
  return last
}

function convertedValue(value: SqlResult, from: FieldType, to: FieldType) {
  if (value === null) return null
  return storedValue(givenValue(value, from) as Json, to).value
}
