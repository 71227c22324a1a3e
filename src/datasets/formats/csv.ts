/** CSV by the pipeline's scanner: in whatever dialect it is, each sound row is a record, and each other one is refused by itself. */
import { fromUtf8 } from '../../base/mod.ts'
import { type Chunk, RECORD_BYTES_MAX, RecordReader, type Row, scanCsv, splitCsvRecord } from '../../pipeline/mod.ts'
import { byteSource, headOf } from './bytes.ts'
import { asWritten, type CsvDialect, type CsvHints, SNIFFED_BYTES, sniffCsv } from './csv-dialect.ts'
import { DocumentMalformed, DocumentNotText, DocumentPartTooLarge } from './errors.ts'
import { BATCH_ITEMS_MAX, FIELDS_MAX, type Item, recordItem } from './item.ts'
import { itemsOfRecords, type RecordForm } from './record-items.ts'

/** The header of a file: its names as they are written, `undefined` when it has none; its line; how many columns there are. */
export type CsvHeader = { readonly names: readonly string[] | undefined; readonly line: number; readonly width: number }

/** What the fields of each record are to be called, all different, and what is to be said before the first record. */
export type CsvColumns = { readonly columns: readonly string[]; readonly warnings: Item[] }

/**
 * The items of a CSV file in UTF-8; every value is a string. `name` is asked once what the columns are called, unless the file is empty.
 * Fails with `document.malformed`, `document.not_text` or `document.part_too_large` when its header cannot be read, and as `name` does.
 */
export async function* readCsvTable(
  bytes: AsyncIterable<Uint8Array>,
  hints: CsvHints | undefined,
  name: (header: CsvHeader) => CsvColumns,
): AsyncGenerator<Item[]> {
  const { head, ended, whole } = await headOf(bytes, SNIFFED_BYTES)
  const dialect = sniffCsv(head, ended, hints)
  const reader = await RecordReader.of(byteSource(translated(whole, dialect)))
  try {
    const header = await readHeader(reader, dialect)
    if (!header) return
    const { columns, warnings } = name(header)
    if (warnings.length > 0) yield warnings
    yield* itemsOfRecords(reader, formOf(columns, dialect))
  } finally {
    await reader.close()
  }
}

async function* translated(bytes: AsyncIterable<Uint8Array>, dialect: CsvDialect): AsyncGenerator<Uint8Array> {
  for await (const chunk of bytes) yield asWritten(chunk, dialect)
}

async function readHeader(reader: RecordReader, dialect: CsvDialect): Promise<CsvHeader | undefined> {
  if (dialect.separatorLine) await nextRecord(reader, dialect)
  if (!dialect.header) return { names: undefined, line: 1, width: dialect.width }
  const chunk = await nextRecord(reader, dialect)
  if (!chunk) return undefined
  const { line } = chunk
  if ('overlong' in chunk) throw new DocumentPartTooLarge(line, `a header of more than ${RECORD_BYTES_MAX} bytes`)
  const names = splitCsvRecord(headerText(chunk), dialect.delimiter)
  if (!names)
    throw new DocumentMalformed(line, 'a header whose quotes do not match; expected quotes around whole names')
  if (names.length > FIELDS_MAX)
    throw new DocumentPartTooLarge(line, `a header of ${names.length} columns; expected at most ${FIELDS_MAX}`)
  return { names: names.map((text) => unswapped(text, dialect).trim()), line, width: names.length }
}

function nextRecord(reader: RecordReader, { delimiter }: CsvDialect): Promise<Chunk | undefined> {
  const options = { delimiter: delimiter.charCodeAt(0), blankIsRecord: false, recordsMax: 1 }
  return reader.next((bytes, final) => scanCsv(bytes, final, options))
}

function headerText({ buffer, spans, line }: Exclude<Chunk, { overlong: Uint8Array }>): string {
  try {
    return fromUtf8(buffer.subarray(spans.starts[0], spans.ends[0]))
  } catch (cause) {
    throw new DocumentNotText(line, 'a header that is not UTF-8', { cause })
  }
}

function formOf(columns: readonly string[], dialect: CsvDialect): RecordForm {
  const { delimiter, quote } = dialect
  const types = columns.map(() => 'string' as const)
  const options = {
    delimiter: delimiter.charCodeAt(0),
    blankIsRecord: columns.length === 1,
    recordsMax: BATCH_ITEMS_MAX,
  }
  return {
    scan: (bytes, final) => scanCsv(bytes, final, options),
    encode: (gathered) => ({ ...gathered, format: 'csv', columns, types, delimiter }),
    itemsOf: (line, row) => [recordItem(line, quote === '"' ? row : unswappedRow(row, dialect))],
    reasonOf(code, record) {
      if (code !== 'csv.row_ragged') return FAULTS[code] ?? 'expected a row of CSV'
      const found = splitCsvRecord(fromUtf8(record), delimiter)?.length
      return `expected ${columns.length} fields as in the header, found ${found}`
    },
    tooLong: `a row of more than ${RECORD_BYTES_MAX} bytes; expected one that fits, or a line end within it`,
  }
}

const FAULTS: Readonly<Record<string, string>> = {
  'csv.not_utf8': 'expected text in UTF-8, found bytes that are none',
  'csv.quote_unterminated': 'a quote that never closes; expected one at the end of the field',
  'csv.quote_misplaced': 'a quote within a field; expected quotes around the whole field, and doubled inside of it',
}

function unswapped(text: string, { quote }: CsvDialect): string {
  return quote === '"' ? text : text.replace(/["']/g, (mark) => (mark === '"' ? "'" : '"'))
}

function unswappedRow(row: Row, dialect: CsvDialect): Row {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, unswapped(String(value), dialect)]))
}
