/** What a verb prints: a table or a few lines for a person, or with `--json` exactly one JSON document. */

import { printable, printableLines } from '../base/mod.ts'

/** Where the command writes; tests hand in their own. */
export type Terminal = {
  out(text: string): void
  err(text: string): void
  /** Whether a person reads the output as it comes. */
  interactive: boolean
  /** Asks the person at the terminal for a line that is not shown while it is typed; absent where nobody sits there. */
  ask?: (question: string) => Promise<string>
}

export type Cell = string | number | undefined | null

/** Columns aligned by their widest cell, numbers to the right; no lines drawn, so that it greps well. No cell steers the terminal. */
export function table(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const texts = [head, ...rows].map((row) =>
    row.map((cell) => (cell === undefined || cell === null ? '–' : printable(String(cell)))),
  )
  const widths = head.map((_, column) => Math.max(...texts.map((row) => (row[column] ?? '').length)))
  const numeric = head.map((_, column) => rows.length > 0 && rows.every((row) => typeof row[column] === 'number'))
  return texts
    .map((row) =>
      row
        .map((text, column) =>
          numeric[column] ? text.padStart(widths[column] ?? 0) : text.padEnd(widths[column] ?? 0),
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/**
 * A copy of plain data in which every text can be shown to a person (base's `printable`), keys as well. Servers pass on what others
 * named: a path with an escape sequence could otherwise erase or fake lines of what an owner is asked to approve.
 */
function showable<T>(value: T): T {
  // The copy has the shape of what it copies, which the compiler cannot see.
  return showableOf(value) as T
}

function showableOf(value: unknown): unknown {
  if (typeof value === 'string') return printable(value)
  if (Array.isArray(value)) return value.map(showableOf)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [printable(key), showableOf(inner)]))
}

/** JSON leaves DEL, C1 and format characters as they are; escaped by UTF-16 unit, it says the same and steers no terminal. */
function jsonLine(value: unknown): string {
  return JSON.stringify(value).replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) =>
    [...Array(character.length).keys()]
      .map((i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`)
      .join(''),
  )
}

/** Prints `value` as JSON when asked, else what `render` makes of it for a person: it is given texts that can be shown. */
export function print<T>(terminal: Terminal, json: boolean | undefined, value: T, render: (value: T) => string): void {
  terminal.out(json ? `${jsonLine(value)}\n` : `${printableLines(render(showable(value)))}\n`)
}
