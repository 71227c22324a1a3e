/**
 * Decodes CSV records to rows: RFC 4180, strictly, several times as fast as the general parsers.
 * Cases that it must get right are in `tests/pipeline/csv.test.ts`, beside a comparison with csv-parse.
 */
import { readValue } from './csv-values.ts'
import { type EncodedCsv, recordAt } from './encoded.ts'
import { type Decoded, type Fault, type Row, textOf } from './value.ts'

/** One row or fault for each record. */
export function decodeCsv(encoded: EncodedCsv): Decoded {
  const count = encoded.offsets.length - 1
  const rows: (Row | undefined)[] = new Array(count)
  const faults = new Map<number, Fault>()
  const decoder = new RecordDecoder(encoded)
  const text = textOf(encoded.bytes)
  // In pure ASCII the offsets of the bytes are those of the text, and one decoding serves for all records.
  const whole = text?.length === encoded.bytes.length ? text : undefined
  for (let i = 0; i < count; i++) {
    const row = whole
      ? decoder.row(whole, encoded.offsets[i] ?? 0, encoded.offsets[i + 1] ?? 0)
      : decoder.rowAlone(recordAt(encoded, i))
    rows[i] = row
    if (!row) faults.set(i, decoder.fault)
  }
  return { rows, faults }
}

/** The fields of one record; `undefined` when its quotes are wrong. */
export function splitCsvRecord(text: string, delimiter: string): string[] | undefined {
  const fields: string[] = []
  return splitQuoted(text, 0, withoutLineEnd(text, 0, text.length), delimiter, fields) === undefined
    ? fields
    : undefined
}

const QUOTE = 0x22
const LF = 0x0a
const CR = 0x0d

class RecordDecoder {
  readonly #encoded: EncodedCsv
  readonly #fields: string[] = []
  #text = ''
  #quote = -1
  /** Why the last record gave no row. */
  fault: Fault = { code: 'csv.row_ragged' }

  constructor(encoded: EncodedCsv) {
    this.#encoded = encoded
  }

  rowAlone(bytes: Uint8Array): Row | undefined {
    const text = textOf(bytes)
    if (text === undefined) return this.#refuse('csv.not_utf8')
    return this.row(text, 0, text.length)
  }

  row(text: string, start: number, end: number): Row | undefined {
    const fields = this.#fields
    fields.length = 0
    const code = this.#split(text, start, withoutLineEnd(text, start, end))
    if (code) return this.#refuse(code)
    return this.#typed(fields)
  }

  #split(text: string, start: number, end: number): string | undefined {
    // Searched from quote to quote, not from record to record: most texts have few or none.
    if (text !== this.#text || this.#quote < start) {
      this.#text = text
      const quote = text.indexOf('"', start)
      this.#quote = quote === -1 ? Number.POSITIVE_INFINITY : quote
    }
    const { delimiter } = this.#encoded
    return this.#quote < end
      ? splitQuoted(text, start, end, delimiter, this.#fields)
      : splitPlain(text, start, end, delimiter, this.#fields)
  }

  #typed(fields: readonly string[]): Row | undefined {
    const { columns, types } = this.#encoded
    if (fields.length !== columns.length) return this.#refuse('csv.row_ragged')
    const row: Row = {}
    for (let i = 0; i < columns.length; i++) {
      const text = fields[i] ?? ''
      const type = types[i] ?? 'string'
      const value = type === 'string' ? text : readValue(text, type)
      if (value === undefined) return this.#refuse(`csv.not_${type}`, columns[i])
      row[columns[i] ?? ''] = value
    }
    return row
  }

  #refuse(code: string, column?: string): undefined {
    this.fault = column === undefined ? { code } : { code, column }
    return undefined
  }
}

function withoutLineEnd(text: string, start: number, end: number): number {
  if (end === start || text.charCodeAt(end - 1) !== LF) return end
  return end - 1 > start && text.charCodeAt(end - 2) === CR ? end - 2 : end - 1
}

function splitPlain(text: string, start: number, end: number, delimiter: string, fields: string[]): undefined {
  let at = start
  for (let next = text.indexOf(delimiter, at); next !== -1 && next < end; next = text.indexOf(delimiter, at)) {
    fields.push(text.slice(at, next))
    at = next + 1
  }
  fields.push(text.slice(at, end))
}

/** Splits a record that holds quotes somewhere; returns the code of what is wrong with them. */
function splitQuoted(
  text: string,
  start: number,
  end: number,
  delimiter: string,
  fields: string[],
): string | undefined {
  let at = start
  for (;;) {
    if (at < end && text.charCodeAt(at) === QUOTE) {
      const close = closingQuote(text, at + 1, end)
      if (close === -1) return 'csv.quote_unterminated'
      const content = text.slice(at + 1, close)
      fields.push(content.includes('"') ? content.replaceAll('""', '"') : content)
      at = close + 1
      if (at < end && text[at] !== delimiter) return 'csv.quote_misplaced'
    } else {
      const next = text.indexOf(delimiter, at)
      const fieldEnd = next === -1 || next > end ? end : next
      const field = text.slice(at, fieldEnd)
      if (field.includes('"')) return 'csv.quote_misplaced'
      fields.push(field)
      at = fieldEnd
    }
    if (at >= end) return undefined
    at++ // over the delimiter; at `end` now, an empty last field follows
  }
}

function closingQuote(text: string, from: number, end: number): number {
  for (let at = text.indexOf('"', from); at !== -1 && at < end; at = text.indexOf('"', at + 2)) {
    if (at + 1 >= end || text.charCodeAt(at + 1) !== QUOTE) return at
  }
  return -1
}
