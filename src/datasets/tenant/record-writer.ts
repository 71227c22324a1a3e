/** Writes records into a dataset's table: columns for fields that come up, one row each, in the place of an earlier one with its key. */
import { ownValue, utf8 } from '../../base/mod.ts'
import { createSha256 } from '../../crypto/mod.ts'
import type { DataDatabase, SqlValue } from '../../store/mod.ts'
import { FIELDS_MAX } from '../../wire/mod.ts'
import { quoted } from '../formats/item.ts'
import type { Item, Json } from '../formats/reading.ts'
import { SHAPES } from '../shapes/shapes.ts'
import { inferType, storedValue } from '../shapes/values.ts'
import { addColumns, type Column, type DatasetRow, recordsTable } from './dataset-rows.ts'

type RecordItem = Extract<Item, { kind: 'record' }>
/** What is to be said of a record: that it was refused, or what of it was taken otherwise than meant. */
export type Remarked = { kind: 'refused' | 'warning'; line: number; reason: string }
/** What became of records: how many are written, how many gave way, and bytes of text, roughly. */
export type Written = { taken: number; replaced: number; chars: number; remarks: Remarked[] }

/** 128 bits of a SHA-256: among a million records of one run two meet with a chance below 10^-26. */
const KEY_BYTES = 16
/** Keys of one document that are remembered, ~200 B each. Beyond them a record that is like an earlier one takes its place. */
const KEYS_KEPT_MAX = 131_072
const FIELD_NAME_LENGTH_MAX = 256

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

  /** Within a transaction. */
  write(records: readonly RecordItem[]): Written {
    const written: Written = { taken: 0, replaced: 0, chars: 0, remarks: [] }
    const sound = records.filter((item) => {
      const reason = this.#unfit(item.record)
      if (reason !== undefined) written.remarks.push({ kind: 'refused', line: item.line, reason })
      return reason === undefined
    })
    for (const item of this.#housed(sound, written)) this.#writeOne(item, written)
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
    return undefined
  }

  /** Those whose fields all have columns. What the dataset has not met gets one, of the type that all its values here have. */
  #housed(records: RecordItem[], written: Written): RecordItem[] {
    if (SHAPES[this.#dataset.shape].rest !== undefined) return records
    const met = new Set<string>()
    for (const { record } of records) for (const name in record) if (!this.#columns.has(name)) met.add(name)
    if (met.size === 0) return records
    const fitting = [...met].filter((name) => name !== '' && name.length <= FIELD_NAME_LENGTH_MAX)
    const fields = fitting
      .slice(0, FIELDS_MAX - this.#columns.size)
      .map((name) => ({ name, type: inferType(records.map(({ record }) => ownValue(record, name))) }))
    for (const column of addColumns(this.#db, this.#dataset, fields)) {
      this.#dataset.columns.push(column)
      this.#columns.set(column.name, column)
    }
    this.#insert = this.#insertStatement()
    return records.filter(({ line, record }) => {
      const homeless = Object.keys(record).find((name) => !this.#columns.has(name))
      if (homeless !== undefined) written.remarks.push({ kind: 'refused', line, reason: homelessReason(homeless) })
      return homeless === undefined
    })
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
    const rest = this.#restOf(record)
    for (const { name, column, type } of this.#columns.values()) {
      const given = rest && rest.column === column ? rest.value : ownValue(record, name)
      const { value, misfit } = storedValue(given, type)
      if (misfit) written.remarks.push({ kind: 'warning', line, reason: misfitReason(name, type, value) })
      if (typeof value === 'string') written.chars += value.length
      values.push(value)
    }
    this.#db.run(this.#insert, values)
    written.taken++
  }

  /** What the shape has no fields for, under its field for the rest. */
  #restOf(record: RecordItem['record']): { column: string; value: Json } | undefined {
    const { rest } = SHAPES[this.#dataset.shape]
    const column = rest === undefined ? undefined : this.#columns.get(rest)
    if (!column) return undefined
    if (this.#isHoused(record)) return undefined
    const unknown = Object.entries(record).filter(([name]) => !this.#columns.has(name))
    const own = ownValue(record, column.name)
    const known = typeof own === 'object' && own !== null && !Array.isArray(own) ? Object.entries(own) : []
    return { column: column.column, value: Object.fromEntries([...unknown, ...known]) }
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
    return this.#db.run(`DELETE FROM ${recordsTable(this.#dataset.no)} WHERE run_no = ? AND key = ?`, [runNo, digest])
  }

  #removeByField(column: string, value: SqlValue): number {
    return this.#db.run(`DELETE FROM ${recordsTable(this.#dataset.no)} WHERE ${column} = ?`, [value])
  }

  #insertStatement(): string {
    const { key } = SHAPES[this.#dataset.shape]
    const own = key && 'withinRun' in key ? ['import_no', 'line', 'run_no', 'key'] : ['import_no', 'line']
    const names = [...own, ...[...this.#columns.values()].map(({ column }) => column)]
    const places = names.map(() => '?').join(', ')
    return `INSERT INTO ${recordsTable(this.#dataset.no)} (${names.join(', ')}) VALUES (${places})`
  }
}

function homelessReason(name: string): string {
  const most = `expected at most ${FIELDS_MAX} fields in a dataset, with names of 1 to ${FIELD_NAME_LENGTH_MAX} characters`
  return `there is no room for the field ${quoted(name)}, ${most}`
}

function misfitReason(name: string, type: Column['type'], value: SqlValue): string {
  return `${quoted(name)} is ${quoted(String(value))}, expected ${type === 'text' ? 'text without NUL' : `a ${type}`}; it was kept as text`
}
