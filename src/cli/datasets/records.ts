/** Records as cells of a table for a person. */
import { type Cell, table } from '../output.ts'
import type { RecordsPage } from './answers.ts'

const CELL_LENGTH_MAX = 60
const COLUMNS_MAX = 8

/** A page for a person: without `all` the first fields that any of its records has, without those that begin with `_`. */
export function recordsTable({ fields, rows }: RecordsPage, all: boolean): { text: string; left: number } {
  const filled = fields.flatMap(({ name }, at) => {
    const isShown = all || (!name.startsWith('_') && rows.some((row) => (row[at] ?? '') !== ''))
    return isShown ? [{ name, at }] : []
  })
  const shown = all ? filled : filled.slice(0, COLUMNS_MAX)
  const cells = rows.map((row) => shown.map(({ at }) => cellOf(row[at])))
  const head = shown.map(({ name }) => name)
  return { text: table(head, cells), left: fields.length - shown.length }
}

function cellOf(value: unknown): Cell {
  if (value === null || value === undefined || typeof value === 'number') return value
  const [line = '', ...more] = textOf(value).split('\n')
  return line.length > CELL_LENGTH_MAX || more.length > 0 ? `${line.slice(0, CELL_LENGTH_MAX)}…` : line
}

function textOf(value: unknown): string {
  if (value === null || value === undefined) return ''
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
