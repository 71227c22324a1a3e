/** Records as text: cells of a table for a person, CSV that no spreadsheet runs, one JSON object a line. */
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

/**
 * What a spreadsheet takes for a formula when a cell begins with it (OWASP, CSV Injection); a plain number is none. One that
 * separates by semicolons or tabs, or that splits lines, sees cells begin within ours.
 */
const FORMULA = /(^|[;\t\r\n])(?=[=+\-@\t\r＝＋－＠])/gu
const NUMBER = /^[+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/i

/** Lines of CSV (RFC 4180). A text that a spreadsheet would run has `'` before it. */
export function csvLines(rows: readonly (readonly unknown[])[]): string {
  return rows.map((row) => `${row.map(csvCell).join(',')}\r\n`).join('')
}

function csvCell(value: unknown): string {
  const text = textOf(value)
  const safe = typeof value === 'string' && !NUMBER.test(text) ? text.replace(FORMULA, "$1'") : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

/** One JSON object a line, without the fields that a record lacks. */
export function ndjsonLines({ fields, rows }: RecordsPage): string {
  return rows
    .map((row) => {
      const pairs = fields.flatMap(({ name }, at) => (row[at] === null ? [] : [[name, row[at]] as const]))
      return `${JSON.stringify(Object.fromEntries(pairs))}\n`
    })
    .join('')
}

function textOf(value: unknown): string {
  if (value === null || value === undefined) return ''
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
