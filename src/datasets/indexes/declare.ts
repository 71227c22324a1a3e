/** Indexes that owners declare: made, told of, removed. */
import { type Clock, newId, type Random } from '../../base/mod.ts'
import type { DataDatabase } from '../../store/mod.ts'
import type { DatasetIndex, NewIndex } from '../../wire/mod.ts'
import { IndexesTooMany, IndexNotFound, IndexUnfit } from '../errors.ts'
import { quoted } from '../formats/item.ts'
import { type DatasetRow, datasetRow, recordsTable } from '../tenant/dataset-rows.ts'
import { lastRecord } from './build.ts'
import { endIndex, type IndexRow, indexesOf, makeIndexTable } from './index-rows.ts'

/** Of a dataset: a record that comes costs a few µs more for each. */
export const INDEXES_MAX = 8

/**
 * It is built by and by: `buildIndexes`. One that is there already is given as it is. Refuses `index.unfit`, `index.too_many`,
 * `dataset.not_found`.
 */
export function createIndex(
  { db, clock, random }: { db: DataDatabase; clock: Clock; random: Random },
  id: string,
  { fields }: NewIndex,
): Promise<DatasetIndex> {
  return db.transaction(() => {
    const dataset = datasetRow(db, id)
    const columns = fields.map((name) => indexable(dataset, name))
    if (new Set(fields).size < fields.length) throw new IndexUnfit('a field is named twice')
    const there = indexesOf(db, dataset.no)
    const same = there.find((one) => one.fields.join('\0') === fields.join('\0'))
    if (same) return toldOf(same, lastRecord(db, dataset.no))
    if (there.length >= INDEXES_MAX)
      throw new IndexesTooMany(`the dataset has ${INDEXES_MAX} indexes, as many as it may`)
    const made = newId('ix', clock, random)
    const row = db.row(
      `INSERT INTO dataset_indexes (id, dataset, fields, state, built_to, due, created_at_ms)
       VALUES (?, ?, ?, 'made', 0, 1, ?) RETURNING no`,
      [made, dataset.no, JSON.stringify(fields), clock.now()],
    )
    makeIndexTable(db, Number(row?.[0]), recordsTable(dataset.no), columns)
    return { id: made, fields, state: lastRecord(db, dataset.no) === 0 ? 'ready' : 'building' }
  })
}

function indexable({ columns }: DatasetRow, name: string): string {
  const column = columns.find((one) => one.name === name)
  if (!column) throw new IndexUnfit(`the records of the dataset have no field ${quoted(name)}`)
  if (column.type === 'json') throw new IndexUnfit(`${quoted(name)} is nested, and has no order`)
  return column.column
}

/** In the order in which they were declared. Refuses `dataset.not_found`. */
export function listIndexes(db: DataDatabase, dataset: string): DatasetIndex[] {
  const { no } = datasetRow(db, dataset)
  const last = lastRecord(db, no)
  return indexesOf(db, no).map((row) => toldOf(row, last))
}

/** Its values go by and by. Refuses `index.not_found`, `dataset.not_found`. */
export function removeIndex(db: DataDatabase, dataset: string, id: string): Promise<void> {
  return db.transaction(() => {
    const found = indexesOf(db, datasetRow(db, dataset).no).find((one) => one.id === id)
    if (!found) throw new IndexNotFound('there is no such index in this dataset')
    endIndex(db, found.no)
  })
}

function toldOf({ id, fields, builtTo }: IndexRow, last: number): DatasetIndex {
  return { id, fields, state: builtTo >= last ? 'ready' : 'building' }
}
