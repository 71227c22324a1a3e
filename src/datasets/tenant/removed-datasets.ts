/**
 * Datasets that were removed: at once nobody finds them, and their name is free; what they kept goes step by step, so that nobody waits
 * for ten million records to be dropped, and a crash leaves only that less is left.
 */
import type { DataDatabase } from '../../store/mod.ts'
import { endHistory } from '../history/changes.ts'
import { endIndexes, sweepIndex } from '../indexes/index-rows.ts'
import { dropRollups } from '../rollups/rollup-rows.ts'
import { endSearch, sweepSearch } from '../search/search-rows.ts'
import { datasetRow, recordsTable } from './dataset-rows.ts'

/** Begins a name and an id that no dataset is given; lists of datasets pass it over. */
const REMOVED = '~'
/** What one step takes: ~70 ms. Each import may have 2,000 remarks and a document of 64 KiB. */
const RECORDS_OF_STEP = 50_000
const IMPORTS_OF_STEP = 50

/** Hides a dataset; gives the ids of its imports whose documents are files, which the caller removes. Refuses `dataset.not_found`. */
export async function removeDataset(db: DataDatabase, id: string): Promise<string[]> {
  return db.transaction(() => {
    const { no } = datasetRow(db, id)
    dropRollups(db, no)
    endSearch(db, no)
    endHistory(db, no)
    endIndexes(db, no)
    db.run(`UPDATE datasets SET id = '${REMOVED}' || no, name = '${REMOVED}' || no WHERE no = ?`, [no])
    const files = db.all('SELECT id FROM imports WHERE dataset = ? AND object_key IS NOT NULL', [no])
    return files.map(([file]) => String(file))
  })
}

/** Destroys a part of what removed datasets have kept; says whether something may be left. */
export async function sweepRemoved(db: DataDatabase): Promise<boolean> {
  const no = db.row(`SELECT no FROM datasets WHERE name LIKE '${REMOVED}%' LIMIT 1`)?.[0]
  if (no === undefined) return false
  const table = recordsTable(Number(no))
  await db.transaction(() => {
    if (sweepSearch(db, Number(no)) || sweepIndex(db, Number(no))) return
    if (db.run(`DELETE FROM ${table} WHERE no IN (SELECT no FROM ${table} LIMIT ?)`, [RECORDS_OF_STEP]) > 0) return
    const some = 'SELECT no FROM imports WHERE dataset = ? LIMIT ?'
    if (db.run(`DELETE FROM imports WHERE no IN (${some})`, [Number(no), IMPORTS_OF_STEP]) > 0) return
    db.exec(`DROP TABLE ${table}`)
    db.run('DELETE FROM datasets WHERE no = ?', [Number(no)])
  })
  return true
}
