/**
 * Puts records into the tables of words, behind the imports and in steps between which others use the database: how far it came stands
 * beside the words in the same transaction, so whatever cuts it off, the next go on from there.
 */
import type { Turns } from '../../base/mod.ts'
import { type DataDatabase, yieldToFinalisers } from '../../store/mod.ts'
import type { Shape } from '../../wire/mod.ts'
import { type DatasetRow, findDataset, recordsTable } from '../tenant/dataset-rows.ts'
import {
  declarePresetSearch,
  dueSearch,
  makeSearchTable,
  SEARCHED_CHARS_MAX,
  type SearchRow,
  searchedTexts,
  searchTable,
  sweepSearch,
} from './search-rows.ts'

/** What is put in by one transaction: 10,000 records of a few words are ~50 ms, and so are 2 MiB of text. */
export const STEP_RECORDS_MAX = 10_000
const STEP_BYTES_MAX = 2_097_152

/** Declares what datasets of an earlier version lack by their shape, and does all that is due. */
export async function buildSearches({ db, turns }: { db: DataDatabase; turns: Turns }): Promise<void> {
  await turns.run(() => db.transaction(() => declareAll(db)))
  for (;;) {
    const done = await turns.run(() => db.transaction(() => step(db)))
    if (done) return
    await yieldToFinalisers()
  }
}

function declareAll(db: DataDatabase): void {
  const lacking = `SELECT no, shape FROM datasets WHERE shape <> 'table' AND name NOT LIKE '~%'
    AND no NOT IN (SELECT dataset FROM searches WHERE state <> 'ending')`
  for (const [no, shape] of db.all(lacking)) declarePresetSearch(db, { no: Number(no), shape: shape as Shape })
}

/** Does some more; says whether nothing is due any more. */
function step(db: DataDatabase): boolean {
  const row = dueSearch(db)
  if (!row) return true
  if (row.state === 'ending') {
    sweepSearch(db, row.dataset)
    return false
  }
  const id = db.row('SELECT id FROM datasets WHERE no = ?', [row.dataset])?.[0]
  const dataset = findDataset(db, String(id))
  const isDone = !dataset || putIn(db, dataset, row)
  if (isDone) db.run('UPDATE searches SET due = 0 WHERE no = ?', [row.no])
  return false
}

/** Says whether all records are in. */
function putIn(db: DataDatabase, dataset: DatasetRow, { no, fields, state, builtTo }: SearchRow): boolean {
  const records = recordsTable(dataset.no)
  const columns = dataset.columns.filter(({ name }) => fields.includes(name)).map(({ column }) => column)
  const upTo = stepEnd(db, { records, columns, after: builtTo })
  if (upTo === undefined) return true
  if (state === 'declared') makeSearchTable(db, no, records, columns)
  db.run(
    `INSERT INTO ${searchTable(no)} (rowid, ${columns.join(', ')})
     SELECT no, ${searchedTexts(columns)} FROM ${records} WHERE no > ? AND no <= ? ORDER BY no`,
    [builtTo, upTo],
  )
  db.run('UPDATE searches SET built_to = ? WHERE no = ?', [upTo, no])
  return false
}

/** The last record of a step, whose texts together are not too long. */
function stepEnd(
  db: DataDatabase,
  { records, columns, after }: { records: string; columns: readonly string[]; after: number },
): number | undefined {
  const sizes = columns.map((column) => `min(coalesce(octet_length(${column}), 0), ${4 * SEARCHED_CHARS_MAX})`)
  const rows = db.all(`SELECT no, ${sizes.join(' + ')} FROM ${records} WHERE no > ? ORDER BY no LIMIT ?`, [
    ...[after, STEP_RECORDS_MAX],
  ])
  let bytes = 0
  let last: number | undefined
  for (const [no, size] of rows) {
    last = Number(no)
    bytes += Number(size)
    if (bytes > STEP_BYTES_MAX) break
  }
  return last
}
