/** One table: its columns, how it is made from the first rows, and the statements that write rows into it. */

import { ownValue } from '../../base/mod.ts'
import type { FieldType, FieldTypes } from '../fields.ts'
import type { Row, Value } from '../value.ts'
import { type Connection, quoteName } from './connection.ts'

export type TableOptions = { table: string; mode: 'insert' | 'upsert'; key: readonly string[] }

/** Names of the table's columns; empty when there is no such table. */
export function columnsOf(connection: Connection, table: string): ReadonlySet<string> {
  const rows = connection.prepare(`PRAGMA table_info(${quoteName(table)})`).all([])
  return new Set(rows.flatMap((row) => (isNamed(row) ? [row.name] : [])))
}

function isNamed(row: unknown): row is { name: string } {
  return typeof row === 'object' && row !== null && 'name' in row && typeof row.name === 'string'
}

/**
 * Makes the table with a column for each field that `fields` declares or that a row has. It is STRICT, so that a value of another
 * type is refused instead of stored as something else; a field of mixed or unknown types becomes an ANY column.
 */
export function createTable(
  connection: Connection,
  options: TableOptions,
  fields: FieldTypes,
  rows: readonly Row[],
): void {
  const names = new Set(Object.keys(fields.types))
  for (const row of rows) for (const name of Object.keys(row)) names.add(name)
  const columns = [...names].map((name) => `${quoteName(name)} ${columnType(ownValue(fields.types, name), name, rows)}`)
  if (options.key.length > 0) columns.push(`PRIMARY KEY (${options.key.map(quoteName).join(', ')})`)
  connection.exec(`CREATE TABLE ${quoteName(options.table)} (${columns.join(', ')}) STRICT`)
}

const COLUMN_TYPES: Readonly<Record<FieldType, string>> = {
  string: 'TEXT',
  double: 'REAL',
  int: 'INTEGER',
  bool: 'INTEGER',
  json: 'ANY',
}

function columnType(declared: FieldType | undefined, name: string, rows: readonly Row[]): string {
  if (declared !== undefined && declared !== 'json') return COLUMN_TYPES[declared]
  const types = new Set<string>()
  for (const row of rows) {
    const value = ownValue(row, name)
    if (value !== undefined && value !== null) types.add(typeOf(value))
  }
  const [only] = types
  return types.size === 1 && only !== undefined ? only : COLUMN_TYPES.json
}

function typeOf(value: Value): string {
  if (typeof value === 'number') return COLUMN_TYPES.double
  return typeof value === 'boolean' ? COLUMN_TYPES.bool : COLUMN_TYPES.string
}

/** The statement that writes `count` rows of these columns at once. */
export function insertStatement(options: TableOptions, columns: readonly string[], count: number): string {
  const row = `(${columns.map(() => '?').join(', ')})`
  const values = Array.from({ length: count }, () => row).join(', ')
  const insert = `INSERT INTO ${quoteName(options.table)} (${columns.map(quoteName).join(', ')}) VALUES ${values}`
  if (options.mode === 'insert') return insert
  const set = columns
    .filter((column) => !options.key.includes(column))
    .map((column) => `${quoteName(column)} = excluded.${quoteName(column)}`)
  const action = set.length === 0 ? 'DO NOTHING' : `DO UPDATE SET ${set.join(', ')}`
  return `${insert} ON CONFLICT (${options.key.map(quoteName).join(', ')}) ${action}`
}

/** A value as the driver takes it. A boolean would abort the whole process there; lists and maps are stored as JSON. */
export function bindable(value: Value | undefined): string | number | null {
  if (value === undefined || value === null) return null
  if (typeof value === 'boolean') return value ? 1 : 0
  return typeof value === 'object' ? JSON.stringify(value) : value
}
