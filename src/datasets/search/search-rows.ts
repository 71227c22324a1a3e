/** Which fields of datasets are searched by their words, as rows, and the table of words that belongs to each. */
import type { DataDatabase, SqlResult } from '../../store/mod.ts'
import type { Shape } from '../../wire/mod.ts'
import { SEARCHED_FIELDS } from './presets.ts'

/** `builtTo`: records up to this number are in it; `fields`: their names. */
export type SearchRow = {
  no: number
  dataset: number
  fields: string[]
  state: 'declared' | 'made' | 'off' | 'ending'
  builtTo: number
}

/** Words are those of Unicode, without case and accents. */
const TOKENIZER = 'unicode61 remove_diacritics 2'
/** What one step takes of a table that goes: 500 leaves of 4 kB, ~20 ms. */
const LEAVES_OF_STEP = 500
const RECORDS_OF_STEP = 20_000
/** Leaves have numbers above those of what describes them, without which the table cannot be dropped. */
const FIRST_LEAF = 11

/** The table of words; only ever made of a number of ours. */
export function searchTable(no: number): string {
  return `search_${no}`
}

const ROW = 'SELECT no, dataset, fields, state, built_to FROM searches'

/** What is in force for a dataset. */
export function searchOf(db: DataDatabase, datasetNo: number): SearchRow | undefined {
  const row = db.row(`${ROW} WHERE dataset = ? AND state <> 'ending'`, [datasetNo])
  return row && rowFrom(row)
}

/** One with something to do: to go, to be made, or to be built further. */
export function dueSearch(db: DataDatabase): SearchRow | undefined {
  const row = db.row(`${ROW} WHERE state = 'ending' OR (due = 1 AND state IN ('declared', 'made')) ORDER BY no LIMIT 1`)
  return row && rowFrom(row)
}

function rowFrom([no, dataset, fields, state, builtTo]: SqlResult[]): SearchRow {
  return {
    ...{ no: Number(no), dataset: Number(dataset), fields: JSON.parse(String(fields)) },
    ...{ state: state as SearchRow['state'], builtTo: Number(builtTo) },
  }
}

/** Within a transaction: these fields are searched from now on, and built by and by; none: search is off. */
export function declareSearch(db: DataDatabase, datasetNo: number, fields: readonly string[]): void {
  endSearch(db, datasetNo)
  const state = fields.length === 0 ? 'off' : 'declared'
  db.run('INSERT INTO searches (dataset, fields, state, built_to, due) VALUES (?, ?, ?, 0, 1)', [
    ...[datasetNo, JSON.stringify(fields), state],
  ])
}

/** Within a transaction: what a dataset of that shape has until an owner decides. */
export function declarePresetSearch(db: DataDatabase, { no, shape }: { no: number; shape: Shape }): void {
  const fields = SEARCHED_FIELDS[shape]
  if (fields.length > 0 && !searchOf(db, no)) declareSearch(db, no, fields)
}

/** Within a transaction: nothing is searched by it any more; its words go with `sweepSearch`. */
export function endSearch(db: DataDatabase, datasetNo: number): void {
  const row = searchOf(db, datasetNo)
  if (!row) return
  if (row.state !== 'made') {
    db.run('DELETE FROM searches WHERE no = ?', [row.no])
    return
  }
  dropTriggers(db, row.no)
  db.run("UPDATE searches SET state = 'ending' WHERE no = ?", [row.no])
}

/** Within a transaction: destroys a part of what one that ends has kept; says whether something may be left. */
export function sweepSearch(db: DataDatabase, datasetNo: number): boolean {
  const found = db.row("SELECT no FROM searches WHERE dataset = ? AND state = 'ending' LIMIT 1", [datasetNo])
  if (!found) return false
  const no = Number(found[0])
  const table = searchTable(no)
  const leaves = `SELECT id FROM ${table}_data WHERE id >= ${FIRST_LEAF} LIMIT ${LEAVES_OF_STEP}`
  if (db.run(`DELETE FROM ${table}_data WHERE id IN (${leaves})`) > 0) return true
  const records = `SELECT id FROM ${table}_docsize LIMIT ${RECORDS_OF_STEP}`
  if (db.run(`DELETE FROM ${table}_docsize WHERE id IN (${records})`) > 0) return true
  db.exec(`DELETE FROM ${table}_idx`)
  db.exec(`DROP TABLE ${table}`)
  db.run('DELETE FROM searches WHERE no = ?', [no])
  return true
}

/**
 * Within a transaction: makes the table of words. Triggers keep it true, whoever removes or changes records. A number that comes free at
 * the end is given to the next record: then that one is not in it yet.
 */
export function makeSearchTable(db: DataDatabase, no: number, records: string, columns: readonly string[]): void {
  const table = searchTable(no)
  const content = `content='', contentless_delete=1, tokenize='${TOKENIZER}'`
  db.exec(`CREATE VIRTUAL TABLE ${table} USING fts5(${columns.join(', ')}, ${content})`)
  db.exec(`CREATE TRIGGER ${table}_removed AFTER DELETE ON ${records} BEGIN
    DELETE FROM ${table} WHERE rowid = old.no;
    UPDATE searches SET built_to = coalesce((SELECT max(no) FROM ${records}), 0)
      WHERE no = ${no} AND built_to >= old.no AND NOT EXISTS (SELECT 1 FROM ${records} WHERE no > old.no);
  END`)
  db.exec(`CREATE TRIGGER ${table}_changed AFTER UPDATE OF ${columns.join(', ')} ON ${records}
    WHEN new.no <= (SELECT built_to FROM searches WHERE no = ${no}) BEGIN
    DELETE FROM ${table} WHERE rowid = old.no;
    INSERT INTO ${table} (rowid, ${columns.join(', ')}) VALUES (new.no, ${searchedTexts(columns, 'new.')});
  END`)
  db.run("UPDATE searches SET state = 'made' WHERE no = ?", [no])
}

function dropTriggers(db: DataDatabase, no: number): void {
  for (const name of ['removed', 'changed']) db.exec(`DROP TRIGGER ${searchTable(no)}_${name}`)
}

/** Of one value: beyond them nothing is searched. */
export const SEARCHED_CHARS_MAX = 16_384

/** What of the columns is searched. */
export function searchedTexts(columns: readonly string[], before = ''): string {
  return columns.map((column) => `substr(${before}${column}, 1, ${SEARCHED_CHARS_MAX})`).join(', ')
}
