/** Records as bytes: one buffer, the offsets of the records in it, and what is needed to read them. */
import type { FieldType, FieldTypes } from './fields.ts'

type Common = {
  /** Every record with its line end, one after the other. */
  readonly bytes: Uint8Array
  /** Record `i` is `bytes[offsets[i], offsets[i + 1])`; so there is one more than there are records. */
  readonly offsets: Uint32Array
  /** Line of the first record in its file, from 1, for messages; 0 when unknown. */
  readonly line: number
  /** Line of each record, where they do not follow from the line ends in `bytes` (there were blank lines, or records were dropped). */
  readonly lines?: Uint32Array
}

/** One JSON object a line (https://jsonlines.org); `fields` keeps declared types that JSON itself cannot tell, such as `int`. */
export type EncodedJsonLines = Common & { readonly format: 'json_lines'; readonly fields?: FieldTypes }

/** RFC 4180 records without their header; `columns` are its names. */
export type EncodedCsv = Common & {
  readonly format: 'csv'
  readonly columns: readonly string[]
  readonly types: readonly FieldType[]
  /** One ASCII character. */
  readonly delimiter: string
}

/** Records as bytes, in one of the forms that they come in. */
export type Encoded = EncodedJsonLines | EncodedCsv

/** What records are read by, without the records. */
export type EncodedForm =
  | Pick<EncodedJsonLines, 'format' | 'fields'>
  | Pick<EncodedCsv, 'format' | 'columns' | 'types' | 'delimiter'>

/** The form of encoded records. */
export function formOf(encoded: Encoded): EncodedForm {
  if (encoded.format === 'csv') {
    const { format, columns, types, delimiter } = encoded
    return { format, columns, types, delimiter }
  }
  return { format: 'json_lines', ...(encoded.fields && { fields: encoded.fields }) }
}

/** Where a record begins and ends in a buffer; ascending and without overlap. */
export type Spans = { readonly starts: number[]; readonly ends: number[] }

const LF = 0x0a

/** The bytes of record `index`, a view. */
export function recordAt(encoded: Encoded, index: number): Uint8Array {
  return encoded.bytes.subarray(encoded.offsets[index], encoded.offsets[index + 1])
}

/** The line of record `index` in its file, or 0 when unknown. */
export function lineOf(encoded: Encoded, index: number): number {
  if (encoded.lines) return encoded.lines[index] ?? 0
  if (encoded.line === 0) return 0
  return encoded.line + countLineEnds(encoded.bytes, 0, encoded.offsets[index] ?? 0)
}

/** Lines of ascending records, in one walk over the bytes. */
function linesOf(encoded: Encoded, indexes: readonly number[]): Uint32Array {
  let [at, line] = [0, encoded.line]
  return Uint32Array.from(indexes, (index) => {
    if (encoded.lines) return encoded.lines[index] ?? 0
    const start = encoded.offsets[index] ?? 0
    line += countLineEnds(encoded.bytes, at, start)
    at = start
    return line
  })
}

/** How many line feeds there are in `bytes[from, to)`. */
export function countLineEnds(bytes: Uint8Array, from: number, to: number): number {
  let count = 0
  for (let at = bytes.indexOf(LF, from); at !== -1 && at < to; at = bytes.indexOf(LF, at + 1)) count++
  return count
}

/**
 * Bytes and offsets of the records in `spans`. They stay a view of `buffer` when they lie without gaps and the last has its line
 * end; otherwise they are copied together, and `lines` keeps where they were.
 */
export function gather(buffer: Uint8Array, spans: Spans, line: number): Common {
  const count = spans.starts.length
  const first = spans.starts[0] ?? 0
  const last = spans.ends[count - 1] ?? first
  const contiguous = spans.ends.every((end, i) => i === count - 1 || end === spans.starts[i + 1])
  if (!contiguous || (count > 0 && buffer[last - 1] !== LF)) return copyTogether(buffer, spans, line)
  const offsets = new Uint32Array(count + 1)
  for (let i = 0; i < count; i++) offsets[i + 1] = (spans.ends[i] ?? 0) - first
  return { bytes: buffer.subarray(first, last), offsets, line }
}

function copyTogether(buffer: Uint8Array, spans: Spans, line: number): Common {
  const count = spans.starts.length
  const length = spans.starts.reduce((sum, start, i) => sum + (spans.ends[i] ?? 0) - start, 0)
  const bytes = new Uint8Array(length + 1)
  const offsets = new Uint32Array(count + 1)
  const lines = new Uint32Array(count)
  let at = 0
  let lineNow = line
  for (let i = 0; i < count; i++) {
    const [start, end] = [spans.starts[i] ?? 0, spans.ends[i] ?? 0]
    if (i > 0) lineNow += countLineEnds(buffer, spans.starts[i - 1] ?? 0, start)
    lines[i] = line === 0 ? 0 : lineNow
    bytes.set(buffer.subarray(start, end), at)
    at += end - start
    // Only the last record of a file can lack its line end.
    if (bytes[at - 1] !== LF) bytes[at++] = LF
    offsets[i + 1] = at
  }
  return { bytes: bytes.subarray(0, at), offsets, line, lines }
}

/** Only the records that `keep` names by index, ascending. */
export function pickEncoded(encoded: Encoded, keep: readonly number[]): Encoded {
  const spans = {
    starts: keep.map((index) => encoded.offsets[index] ?? 0),
    ends: keep.map((index) => encoded.offsets[index + 1] ?? 0),
  }
  const lines = encoded.line === 0 ? undefined : linesOf(encoded, keep)
  const { lines: _, ...gathered } = gather(encoded.bytes, spans, encoded.line)
  return { ...encoded, ...gathered, ...(lines && { lines }) }
}
