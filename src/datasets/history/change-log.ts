/** Keeps what a record was before another takes its place, in a dataset whose owner asked for that. */
import type { DataDatabase, SqlResult, SqlValue } from '../../store/mod.ts'
import { SHAPES } from '../shapes/shapes.ts'
import { type Column, type DatasetRow, recordsTable } from '../tenant/dataset-rows.ts'

/** Of a longer text the beginning is kept: what changed in a long one is looked for in the documents. */
const TEXT_CHARS_MAX = 4_096

/** Of one import. */
export class ChangeLog {
  readonly #db: DataDatabase
  readonly #dataset: Pick<DatasetRow, 'no'>
  readonly #importNo: number
  readonly #key: string

  private constructor(db: DataDatabase, dataset: Pick<DatasetRow, 'no'>, importNo: number, key: string) {
    this.#db = db
    this.#dataset = dataset
    this.#importNo = importNo
    this.#key = key
  }

  /** `undefined` unless the dataset keeps a history. */
  static of(db: DataDatabase, { no, shape }: DatasetRow, importNo: number): ChangeLog | undefined {
    const { key } = SHAPES[shape]
    if (!key || !('field' in key) || !hasHistory(db, no)) return undefined
    return new ChangeLog(db, { no }, importNo, key.field)
  }

  /** Within a transaction: what is there under that key in `keyColumn`, against values that take its place in the order of `columns`. */
  note(keyColumn: string, key: SqlValue, columns: readonly Column[], values: readonly SqlValue[]): void {
    const names = ['import_no', ...columns.map(({ column }) => column)].join(', ')
    const before = this.#db.row(`SELECT ${names} FROM ${recordsTable(this.#dataset.no)} WHERE ${keyColumn} = ?`, [key])
    if (!before) return
    const [fromImport, ...were] = before
    const insert = `INSERT INTO record_changes (dataset, key, field, "from", "to", from_import, import) VALUES (?, ?, ?, ?, ?, ?, ?)`
    for (const [at, { name }] of columns.entries()) {
      const [from, to] = [were[at] ?? null, values[at] ?? null]
      if (from === to || name === this.#key) continue
      const about = [this.#dataset.no, String(key), name, kept(from), kept(to)]
      this.#db.run(insert, [...about, Number(fromImport), this.#importNo])
    }
  }
}

/** Whether what records were before is kept. */
export function hasHistory(db: DataDatabase, datasetNo: number): boolean {
  return db.row('SELECT 1 FROM histories WHERE dataset = ? AND ending = 0', [datasetNo]) !== undefined
}

function kept(value: SqlResult | SqlValue): string {
  if (value instanceof Uint8Array) return 'null'
  return JSON.stringify(typeof value === 'string' ? value.slice(0, TEXT_CHARS_MAX) : value)
}
