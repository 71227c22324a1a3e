/** The declared indexes of datasets as rows, and the table of values that belongs to each. */
import type { DataDatabase, SqlResult } from '../../store/mod.ts'
import type { IndexId } from '../../wire/mod.ts'

/** `builtTo`: records up to this number are in it. */
export type IndexRow = {
  no: number
  id: IndexId
  dataset: number
  fields: string[]
  state: 'made' | 'ending'
  builtTo: number
}

/** Of a text its beginning is in it, as queries put texts in order. */
const INDEXED_CHARS_MAX = 256
/** What one step takes of a table that goes, ~50 ms. */
const ROWS_OF_STEP = 20_000

/** The table of values: `f1` and so on of each record by its `no`; only ever made of a number of ours. */
export function indexTable(no: number): string {
  return `index_${no}`
}

const ROW = 'SELECT no, id, dataset, fields, state, built_to FROM dataset_indexes'

/** Those of a dataset that are in force, in the order in which they were declared. */
export function indexesOf(db: DataDatabase, datasetNo: number): IndexRow[] {
  return db.all(`${ROW} WHERE dataset = ? AND state <> 'ending' ORDER BY no`, [datasetNo]).map(rowFrom)
}

/** One that is to be built further, or to go. */
export function dueIndex(db: DataDatabase): IndexRow | undefined {
  const row = db.row(`${ROW} WHERE state = 'ending' OR due = 1 ORDER BY no LIMIT 1`)
  return row && rowFrom(row)
}

function rowFrom([no, id, dataset, fields, state, builtTo]: SqlResult[]): IndexRow {
  return {
    ...{ no: Number(no), id: id as IndexId, dataset: Number(dataset), fields: JSON.parse(String(fields)) },
    ...{ state: state as IndexRow['state'], builtTo: Number(builtTo) },
  }
}

/** A column's value as far as it is in an index, whatever type its field has or comes to have. */
export function indexedValue(column: string): string {
  return `CASE typeof(${column}) WHEN 'text' THEN ${indexedText(column)} ELSE ${column} END`
}

/** The same of what is known to be text. */
export function indexedText(text: string): string {
  return `substr(${text}, 1, ${INDEXED_CHARS_MAX})`
}

/** `f1` and so on. */
export function indexColumns(fields: readonly unknown[]): string {
  return fields.map((_, at) => `f${at + 1}`).join(', ')
}

/**
 * Within a transaction: makes the table. Triggers keep it true, whoever changes or removes records. A number that comes free at the end is
 * given to the next record: then that one is not in it yet.
 */
export function makeIndexTable(db: DataDatabase, no: number, records: string, columns: readonly string[]): void {
  const table = indexTable(no)
  const names = indexColumns(columns)
  const values = columns.map((column) => indexedValue(`new.${column}`)).join(', ')
  const typed = columns.map((_, at) => `f${at + 1} ANY`).join(', ')
  db.exec(`CREATE TABLE ${table} (no INTEGER PRIMARY KEY, ${typed}) STRICT`)
  db.exec(`CREATE INDEX ${table}_by ON ${table} (${names})`)
  db.exec(`CREATE TRIGGER ${table}_changed AFTER UPDATE OF ${columns.join(', ')} ON ${records}
    WHEN new.no <= (SELECT built_to FROM dataset_indexes WHERE no = ${no}) BEGIN
    DELETE FROM ${table} WHERE no = old.no;
    INSERT INTO ${table} (no, ${names}) VALUES (new.no, ${values});
  END`)
  db.exec(`CREATE TRIGGER ${table}_removed AFTER DELETE ON ${records} BEGIN
    DELETE FROM ${table} WHERE no = old.no;
    UPDATE dataset_indexes SET built_to = coalesce((SELECT max(no) FROM ${records}), 0)
      WHERE no = ${no} AND built_to >= old.no AND NOT EXISTS (SELECT 1 FROM ${records} WHERE no > old.no);
  END`)
}

/** Within a transaction: nothing is found by it any more; its values go with `sweepIndex`. */
export function endIndex(db: DataDatabase, no: number): void {
  for (const name of ['changed', 'removed']) db.exec(`DROP TRIGGER ${indexTable(no)}_${name}`)
  db.run("UPDATE dataset_indexes SET state = 'ending' WHERE no = ?", [no])
}

/** Within a transaction: all of a dataset. */
export function endIndexes(db: DataDatabase, datasetNo: number): void {
  for (const { no } of indexesOf(db, datasetNo)) endIndex(db, no)
}

/** Within a transaction: destroys a part of what one that ends has kept; says whether something may be left. */
export function sweepIndex(db: DataDatabase, datasetNo: number): boolean {
  const found = db.row("SELECT no FROM dataset_indexes WHERE dataset = ? AND state = 'ending' LIMIT 1", [datasetNo])
  if (!found) return false
  const no = Number(found[0])
  const table = indexTable(no)
  if (db.run(`DELETE FROM ${table} WHERE no IN (SELECT no FROM ${table} LIMIT ${ROWS_OF_STEP})`) > 0) return true
  db.exec(`DROP TABLE ${table}`)
  db.run('DELETE FROM dataset_indexes WHERE no = ?', [no])
  return true
}
