/** The fields that a dataset's records have columns for; new ones come up as records have them, within bounds. */
import { ownValue } from '../../base/mod.ts'
import type { DataDatabase } from '../../store/mod.ts'
import { FIELDS_MAX } from '../../wire/mod.ts'
import { type Json, quoted, type RecordItem } from '../formats/item.ts'
import { isOurs } from '../shapes/our-fields.ts'
import { SHAPES } from '../shapes/shapes.ts'
import { inferType } from '../shapes/values.ts'
import { addColumns, type Column, type DatasetRow } from './dataset-rows.ts'

const FIELD_NAME_LENGTH_MAX = 256
/** Fields of all datasets of a data tenant: with each change of one SQLite reads them all, 32,768 in some 25 ms, and keeps ~5 MiB. */
export const FIELDS_OF_TENANT_MAX = 32_768

export class RecordFields {
  readonly #db: DataDatabase
  readonly #dataset: DatasetRow
  readonly #columns: Map<string, Column>

  constructor(db: DataDatabase, dataset: DatasetRow) {
    this.#db = db
    this.#dataset = dataset
    this.#columns = new Map(dataset.columns.map((column) => [column.name, column]))
  }

  /** By name, in their order. */
  get columns(): ReadonlyMap<string, Column> {
    return this.#columns
  }

  /** Those whose fields all have columns. What the dataset has not met gets one, of the type that all its values here have. */
  house(records: RecordItem[], refuse: (line: number, reason: string) => void): RecordItem[] {
    if (SHAPES[this.#dataset.shape].rest !== undefined) return records
    if (records.every(({ record }) => this.#isHoused(record))) return records
    const met = new Set<string>()
    const room = this.#room()
    const housed = records.filter(({ line, record }) => {
      const unmet = Object.keys(record).filter((name) => !this.#columns.has(name) && !met.has(name))
      const homeless = unmet.find((name) => !isFieldName(name) || isOurs(name)) ?? unmet[room - met.size]
      if (homeless !== undefined) refuse(line, homelessReason(homeless))
      // Only what is kept leaves fields behind.
      else for (const name of unmet) met.add(name)
      return homeless === undefined
    })
    if (met.size > 0) this.#add(met, housed)
    return housed
  }

  /** What a record has in the field for the rest, if there is anything that goes there. */
  restOf(record: RecordItem['record']): Json | undefined {
    const { rest } = SHAPES[this.#dataset.shape]
    return rest === undefined || this.#isHoused(record) ? undefined : restOf(record, rest, this.#columns)
  }

  #add(names: ReadonlySet<string>, records: readonly RecordItem[]): void {
    const typeOf = (name: string) => inferType(records.map(({ record }) => ownValue(record, name)))
    const fields = [...names].map((name) => ({ name, type: typeOf(name) }))
    for (const column of addColumns(this.#db, this.#dataset, fields)) {
      this.#dataset.columns.push(column)
      this.#columns.set(column.name, column)
    }
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

/** The driver gives a text back only up to its first NUL: two names could become one. */
function isFieldName(name: string): boolean {
  return name !== '' && name.length <= FIELD_NAME_LENGTH_MAX && !name.includes('\0')
}

function homelessReason(name: string): string {
  if (isOurs(name)) return `a field called ${quoted(name)}, which every record has from Sluice; expected any other name`
  const most = `expected at most ${FIELDS_MAX} fields in a dataset and ${FIELDS_OF_TENANT_MAX} in all of a data tenant`
  return `there is no room for the field ${quoted(name)}, ${most}, with names of 1 to ${FIELD_NAME_LENGTH_MAX} characters without NUL`
}
