/** Writes records into a dataset's table: columns for fields that come up, one row each, in the place of an earlier one with its key. */
import { ownValue, utf8 } from '../../base/mod.ts'
import { createSha256 } from '../../crypto/mod.ts'
import type { DataDatabase, SqlResult, SqlValue } from '../../store/mod.ts'
import { FIELDS_MAX } from '../../wire/mod.ts'
import { quoted } from '../formats/item.ts'
import type { Item, Json } from '../formats/reading.ts'
import type { DatasetCounts, RollupCounts } from '../rollups/rollup-counts.ts'
import { SHAPES } from '../shapes/shapes.ts'
import { inferType, storedValue } from '../shapes/values.ts'
import { addColumns, type Column, type DatasetRow, recordsTable } from './dataset-rows.ts'

type RecordItem = Extract<Item, { kind: 'record' }>
/** What is to be said of a record: that it was refused, or what of it was taken otherwise than meant. */
export type Remarked = { kind: 'refused' | 'warning'; line: number; reason: string }
/** What became of records: how many are written, how many gave way, bytes of text, roughly, and how many rows' work it was beside them. */
export type Written = { taken: number; replaced: number; chars: number; work: number; remarks: Remarked[] }

/** 128 bits of a SHA-256: among a million records of one run two meet with a chance below 10^-26. */
const KEY_BYTES = 16
/** Keys of one document that are remembered, ~200 B each. Beyond them a record that is like an earlier one takes its place. */
const KEYS_KEPT_MAX = 131_072
const FIELD_NAME_LENGTH_MAX = 256
/** Names and values of one record: as many characters as a line of a document has bytes. A page of an answer ends behind such a one. */
export const RECORD_CHARS_MAX = 1_048_576
/** Fields of all datasets of a data tenant: with each change of one SQLite reads them all, 32,768 in some 25 ms, and keeps ~5 MiB. */
export const FIELDS_OF_TENANT_MAX = 32_768
/** What a change of the table costs, in rows: ~12 µs each. */
const CHANGE_ROWS = 2_000
/** So many values cost as much as a row does without them: one of 1,000 takes ~0.3 ms. */
const VALUES_OF_A_ROW = 32

/** Where records come from: `runNo` is that of their import; `fresh`: no other import has brought records of this run. */
export type Origin = { importNo: number; runNo: number; fresh: boolean }

export class RecordWriter {
  readonly #db: DataDatabase
  readonly #dataset: DatasetRow
  readonly #origin: Origin
  readonly #columns: Map<string, Column>
  /** How often each key has come in this document. */
  readonly #seen = new Map<string, number>()
  #insert: string
  /** What the rollups count of what is written, and where that stands among the values of a record. */
  #counted: { counts: DatasetCounts; at: number[] } | undefined

  constructor(db: DataDatabase, dataset: DatasetRow, origin: Origin) {
    this.#db = db
    this.#dataset = dataset
    this.#origin = origin
    this.#columns = new Map(dataset.columns.map((column) => [column.name, column]))
    this.#insert = this.#insertStatement()
  }

  /** Passes over what an earlier try has written; the keys of it count. */
  skip(records: readonly RecordItem[]): void {
    for (const { record } of records) if (!this.#unfit(record)) this.#keyOf(record)
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
      const key = this.#keyOf(record)
      if (key && 'column' in key && key.value !== null) written.replaced += this.#removeByField(key.column, key.value)
      else written.remarks.push({ kind: 'refused', line, reason: 'a removal that names no record by its key' })
    }
    return written
  }

  /** Why a record is refused. */
  #unfit(record: RecordItem['record']): string | undefined {
    const { required, allowed } = SHAPES[this.#dataset.shape]
    for (const name of required) {
      const value = ownValue(record, name)
      if (value === undefined || value === null || value === '') return `a record needs ${name}, which is missing`
    }
    for (const [name, values] of allowed) {
      const value = ownValue(record, name)
      if (typeof value !== 'string' || !values.includes(value)) {
        return `${name} is ${quoted(String(value))}, expected ${values.join(', ')}`
      }
    }
    const chars = charsOf(record)
    if (chars <= RECORD_CHARS_MAX) return undefined
    return `a record of ${chars} characters, expected at most ${RECORD_CHARS_MAX} with the names of its fields`
  }

  /** Those whose fields all have columns. What the dataset has not met gets one, of the type that all its values here have. */
  #housed(records: RecordItem[], written: Written): RecordItem[] {
    if (SHAPES[this.#dataset.shape].rest !== undefined) return records
    if (records.every(({ record }) => this.#isHoused(record))) return records
    const met = new Set<string>()
    const room = this.#room()
    const housed = records.filter(({ line, record }) => {
      const unmet = Object.keys(record).filter((name) => !this.#columns.has(name) && !met.has(name))
      const homeless = unmet.find((name) => !isFieldName(name)) ?? unmet[room - met.size]
      if (homeless !== undefined) written.remarks.push({ kind: 'refused', line, reason: homelessReason(homeless) })
      // Only what is kept leaves fields behind.
      else for (const name of unmet) met.add(name)
      return homeless === undefined
    })
    if (met.size === 0) return housed
    const typeOf = (name: string) => inferType(housed.map(({ record }) => ownValue(record, name)))
    const fields = [...met].map((name) => ({ name, type: typeOf(name) }))
    for (const column of addColumns(this.#db, this.#dataset, fields)) {
      this.#dataset.columns.push(column)
      this.#columns.set(column.name, column)
    }
    this.#insert = this.#insertStatement()
    written.work += CHANGE_ROWS
    return housed
  }

  /** How many fields more there may be. */
  #room(): number {
    const all = Number(this.#db.row('SELECT count(*) FROM dataset_fields')?.[0])
    return Math.max(0, Math.min(FIELDS_MAX - this.#columns.size, FIELDS_OF_TENANT_MAX - all))
  }

  #isHoused(record: RecordItem['record']): boolean {
    for (const name in record) if (!this.#columns.has(name)) return false
    return true
  }

  #writeOne({ line, record }: RecordItem, written: Written): void {
    const { importNo, runNo, fresh } = this.#origin
    const values: SqlValue[] = [importNo, line]
    const key = this.#keyOf(record)
    if (key && 'digest' in key) {
      values.push(runNo, key.digest)
      if (!fresh || key.mayRepeat) written.replaced += this.#removeByDigest(runNo, key.digest)
    } else if (key) written.replaced += this.#removeByField(key.column, key.value)
    const { rest: restName } = SHAPES[this.#dataset.shape]
    const rest = restName === undefined || this.#isHoused(record) ? undefined : restOf(record, restName, this.#columns)
    for (const { name, type } of this.#columns.values()) {
      const given = rest && name === restName ? rest : ownValue(record, name)
      const { value, misfit } = storedValue(given, type)
      if (misfit) written.remarks.push({ kind: 'warning', line, reason: misfitReason(name, type, value) })
      if (typeof value === 'string') written.chars += value.length
      values.push(value)
    }
    this.#db.run(this.#insert, values)
    this.#count(values)
    written.taken++
    written.work += Math.floor(values.length / VALUES_OF_A_ROW)
  }

  #keyOf(
    record: RecordItem['record'],
  ): { digest: Uint8Array; mayRepeat: boolean } | { column: string; value: SqlValue } | undefined {
    const { key } = SHAPES[this.#dataset.shape]
    if (!key) return undefined
    if ('field' in key) {
      const column = this.#columns.get(key.field)
      return column && { column: column.column, value: storedValue(ownValue(record, key.field), column.type).value }
    }
    const text = key.withinRun.map((name) => storedValue(ownValue(record, name), 'text').value ?? '').join('\u0000')
    const nth = this.#nth(text)
    const digest = createSha256()
    digest.update(utf8(nth === undefined || nth === 1 ? text : `${text}\u0000${nth}`))
    return { digest: digest.digest().subarray(0, KEY_BYTES), mayRepeat: nth === undefined }
  }

  /** Tests of one name come several times in a document, tried again or with other parameters: each is kept. */
  #nth(key: string): number | undefined {
    const before = this.#seen.get(key)
    if (before === undefined && this.#seen.size >= KEYS_KEPT_MAX) return undefined
    const nth = (before ?? 0) + 1
    this.#seen.set(key, nth)
    return nth
  }

  #removeByDigest(runNo: number, digest: Uint8Array): number {
    return this.#remove('run_no = ? AND key = ?', [runNo, digest])
  }

  #removeByField(column: string, value: SqlValue): number {
    return this.#remove(`${column} = ?`, [value])
  }

  #remove(where: string, values: readonly SqlValue[]): number {
    const remove = `DELETE FROM ${recordsTable(this.#dataset.no)} WHERE ${where}`
    if (!this.#counted) return this.#db.run(remove, values)
    const { counts } = this.#counted
    const removed = this.#db.all(`${remove} RETURNING ${['no', 'import_no', ...counts.columns].join(', ')}`, values)
    for (const [no, importNo, ...counted] of removed) counts.count(Number(importNo), counted, -1, Number(no))
    return removed.length
  }

  #count(values: readonly SqlValue[]): void {
    if (!this.#counted) return
    const { counts, at } = this.#counted
    const counted = at.map((place) => values[place] as SqlResult)
    const no = counts.byNumber ? Number(this.#db.row('SELECT last_insert_rowid()')?.[0]) : 0
    counts.count(this.#origin.importNo, counted, 1, no)
  }

  #countedBy(counts: DatasetCounts): { counts: DatasetCounts; at: number[] } | undefined {
    if (counts.none) return undefined
    const columns = [...this.#columns.values()].map(({ column }) => column)
    const first = this.#ownColumns().length
    return { counts, at: counts.columns.map((column) => first + columns.indexOf(column)) }
  }

  #insertStatement(): string {
    const names = [...this.#ownColumns(), ...[...this.#columns.values()].map(({ column }) => column)]
    const places = names.map(() => '?').join(', ')
    return `INSERT INTO ${recordsTable(this.#dataset.no)} (${names.join(', ')}) VALUES (${places})`
  }

  /** Those that come before its fields. */
  #ownColumns(): string[] {
    const { key } = SHAPES[this.#dataset.shape]
    return key && 'withinRun' in key ? ['import_no', 'line', 'run_no', 'key'] : ['import_no', 'line']
  }
}

/** What a record has in a field of its dataset; in that for the rest, what the shape has no fields for. */
export function fieldValue(
  record: RecordItem['record'],
  name: string,
  { rest, columns }: { rest: string | undefined; columns: readonly Column[] },
): Json | undefined {
  const names = new Set(columns.map((column) => column.name))
  const isHoused = Object.keys(record).every((one) => names.has(one))
  return name === rest && !isHoused ? restOf(record, rest, names) : ownValue(record, name)
}

/** What the shape has no fields for, beside what the record itself has in the field for the rest. */
function restOf(record: RecordItem['record'], rest: string, columns: { has(name: string): boolean }): Json {
  const unknown = Object.entries(record).filter(([name]) => !columns.has(name))
  const own = ownValue(record, rest)
  const known = typeof own === 'object' && own !== null && !Array.isArray(own) ? Object.entries(own) : []
  return Object.fromEntries([...unknown, ...known])
}

/** Names and values as they are kept, nested ones as JSON. */
function charsOf(record: RecordItem['record']): number {
  let chars = 0
  for (const name in record) {
    const value = record[name]
    chars += name.length
    if (typeof value === 'string') chars += value.length
    else if (typeof value === 'object' && value !== null) chars += JSON.stringify(value).length
  }
  return chars
}

/** The driver gives a text back only up to its first NUL: two names could become one. */
function isFieldName(name: string): boolean {
  return name !== '' && name.length <= FIELD_NAME_LENGTH_MAX && !name.includes('\0')
}

function homelessReason(name: string): string {
  const most = `expected at most ${FIELDS_MAX} fields in a dataset and ${FIELDS_OF_TENANT_MAX} in all of a data tenant`
  return `there is no room for the field ${quoted(name)}, ${most}, with names of 1 to ${FIELD_NAME_LENGTH_MAX} characters without NUL`
}

function misfitReason(name: string, type: Column['type'], value: SqlValue): string {
  return `${quoted(name)} is ${quoted(String(value))}, expected ${type === 'text' ? 'text without NUL' : `a ${type}`}; it was kept as text`
}
