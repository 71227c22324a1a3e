/** The records of a batch, as bytes or as rows; they change form at most once each way, and not at all when nobody asks. */
import { type Bytes, utf8 } from '../base/mod.ts'
import { decodeCsv } from './csv-decode.ts'
import {
  type Encoded,
  type EncodedForm,
  type EncodedJsonLines,
  formOf,
  lineOf,
  pickEncoded,
  recordAt,
} from './encoded.ts'
import { RecordsUnsound } from './errors.ts'
import { ANY_FIELDS, type FieldTypes } from './fields.ts'
import { decodeJsonLines, encodeJsonLines } from './json-lines.ts'
import type { Decoded, Fault, Row } from './value.ts'

/** Rows that are stringified to guess the size of all. */
const SIZE_SAMPLES = 8

const csvFields = new WeakMap<readonly string[], FieldTypes>()

export class Records {
  readonly count: number
  /** What is known of the fields' types. The same object for all batches of a source, so that compiled expressions can be kept by it. */
  readonly fields: FieldTypes
  #encoded: Encoded | undefined
  #decoded: Decoded | undefined
  #sizeBytes: number | undefined

  private constructor(count: number, fields: FieldTypes, encoded: Encoded | undefined, decoded: Decoded | undefined) {
    this.count = count
    this.fields = fields
    this.#encoded = encoded
    this.#decoded = decoded
  }

  /** Records from rows, which must not be changed afterwards. */
  static fromRows(rows: Row[], fields: FieldTypes = ANY_FIELDS): Records {
    return new Records(rows.length, fields, undefined, { rows, faults: new Map() })
  }

  /** Records from bytes, which must not be changed afterwards. Nothing is decoded yet. */
  static fromEncoded(encoded: Encoded): Records {
    return new Records(encoded.offsets.length - 1, fieldsOf(encoded), encoded, undefined)
  }

  /** Bytes as they lie encoded; for records that have no encoded form yet a guess from a sample of their rows. */
  get sizeBytes(): number {
    if (this.#encoded) return this.#encoded.bytes.byteLength
    this.#sizeBytes ??= guessSize(this.#decoded?.rows ?? [])
    return this.#sizeBytes
  }

  /** One row for each record, or the fault of those that do not decode. */
  decode(): Decoded {
    if (!this.#decoded) {
      const encoded = this.encoded()
      this.#decoded = encoded.format === 'csv' ? decodeCsv(encoded) : decodeJsonLines(encoded)
    }
    return this.#decoded
  }

  /** All rows. Throws `pipeline.records_unsound` if one does not decode: components come through `soundRows`, which refuses those. */
  rows(): readonly Row[] {
    const { rows, faults } = this.decode()
    if (!allSound(rows, faults)) throw new RecordsUnsound('some records do not decode')
    return rows
  }

  /** The records as bytes: as they came, or as JSON lines when there are only rows. */
  encoded(): Encoded {
    this.#encoded ??= encodeJsonLines(this.rows(), this.fields)
    return this.#encoded
  }

  /** Whether `jsonLines` is what the records already are, so that nothing needs to be decoded for it. */
  get isJsonLines(): boolean {
    return this.#encoded?.format === 'json_lines'
  }

  /** The records as JSON lines, whatever form they came in. Throws as `rows` does. */
  jsonLines(): EncodedJsonLines {
    const encoded = this.#encoded ?? this.encoded()
    return encoded.format === 'json_lines' ? encoded : encodeJsonLines(this.rows(), this.fields)
  }

  /** Only the records named by index, ascending; in every form they have. */
  pick(keep: readonly number[]): Records {
    const encoded = this.#encoded && pickEncoded(this.#encoded, keep)
    return new Records(keep.length, this.fields, encoded, this.#decoded && pickDecoded(this.#decoded, keep))
  }

  /** A copy of one record's bytes, for dead letters. */
  recordBytes(index: number): Bytes {
    if (this.#encoded) return new Uint8Array(recordAt(this.#encoded, index))
    return utf8(JSON.stringify(this.#decoded?.rows[index] ?? null))
  }

  /** What the bytes of `recordBytes` are read by: the encoded form without the records. */
  get form(): EncodedForm {
    if (this.#encoded) return formOf(this.#encoded)
    return { format: 'json_lines', fields: this.fields }
  }

  /** Where a record stands in its file, as the item of a reason: `line 17`, or `record 3 of its batch` when lines are unknown. */
  place(index: number): string {
    const line = this.#encoded ? lineOf(this.#encoded, index) : 0
    return line > 0 ? `line ${line}` : `record ${index + 1} of its batch`
  }
}

function fieldsOf(encoded: Encoded): FieldTypes {
  if (encoded.format === 'json_lines') return encoded.fields ?? ANY_FIELDS
  let fields = csvFields.get(encoded.columns)
  if (!fields) {
    const types = Object.fromEntries(encoded.columns.map((column, i) => [column, encoded.types[i] ?? 'string']))
    fields = { types, complete: true }
    csvFields.set(encoded.columns, fields)
  }
  return fields
}

function allSound(rows: Decoded['rows'], faults: Decoded['faults']): rows is Row[] {
  return faults.size === 0 && rows.length >= 0
}

function pickDecoded(decoded: Decoded, keep: readonly number[]): Decoded {
  const faults = new Map<number, Fault>()
  if (decoded.faults.size > 0) {
    for (const [i, index] of keep.entries()) {
      const fault = decoded.faults.get(index)
      if (fault) faults.set(i, fault)
    }
  }
  return { rows: keep.map((index) => decoded.rows[index]), faults }
}

function guessSize(rows: Decoded['rows']): number {
  if (rows.length === 0) return 0
  const step = Math.max(1, Math.floor(rows.length / SIZE_SAMPLES))
  let sampled = 0
  let length = 0
  for (let i = 0; i < rows.length; i += step) {
    sampled++
    length += JSON.stringify(rows[i] ?? null).length + 1
  }
  return Math.round((length / sampled) * rows.length)
}
