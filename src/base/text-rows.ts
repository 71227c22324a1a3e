/** Rows as text that goes into files: CSV that no spreadsheet runs, and one JSON object a line. */

/**
 * What a spreadsheet takes for a formula when a cell begins with it (OWASP, CSV Injection), blanks before it or not; a plain number is none. One that
 * separates by semicolons or tabs, or that splits lines, sees cells begin within ours.
 */
const FORMULA = /(^|[;\t\r\n])(?=[^\S\r\n]*[=+\-@＝＋－＠]|[\t\r])/gu
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

function textOf(value: unknown): string {
  if (value === null || value === undefined) return ''
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

/** One JSON object a line, without what a row lacks. */
export function jsonLines(names: readonly string[], rows: readonly (readonly unknown[])[]): string {
  return rows
    .map((row) => {
      const pairs = names.flatMap((name, at) => (row[at] === null ? [] : [[name, row[at]] as const]))
      return `${JSON.stringify(Object.fromEntries(pairs))}\n`
    })
    .join('')
}
