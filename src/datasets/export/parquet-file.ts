/**
 * A Parquet file (https://parquet.apache.org/docs/file-format/) put together of parts that are encoded already: its row groups one after
 * another, then Thrift's compact protocol for what holds all of them together.
 */
import { type Bytes, concatBytes, fromBase64url, utf8 } from '../../base/mod.ts'
import type { ExportPart } from '../../wire/mod.ts'
import { ExportTooLarge } from '../errors.ts'

const MAGIC = utf8('PAR1')
/** What is told of all row groups at the end is kept in memory until then: some 60 bytes for each column of each. */
const GROUPS_BYTES_MAX = 33_554_432

/** Heads of the fields 3 (`num_rows`, a 64-bit integer) and 4 (`row_groups`, a list of structs); the end of a struct. */
const NUM_ROWS = 0x16
const ROW_GROUPS = 0x19
const STOP = 0x00
const STRUCT = 12
/** A list's length stands beside its type up to here. */
const SHORT_LIST_MAX = 14

export class ParquetFile {
  #schema: Bytes = new Uint8Array()
  readonly #groups: Bytes[] = []
  #groupsBytes = 0
  #rows = 0
  #bytes = MAGIC.byteLength
  #begun = false

  /** Where in the file the next part will begin. */
  get bytes(): number {
    return this.#bytes
  }

  /** A part as it goes into the file, before the first one what a file begins with. Refuses `export.too_large`. */
  add(content: Bytes, { schema, group, rows }: Pick<ExportPart, 'schema' | 'group' | 'rows'>): Bytes {
    if (schema !== undefined) this.#schema = fromBase64url(schema)
    if (group !== undefined) {
      const told = fromBase64url(group)
      this.#groups.push(told)
      this.#groupsBytes += told.byteLength
      if (this.#groupsBytes > GROUPS_BYTES_MAX)
        throw new ExportTooLarge('a Parquet file of so many columns and records has too many groups of rows')
    }
    this.#rows += rows
    this.#bytes += content.byteLength
    if (this.#begun) return content
    this.#begun = true
    return concatBytes(MAGIC, content)
  }

  end(): Bytes {
    const count = this.#groups.length
    const list = count > SHORT_LIST_MAX ? [0xf0 | STRUCT, ...variable(BigInt(count))] : [(count << 4) | STRUCT]
    const footer = concatBytes(
      this.#schema,
      // Signed numbers are told as twice themselves, the negative ones less one.
      Uint8Array.from([NUM_ROWS, ...variable(BigInt(this.#rows) * 2n), ROW_GROUPS, ...list]),
      ...this.#groups,
      Uint8Array.from([STOP]),
    )
    const length = new Uint8Array(4)
    new DataView(length.buffer).setUint32(0, footer.byteLength, true)
    return concatBytes(footer, length, MAGIC)
  }
}

/** Seven bits in a byte, the lowest first; the eighth says that more follow. */
function variable(value: bigint): number[] {
  const low = Number(value & 0x7fn)
  return value < 0x80n ? [low] : [low | 0x80, ...variable(value >> 7n)]
}
