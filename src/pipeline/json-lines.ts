/** JSON lines (https://jsonlines.org): found by line ends, decoded one by one, written one object a line. */
import { utf8 } from '../base/mod.ts'
import { type EncodedJsonLines, recordAt, type Spans } from './encoded.ts'
import type { FieldTypes } from './fields.ts'
import { type Decoded, type Fault, type Row, textOf } from './value.ts'

const LF = 0x0a
const CR = 0x0d
const SPACE = 0x20
const TAB = 0x09

/** Spans of the lines in `bytes` that are not blank, and where the first line begins that is not whole. */
export function scanJsonLines(bytes: Uint8Array, final: boolean, recordsMax: number): Spans & { next: number } {
  const starts: number[] = []
  const ends: number[] = []
  let at = 0
  while (starts.length < recordsMax && at < bytes.length) {
    const lineEnd = bytes.indexOf(LF, at)
    if (lineEnd === -1 && !final) break
    const end = lineEnd === -1 ? bytes.length : lineEnd + 1
    if (!isBlank(bytes, at, end)) {
      starts.push(at)
      ends.push(end)
    }
    at = end
  }
  return { starts, ends, next: at }
}

function isBlank(bytes: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at < to; at++) {
    const byte = bytes[at]
    if (byte !== LF && byte !== CR && byte !== SPACE && byte !== TAB) return false
  }
  return true
}

export function decodeJsonLines(encoded: EncodedJsonLines): Decoded {
  const count = encoded.offsets.length - 1
  const rows: (Row | undefined)[] = new Array(count)
  const faults = new Map<number, Fault>()
  const text = textOf(encoded.bytes)
  const whole = text?.length === encoded.bytes.length ? text : undefined
  for (let i = 0; i < count; i++) {
    const line = whole?.slice(encoded.offsets[i], encoded.offsets[i + 1]) ?? textOf(recordAt(encoded, i))
    const row = line === undefined ? 'json_lines.not_utf8' : parseLine(line)
    rows[i] = typeof row === 'string' ? undefined : row
    if (typeof row === 'string') faults.set(i, { code: row })
  }
  return { rows, faults }
}

function parseLine(line: string): Row | string {
  try {
    const parsed: unknown = JSON.parse(line)
    return isRow(parsed) ? parsed : 'json_lines.not_object'
  } catch {
    // Whatever JSON.parse throws (nested too deeply is a RangeError) says the same: this line is not one JSON value.
    return 'json_lines.malformed'
  }
}

function isRow(parsed: unknown): parsed is Row {
  return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)
}

/** One line for each row. */
export function encodeJsonLines(rows: readonly Row[], fields?: FieldTypes): EncodedJsonLines {
  let text = ''
  for (const row of rows) text += `${JSON.stringify(row)}\n`
  const bytes = utf8(text)
  const offsets = new Uint32Array(rows.length + 1)
  // JSON escapes line ends inside strings, so every one in the bytes ends a record.
  let at = 0
  for (let i = 0; i < rows.length; i++) {
    at = bytes.indexOf(LF, at) + 1
    offsets[i + 1] = at
  }
  return { format: 'json_lines', bytes, offsets, line: 0, ...(fields && { fields }) }
}
