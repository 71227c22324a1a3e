/** Writes records into a dataset's table: columns for fields that come up, one row each, in the place of an earlier one with its key. */
import { ownValue } from '../../base/mod.ts'
import type { DataDatabase, SqlResult, SqlValue } from '../../store/mod.ts'
import { quoted, type RecordItem } from '../formats/item.ts'
import { ChangeLog } from '../history/change-log.ts'
import type { DatasetCounts, RollupCounts } from '../rollups/rollup-counts.ts'
import { SHAPES } from '../shapes/shapes.ts'
import { storedValue } from '../shapes/values.ts'
import { type Column, type DatasetRow, recordsTable } from './dataset-rows.ts'
import { RecordFields } from './record-fields.ts'
import { type Key, RecordKeys } from './record-keys.ts'
import { type Place, type Replay, Replayed } from './replay.ts'
import { unfitReason } from './unfit-record.ts'

/** What is to be said of a record: that it was refused, or what of it was taken otherwise than meant. */
export type Remarked = { kind: 'refused' | 'warning'; line: number; reason: string }
/** What became of records: how many are written, how many gave way, bytes of text, roughly, and how many rows' work it was beside them. */
export type Written = { taken: number; replaced: number; chars: number; work: number; remarks: Remarked[] }

/** What a change of the table costs, in rows: ~12 µs each. */
const CHANGE_ROWS = 2_000
/** So many values cost as much as a row does without them: one of 1,000 takes ~0.3 ms. */
const VALUES_OF_A_ROW = 32

/** Where records come from: `runNo` is that of their import; `fresh`: no other import has brought records of this run. */
export type Origin = { importNo: number; runNo: number; fresh: boolean; replay?: Replay }

export class RecordWriter {
  readonly #db: DataDatabase
  readonly #dataset: DatasetRow
  readonly #origin: Origin
  readonly #fields: RecordFields
  readonly #keys: RecordKeys
  readonly #replayed: Replayed | undefined
  readonly #changes: ChangeLog | undefined
  #insert: string
  /** What the rollups count of what is written, and where that stands among the values of a record. */
  #counted: { counts: DatasetCounts; at: number[] } | undefined

  constructor(db: DataDatabase, dataset: DatasetRow, origin: Origin) {
    this.#db = db
    this.#dataset = dataset
    this.#origin = origin
    this.#fields = new RecordFields(db, dataset)
    this.#keys = new RecordKeys(SHAPES[dataset.shape], this.#fields.columns)
    this.#replayed = origin.replay && new Replayed(db, dataset, { ...origin, replay: origin.replay })
    this.#insert = this.#insertStatement()
    this.#changes = ChangeLog.of(db, dataset, origin.importNo)
  }

  /** Passes over what an earlier try has written; the keys of it count. */
  skip(records: readonly RecordItem[]): void {
    for (const { record } of records) {
      const key = this.#unfit(record) === undefined ? this.#keys.of(record) : undefined
      if (key) this.#replayed?.skip(key)
    }
  }

  /** Takes away those of these numbers, within a transaction; says how many there were. */
  removeNumbered(numbers: readonly number[], rollups: RollupCounts): number {
    this.#counted = this.#countedBy(rollups.of(this.#dataset))
    return numbers.reduce((sum, no) => sum + this.#remove('no = ?', [no]), 0)
  }

  /** Within a transaction, whose rollups count it. */
  write(records: readonly RecordItem[], rollups: RollupCounts): Written {
    const written: Written = { taken: 0, replaced: 0, chars: 0, work: 0, remarks: [] }
    const sound = records.filter((item) => {
      const reason = this.#unfit(item.record)
      if (reason !== undefined) written.remarks.push({ kind: 'refused', line: item.line, reason })
      return reason === undefined
    })
    const housed = this.#housed(sound, written)
    this.#counted = this.#countedBy(rollups.of(this.#dataset))
    for (const item of housed) this.#writeOne(item, written)
    return written
  }

  /**
   * Takes away those that have these keys, which count as replaced; within a transaction, whose rollups count it. Keys of no record are
   * passed over. Of a shape that has no field for a key each is refused.
   */
  remove(keys: readonly RecordItem[], rollups: RollupCounts): Written {
    const written: Written = { taken: 0, replaced: 0, chars: 0, work: 0, remarks: [] }
    this.#counted = this.#countedBy(rollups.of(this.#dataset))
    for (const { line, record } of keys) {
      const key = this.#keys.of(record)
      if (key && 'column' in key && key.value !== null) written.replaced += this.#removeByField(key.column, key.value)
      else written.remarks.push({ kind: 'refused', line, reason: 'a removal that names no record by its key' })
    }
    return written
  }

  #unfit(record: RecordItem['record']): string | undefined {
    return unfitReason(SHAPES[this.#dataset.shape], record)
  }

  #housed(records: RecordItem[], written: Written): RecordItem[] {
    const before = this.#fields.columns.size
    const housed = this.#fields.house(records, (line, reason) => {
      written.remarks.push({ kind: 'refused', line, reason })
    })
    if (this.#fields.columns.size === before) return housed
    this.#insert = this.#insertStatement()
    written.work += CHANGE_ROWS
    return housed
  }

  #writeOne({ line, record }: RecordItem, written: Written): void {
    const { importNo, runNo } = this.#origin
    const values: SqlValue[] = [importNo, line]
    const key = this.#keys.of(record)
    if (key && 'digest' in key) values.push(runNo, key.digest)
    const place = this.#replayed?.placeOf(key, (no) => {
      written.replaced += this.#remove('no = ?', [no])
    })
    if (place === 'given way') {
      written.taken++
      written.replaced++
      return
    }
    const { rest: restName } = SHAPES[this.#dataset.shape]
    const rest = this.#fields.restOf(record)
    for (const { name, type } of this.#fields.columns.values()) {
      const given = rest && name === restName ? rest : ownValue(record, name)
      const { value, misfit } = storedValue(given, type)
      if (misfit) written.remarks.push({ kind: 'warning', line, reason: misfitReason(name, type, value) })
      if (typeof value === 'string') written.chars += value.length
      values.push(value)
    }
    if (!this.#replayed && key) written.replaced += this.#replaced(key, values)
    if (place) written.replaced += this.#rewrite(place, values)
    else this.#db.run(this.#insert, values)
    this.#count(values, place?.no)
    written.taken++
    written.work += Math.floor(values.length / VALUES_OF_A_ROW)
  }

  /** Takes away what has that key. */
  #replaced(key: Key, values: readonly SqlValue[]): number {
    const { runNo, fresh } = this.#origin
    if ('digest' in key) return fresh && !key.mayRepeat ? 0 : this.#removeByDigest(runNo, key.digest)
    this.#changes?.note(
      key.column,
      key.value,
      [...this.#fields.columns.values()],
      values.slice(this.#ownColumns().length),
    )
    return this.#removeByField(key.column, key.value)
  }

  /** Changed, not removed and inserted: what is made of records hears of both changes and removals. Says how many stood there. */
  #rewrite({ no, isThere }: Place, values: readonly SqlValue[]): number {
    const table = recordsTable(this.#dataset.no)
    const own = this.#ownColumns()
    if (isThere) this.#uncount(no)
    else {
      const places = ['no', ...own].map(() => '?').join(', ')
      this.#db.run(`INSERT INTO ${table} (no, ${own.join(', ')}) VALUES (${places})`, [
        no,
        ...values.slice(0, own.length),
      ])
    }
    const names = [...own, ...[...this.#fields.columns.values()].map(({ column }) => column)]
    const set = names.map((name) => `${name} = ?`).join(', ')
    this.#db.run(`UPDATE ${table} SET ${set} WHERE no = ?`, [...values, no])
    return isThere ? 1 : 0
  }

  #uncount(no: number): void {
    if (!this.#counted) return
    const { counts } = this.#counted
    const columns = ['import_no', ...counts.columns].join(', ')
    const row = this.#db.row(`SELECT ${columns} FROM ${recordsTable(this.#dataset.no)} WHERE no = ?`, [no])
    if (row) counts.count(Number(row[0]), row.slice(1), -1, no)
  }

  #removeByDigest(runNo: number, digest: Uint8Array): number {
    return this.#remove('run_no = ? AND key = ?', [runNo, digest])
  }

  /** Read again, it leaves what later imports brought. */
  #removeByField(column: string, value: SqlValue): number {
    const { replay, importNo } = this.#origin
    return replay
      ? this.#remove(`${column} = ? AND import_no < ?`, [value, importNo])
      : this.#remove(`${column} = ?`, [value])
  }

  #remove(where: string, values: readonly SqlValue[]): number {
    const remove = `DELETE FROM ${recordsTable(this.#dataset.no)} WHERE ${where}`
    if (!this.#counted) return this.#db.run(remove, values)
    const { counts } = this.#counted
    const removed = this.#db.all(`${remove} RETURNING ${['no', 'import_no', ...counts.columns].join(', ')}`, values)
    for (const [no, importNo, ...counted] of removed) counts.count(Number(importNo), counted, -1, Number(no))
    return removed.length
  }

  #count(values: readonly SqlValue[], given: number | undefined): void {
    if (!this.#counted) return
    const { counts, at } = this.#counted
    const counted = at.map((place) => values[place] as SqlResult)
    const no = given ?? (counts.byNumber ? Number(this.#db.row('SELECT last_insert_rowid()')?.[0]) : 0)
    counts.count(this.#origin.importNo, counted, 1, no)
  }

  #countedBy(counts: DatasetCounts): { counts: DatasetCounts; at: number[] } | undefined {
    if (counts.none) return undefined
    const columns = [...this.#fields.columns.values()].map(({ column }) => column)
    const first = this.#ownColumns().length
    return { counts, at: counts.columns.map((column) => first + columns.indexOf(column)) }
  }

  #insertStatement(): string {
    const names = [...this.#ownColumns(), ...[...this.#fields.columns.values()].map(({ column }) => column)]
    const places = names.map(() => '?').join(', ')
    return `INSERT INTO ${recordsTable(this.#dataset.no)} (${names.join(', ')}) VALUES (${places})`
  }

  /** Those that come before its fields. */
  #ownColumns(): string[] {
    const { key } = SHAPES[this.#dataset.shape]
    return key && 'withinRun' in key ? ['import_no', 'line', 'run_no', 'key'] : ['import_no', 'line']
  }
}

function misfitReason(name: string, type: Column['type'], value: SqlValue): string {
  return `${quoted(name)} is ${quoted(String(value))}, expected ${type === 'text' ? 'text without NUL' : `a ${type}`}; it was kept as text`
}
