/** The datasets of one data tenant: made with the fields of their shape, listed, removed with all their records. */
import { type Clock, newId, type Random } from '../../base/mod.ts'
import type { DataDatabase, SqlResult } from '../../store/mod.ts'
import type {
  ClassChange,
  ClassifiedField,
  Dataset,
  DatasetField,
  DatasetId,
  DatasetSummary,
  FieldType,
  NewDataset,
  Shape,
} from '../../wire/mod.ts'
import { addClassChange, classOf, type Labels, labelsOf } from '../classes/field-classes.ts'
import { DatasetExists, DatasetNotFound, DatasetsTooMany, FieldNotFound } from '../errors.ts'
import { quoted } from '../formats/item.ts'
import { declarePresets } from '../rollups/rollup-rows.ts'
import { declarePresetSearch } from '../search/search-rows.ts'
import { SHAPES, saidFields } from '../shapes/shapes.ts'

/** A list of them fits a page, and their schemas SQLite's memory: 1,000 × ~20 columns. */
export const DATASETS_MAX = 1_000

/** A field with the column that is its own; `place` counts from 1. */
export type Column = DatasetField & { place: number; column: string }

/** A dataset as this database has it. */
export type DatasetRow = {
  no: number
  id: DatasetId
  name: string
  shape: Shape
  columns: Column[]
  labels: Labels
}

/** The table of a dataset's records; only ever made of a number of ours. */
export function recordsTable(no: number): string {
  return `records_${no}`
}

/** Refuses `dataset.exists`, `dataset.too_many`. */
export async function createDataset(
  { db, clock, random }: { db: DataDatabase; clock: Clock; random: Random },
  { name, shape }: NewDataset,
): Promise<Dataset> {
  return db.transaction(() => {
    if (db.row('SELECT 1 FROM datasets WHERE name = ?', [name])) {
      throw new DatasetExists(`there is a dataset ${name} already`)
    }
    if (Number(db.row("SELECT count(*) FROM datasets WHERE name NOT LIKE '~%'")?.[0]) >= DATASETS_MAX) {
      throw new DatasetsTooMany(`the data tenant has ${DATASETS_MAX} datasets, as many as it may`)
    }
    const id = newId('ds', clock, random)
    const made = db.row(
      'INSERT INTO datasets (id, name, shape, created_at_ms, records, imports) VALUES (?, ?, ?, ?, 0, 0) RETURNING no',
      [id, name, shape, clock.now()],
    )
    const no = Number(made?.[0])
    makeTable(db, no, shape)
    declarePresets({ db, clock, random }, { no, shape }, 'ready')
    declarePresetSearch(db, { no, shape })
    return datasetOf(db, id)
  })
}

/** `import_no` and `line`: where a record comes from. A key of several fields is kept as a digest, beside the run that it counts in. */
function makeTable(db: DataDatabase, no: number, shape: Shape): void {
  const { key } = SHAPES[shape]
  const keyed = key && 'withinRun' in key
  const own = ['no INTEGER PRIMARY KEY', 'import_no INTEGER NOT NULL', 'line INTEGER NOT NULL']
  const columns = keyed ? [...own, 'run_no INTEGER NOT NULL', 'key BLOB NOT NULL'] : own
  db.exec(`CREATE TABLE ${recordsTable(no)} (${columns.join(', ')}) STRICT`)
  const added = addColumns(db, { no, columns: [] }, SHAPES[shape].fields)
  const keyColumns = keyed ? 'run_no, key' : added.find(({ name }) => key?.field === name)?.column
  if (keyColumns) db.exec(`CREATE UNIQUE INDEX ${recordsTable(no)}_key ON ${recordsTable(no)} (${keyColumns})`)
}

/** Gives fields columns of their own, which take any value. Within a transaction. */
export function addColumns(
  db: DataDatabase,
  { no, columns }: Pick<DatasetRow, 'no' | 'columns'>,
  fields: readonly DatasetField[],
): Column[] {
  const added = fields.map(({ name, type }, at) => {
    const place = columns.length + at + 1
    return { name, type, place, column: `c${place}` }
  })
  const insert = 'INSERT INTO dataset_fields (dataset, place, name, "column", type) VALUES (?, ?, ?, ?, ?)'
  if (added.length > 0)
    db.addColumns(
      recordsTable(no),
      added.map(({ column }) => `${column} ANY`),
    )
  for (const { name, type, place, column } of added) {
    db.run(insert, [no, place, name, column, type])
  }
  return added
}

/** Refuses `dataset.not_found`. */
export function datasetRow(db: DataDatabase, id: string): DatasetRow {
  const row = findDataset(db, id)
  if (!row) throw new DatasetNotFound('there is no such dataset in this data tenant')
  return row
}

/** The same, or `undefined`. */
export function findDataset(db: DataDatabase, id: string): DatasetRow | undefined {
  const row = db.row('SELECT no, name, shape FROM datasets WHERE id = ?', [id])
  if (!row) return undefined
  const no = Number(row[0])
  return {
    ...{ no, id: id as DatasetId, name: String(row[1]), shape: String(row[2]) as Shape },
    ...{ columns: columnsOf(db, no), labels: labelsOf(db, no) },
  }
}

function columnsOf(db: DataDatabase, no: number): Column[] {
  return db
    .all('SELECT place, name, "column", type FROM dataset_fields WHERE dataset = ? ORDER BY place', [no])
    .map(([place, name, column, type]) => ({
      ...{ place: Number(place), name: String(name), column: String(column), type: String(type) as FieldType },
    }))
}

/** Those of records, then those that their uploads say, each with its class. */
function fieldsOf(dataset: Pick<DatasetRow, 'shape' | 'columns' | 'labels'>): ClassifiedField[] {
  const all = [...dataset.columns, ...saidFields(dataset.shape)]
  return all.map(({ name, type }) => ({ name, type, class: classOf(dataset, name) }))
}

/**
 * Gives a field a class, which the next query goes by. `from`: what it was when that was asked for; a field that has another class by now
 * is left alone, so that what the audit trail says is what was done. Refuses `dataset.not_found`, `dataset.field_not_found`.
 */
export async function classifyField(
  { db, clock }: { db: DataDatabase; clock: Clock },
  id: string,
  change: Omit<ClassChange, 'atMs'>,
): Promise<Dataset> {
  return db.transaction(() => {
    const dataset = datasetRow(db, id)
    const field = fieldsOf(dataset).find(({ name }) => name === change.field)
    if (!field) throw new FieldNotFound(`the dataset has no field ${quoted(change.field)} that can be classified`)
    if (field.class === change.from && change.from !== change.to) addClassChange({ db, clock }, dataset.no, change)
    return datasetOf(db, id)
  })
}

const ABOUT = `SELECT d.id, d.name, d.shape, d.created_at_ms, d.records, d.imports, d.no, i.id, i.state, i.received_at_ms
  FROM datasets d LEFT JOIN imports i ON i.no = (SELECT max(no) FROM imports WHERE dataset = d.no)`

/** A dataset for people. Refuses `dataset.not_found`. */
export function datasetOf(db: DataDatabase, id: string): Dataset {
  const row = db.row(`${ABOUT} WHERE d.id = ?`, [id])
  if (!row) throw new DatasetNotFound('there is no such dataset in this data tenant')
  return datasetFrom(db, row)
}

/** All of them by name. */
export function listDatasets(db: DataDatabase): DatasetSummary[] {
  return db.all(`${ABOUT} WHERE d.name NOT LIKE '~%' ORDER BY d.name`).map(summaryFrom)
}

function datasetFrom(db: DataDatabase, row: SqlResult[]): Dataset {
  const summary = summaryFrom(row)
  const no = Number(row[6])
  const { shape } = summary
  return { ...summary, fields: fieldsOf({ shape, columns: columnsOf(db, no), labels: labelsOf(db, no) }) }
}

function summaryFrom(row: SqlResult[]): DatasetSummary {
  const [id, name, shape, createdAtMs, records, imports, , last, state, receivedAtMs] = row
  return {
    ...{ id: id as DatasetId, name: String(name), shape: shape as Shape, createdAtMs: Number(createdAtMs) },
    ...{ records: Number(records), imports: Number(imports) },
    ...(last !== null && {
      lastImport: {
        ...{ id: last, state, receivedAtMs: Number(receivedAtMs) },
      } as NonNullable<Dataset['lastImport']>,
    }),
  }
}
