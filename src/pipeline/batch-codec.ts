/**
 * A batch as one byte string, for bridges: version, length of the header, header (JSON), record lengths, positions, the records'
 * bytes as they are. Reading one back checks all of it before a record is touched.
 */
import * as v from 'valibot'
import { type Bytes, concatBytes, fromUtf8, utf8 } from '../base/mod.ts'
import { BATCH_RECORDS_MAX, type Batch } from './batch.ts'
import { type Encoded, type EncodedForm, formOf } from './encoded.ts'
import { BatchMalformed } from './errors.ts'
import { RecordForm, readForm, writtenForm } from './record-form.ts'
import { Records } from './records.ts'

const VERSION = 1
/** Version and header length. */
const PREFIX_BYTES = 5
/** 2,000 columns of 128 characters; more is refused. */
const HEADER_BYTES_MAX = 524_288
const POSITION_BYTES = 8
const LENGTH_BYTES = 4

const Position = v.pipe(v.number(), v.safeInteger(), v.minValue(0))
const Header = v.strictObject({
  partition: v.pipe(v.string(), v.maxLength(8_192)),
  from: Position,
  to: Position,
  count: v.pipe(Position, v.maxValue(BATCH_RECORDS_MAX)),
  positions: v.boolean(),
  line: Position,
  form: RecordForm,
})
type Header = v.InferOutput<typeof Header>

/** The batch as bytes. The records' bytes are copied once and not looked at. */
export function encodeBatch(batch: Batch): Bytes {
  const encoded = batch.records.encoded()
  const count = batch.records.count
  const { partition, from, to } = batch
  // Lines that do not follow from the line ends are not worth eight bytes a record: positions tell the records apart anyway.
  const line = encoded.lines ? 0 : encoded.line
  const header = utf8(
    JSON.stringify({
      partition,
      from,
      to,
      count,
      positions: batch.at !== undefined,
      line,
      form: writtenForm(formOf(encoded)),
    }),
  )
  const prefix = new DataView(new ArrayBuffer(PREFIX_BYTES))
  prefix.setUint8(0, VERSION)
  prefix.setUint32(1, header.byteLength)
  const lengths = new DataView(new ArrayBuffer(count * LENGTH_BYTES))
  for (let i = 0; i < count; i++) {
    lengths.setUint32(i * LENGTH_BYTES, (encoded.offsets[i + 1] ?? 0) - (encoded.offsets[i] ?? 0))
  }
  const at = new DataView(new ArrayBuffer(batch.at ? count * POSITION_BYTES : 0))
  for (const [i, position] of batch.at?.entries() ?? []) at.setFloat64(i * POSITION_BYTES, position)
  return concatBytes(
    new Uint8Array(prefix.buffer),
    header,
    new Uint8Array(lengths.buffer),
    new Uint8Array(at.buffer),
    encoded.bytes,
  )
}

/** Reads a batch back. Refuses anything that is not exactly one with `pipeline.batch_malformed`. The records stay a view of `bytes`. */
export function decodeBatch(bytes: Uint8Array): Batch {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const header = readHeader(bytes, view)
  const lengthsAt = PREFIX_BYTES + view.getUint32(1)
  const positionsAt = lengthsAt + header.count * LENGTH_BYTES
  const recordsAt = positionsAt + (header.positions ? header.count * POSITION_BYTES : 0)
  if (recordsAt > bytes.byteLength) throw new BatchMalformed('the batch is cut short')
  const offsets = new Uint32Array(header.count + 1)
  let end = 0
  for (let i = 0; i < header.count; i++) {
    end += view.getUint32(lengthsAt + i * LENGTH_BYTES)
    if (end > bytes.byteLength) break
    offsets[i + 1] = end
  }
  if (recordsAt + end !== bytes.byteLength) throw new BatchMalformed('the lengths of the records do not add up')
  const at = header.positions ? readPositions(view, positionsAt, header) : undefined
  if (!at && header.count > header.to - header.from) throw new BatchMalformed('more records than positions')
  const records = Records.fromEncoded(withForm(header, bytes.subarray(recordsAt), offsets))
  return { partition: header.partition, from: header.from, to: header.to, at, records }
}

function readHeader(bytes: Uint8Array, view: DataView): Header {
  if (bytes.byteLength < PREFIX_BYTES || view.getUint8(0) !== VERSION) throw new BatchMalformed('not a batch')
  const length = view.getUint32(1)
  if (length > HEADER_BYTES_MAX || PREFIX_BYTES + length > bytes.byteLength) throw new BatchMalformed('no whole header')
  let parsed: unknown
  try {
    parsed = JSON.parse(fromUtf8(bytes.subarray(PREFIX_BYTES, PREFIX_BYTES + length)))
  } catch (cause) {
    throw new BatchMalformed('the header is not JSON', { cause })
  }
  const header = v.safeParse(Header, parsed)
  if (!header.success) throw new BatchMalformed('the header does not pass its schema')
  if (header.output.to < header.output.from) throw new BatchMalformed('the range ends before it begins')
  return header.output
}

function readPositions(view: DataView, positionsAt: number, header: Header): Float64Array {
  const at = new Float64Array(header.count)
  let least = header.from
  for (let i = 0; i < header.count; i++) {
    const position = view.getFloat64(positionsAt + i * POSITION_BYTES)
    if (!Number.isSafeInteger(position) || position < least || position >= header.to) {
      throw new BatchMalformed('a position lies outside the range')
    }
    at[i] = position
    least = position
  }
  return at
}

/** Columns as last seen, by their text: the same array for the same columns, so that what is kept by it (compiled expressions) is found. */
const knownForms = new Map<string, EncodedForm>()
/** A bridge carries few kinds of records at a time; 64 headers of ≤ 512 KiB are ≤ 32 MiB. The oldest is dropped. */
const KNOWN_FORMS_MAX = 64

function withForm(header: Header, bytes: Uint8Array, offsets: Uint32Array): Encoded {
  return { ...knownForm(header.form), bytes, offsets, line: header.line }
}

function knownForm(form: RecordForm): EncodedForm {
  const key = JSON.stringify(form)
  const known = knownForms.get(key)
  if (known) return known
  const [oldest] = knownForms.keys()
  if (knownForms.size >= KNOWN_FORMS_MAX && oldest !== undefined) knownForms.delete(oldest)
  const read = readForm(form)
  knownForms.set(key, read)
  return read
}
