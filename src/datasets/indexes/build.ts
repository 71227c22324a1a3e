/**
 * Puts records into indexes: those that an import brings with the import, in the same transaction; those that were there before an index in
 * steps, between which others use the database. How far it came stands beside it: whatever cuts it off, the next go on from there.
 */
import type { Turns } from '../../base/mod.ts'
import { type DataDatabase, yieldToFinalisers } from '../../store/mod.ts'
import { recordsTable } from '../tenant/dataset-rows.ts'
import { dueIndex, type IndexRow, indexColumns, indexedValue, indexesOf, indexTable, sweepIndex } from './index-rows.ts'

/** Put in by one transaction, ~100 ms. */
export const STEP_RECORDS_MAX = 20_000
/** One that has more than these before it is built on behind the imports, which do not wait for it: one transaction of them brings fewer. */
const CAUGHT_UP_MAX = 65_536

/** Does all that is due. */
export async function buildIndexes({ db, turns }: { db: DataDatabase; turns: Turns }): Promise<void> {
  for (;;) {
    const done = await turns.run(() => db.transaction(() => step(db)))
    if (done) return
    await yieldToFinalisers()
  }
}

/** Does some more; says whether nothing is due any more. */
function step(db: DataDatabase): boolean {
  const row = dueIndex(db)
  if (!row) return true
  if (row.state === 'ending') sweepIndex(db, row.dataset)
  else putIn(db, row, STEP_RECORDS_MAX)
  return false
}

/** Within a transaction that wrote records of this dataset. */
export function catchUp(db: DataDatabase, datasetNo: number): void {
  const rows = indexesOf(db, datasetNo)
  if (rows.length === 0) return
  const last = lastRecord(db, datasetNo)
  for (const row of rows) {
    if (last - row.builtTo <= CAUGHT_UP_MAX) putIn(db, row, CAUGHT_UP_MAX)
  }
}

/** The number of the newest record of a dataset. */
export function lastRecord(db: DataDatabase, datasetNo: number): number {
  return Number(db.row(`SELECT max(no) FROM ${recordsTable(datasetNo)}`)?.[0] ?? 0)
}

/** In the order of the index, so that each of its pages is written once. */
function putIn(db: DataDatabase, { no, dataset, fields, builtTo }: IndexRow, most: number): void {
  const records = recordsTable(dataset)
  const some = `SELECT no FROM ${records} WHERE no > ? ORDER BY no LIMIT ?`
  const [upTo = null, count = 0] = db.row(`SELECT max(no), count(*) FROM (${some})`, [builtTo, most]) ?? []
  if (upTo !== null) {
    const values = columnsOf(db, dataset, fields).map(indexedValue).join(', ')
    db.run(
      `INSERT INTO ${indexTable(no)} (no, ${indexColumns(fields)})
       SELECT no, ${values} FROM ${records} WHERE no > ? AND no <= ? ORDER BY ${values}`,
      [builtTo, upTo],
    )
    db.run('UPDATE dataset_indexes SET built_to = ? WHERE no = ?', [upTo, no])
  }
  if (Number(count) < most) db.run('UPDATE dataset_indexes SET due = 0 WHERE no = ?', [no])
}

/** Fields never go. */
function columnsOf(db: DataDatabase, datasetNo: number, fields: readonly string[]): string[] {
  const sql = 'SELECT "column" FROM dataset_fields WHERE dataset = ? AND name = ?'
  return fields.map((name) => String(db.row(sql, [datasetNo, name])?.[0]))
}
