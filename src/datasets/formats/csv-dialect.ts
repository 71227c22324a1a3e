/** Looks at the beginning of a CSV file and says how it is written: what parts fields, what quotes them, whether it has a header. */
import { fromUtf8 } from '../../base/mod.ts'
import { scanCsv, splitCsvRecord } from '../../pipeline/mod.ts'
import { cellKind } from './csv-cells.ts'

/** How a CSV file is written. */
export type CsvDialect = {
  /** One ASCII character; for a single column one that no text has, so that commas in it part nothing. */
  readonly delimiter: string
  readonly quote: '"' | "'"
  /** `\r` in files of old Macs; `\n` stands for CRLF as well. */
  readonly lineEnd: '\n' | '\r'
  /** Whether the first record is Excel's `sep=;`, which is neither header nor data. */
  readonly separatorLine: boolean
  /** Whether the next record names the columns. */
  readonly header: boolean
  /** Fields of that record, and which share of the records that were looked at has as many. */
  readonly width: number
  readonly share: number
}

/** What whoever sends a file may say of it, as in `text/csv; header=absent` (RFC 4180 §3). The rest is found out. */
export type CsvHints = { readonly header?: 'present' | 'absent' }

/** What a content type says: its parameter `header`, if it has one. */
export function csvHintsOf(contentType: string | undefined): CsvHints {
  const said = /;\s*header\s*=\s*"?(present|absent)\b/i.exec(contentType ?? '')?.[1]?.toLowerCase()
  return said === 'present' || said === 'absent' ? { header: said } : {}
}

/** Bytes and records of the beginning that are looked at. */
export const SNIFFED_BYTES = 65_536
const SNIFFED_RECORDS = 100

const DELIMITERS = [',', ';', '\t', '|'] as const
/** Unit Separator: for a file of one column. */
const NONE = '\x1f'

const YEAR = /^(?:19|20)\d\d$/

const [LF, CR, QUOTE, APOSTROPHE] = [0x0a, 0x0d, 0x22, 0x27]

type Guess = { delimiter: string; rows: (readonly string[])[]; share: number; width: number }

/** The dialect of a file by its beginning; `ended` says that this is all of it. */
export function sniffCsv(head: Uint8Array, ended: boolean, hints: CsvHints = {}): CsvDialect {
  const lineEnd = head.includes(CR) && !head.includes(LF) ? '\r' : '\n'
  const lines = lineEnd === '\r' ? asWritten(head, { lineEnd, quote: '"' }) : head
  const separator = /^sep=([!-~\t ])\r?\n/i.exec(latin1(lines.subarray(0, 8)))
  const body = lines.subarray(separator?.[0].length ?? 0)
  const told = separator?.[1]
  const quote = isQuoted(body, APOSTROPHE) && !isQuoted(body, QUOTE) ? "'" : '"'
  const guess = best(asWritten(body, { lineEnd: '\n', quote }), ended, told === '"' ? undefined : told)
  const header = hints.header ? hints.header === 'present' : hasHeader(guess.rows)
  return {
    delimiter: guess.delimiter,
    quote,
    lineEnd,
    separatorLine: separator !== null,
    header,
    width: guess.width,
    share: guess.share,
  }
}

/**
 * The bytes as the scanner reads them: it knows `"` and LF only. Apostrophes and quotes are exchanged in a file that is quoted by
 * apostrophes, and back again in what was read of it.
 */
export function asWritten(bytes: Uint8Array, { lineEnd, quote }: Pick<CsvDialect, 'lineEnd' | 'quote'>): Uint8Array {
  if (lineEnd === '\n' && quote === '"') return bytes
  return bytes.map((byte) => {
    if (byte === CR && lineEnd === '\r') return LF
    if (quote === '"') return byte
    return byte === APOSTROPHE ? QUOTE : byte === QUOTE ? APOSTROPHE : byte
  })
}

/** Whether fields are in such quotes: in half of the lines one opens at the start or behind a delimiter, and closes before one. */
function isQuoted(head: Uint8Array, quote: number): boolean {
  const mark = String.fromCharCode(quote)
  const field = new RegExp(`(?:^|[,;|\\t])${mark}[^${mark}]*${mark}(?:$|[,;|\\t])`)
  const lines = latin1(head).split(/\r?\n/).filter(Boolean)
  return lines.filter((line) => field.test(line)).length * 2 >= lines.length
}

function best(body: Uint8Array, ended: boolean, told: string | undefined): Guess {
  if (told !== undefined) return guessOf(body, ended, told)
  const guesses = DELIMITERS.map((delimiter) => guessOf(body, ended, delimiter))
  const believed = guesses.filter(({ width }) => width > 1)
  believed.sort((a, b) => b.share - a.share || b.width - a.width)
  return believed[0] ?? guessOf(body, ended, NONE)
}

function guessOf(body: Uint8Array, ended: boolean, delimiter: string): Guess {
  const options = { delimiter: delimiter.charCodeAt(0), blankIsRecord: false, recordsMax: SNIFFED_RECORDS }
  const whole = scanCsv(body, ended, options)
  // A first record longer than what is looked at: its beginning tells as much.
  const { starts, ends } = whole.starts.length > 0 ? whole : scanCsv(body, true, options)
  const rows = starts.map((start, i) => fieldsOf(body.subarray(start, ends[i]), delimiter))
  const width = rows[0]?.length ?? 0
  const alike = rows.filter((row) => row.length === width).length
  return { delimiter, rows, width, share: rows.length === 0 ? 0 : alike / rows.length }
}

/** None when the record's quotes are wrong or it is not UTF-8: then it has no width that says anything. */
function fieldsOf(record: Uint8Array, delimiter: string): readonly string[] {
  try {
    return splitCsvRecord(fromUtf8(record), delimiter) ?? []
  } catch {
    return []
  }
}

/**
 * A header is there unless the first record looks as the records below it do: where all of theirs are numbers, times or truth values,
 * so is its own. A lone record is data when it has such values.
 */
function hasHeader([first = [], ...rows]: readonly (readonly string[])[]): boolean {
  if (rows.length === 0) return first.every((cell) => ['text', 'empty'].includes(cellKind(cell)))
  const kinds = first.map((_, column) => kindOfColumn(rows, column))
  const typed = [...kinds.keys()].filter((column) => kinds[column] !== 'text')
  const asBelow = typed.every((column) => cellKind(first[column] ?? '') === kinds[column])
  // Most files have a header; years are the numbers that head columns.
  return !asBelow || typed.every((column) => YEAR.test(first[column] ?? ''))
}

function kindOfColumn(rows: readonly (readonly string[])[], column: number): string {
  const kinds = new Set(rows.map((row) => cellKind(row[column] ?? '')).filter((kind) => kind !== 'empty'))
  const [only, another] = kinds
  return only !== undefined && another === undefined ? only : 'text'
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
}
