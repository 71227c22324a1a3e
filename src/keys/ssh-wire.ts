/** The data types of SSH (RFC 4251 §5) as far as keys use them: length-prefixed strings, numbers, big integers. */
import { type Bytes, concatBytes, fromUtf8, utf8 } from '../base/mod.ts'

/** A 32-bit number. */
export function uint32(value: number): Bytes {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, value)
  return bytes
}

/** A string of bytes, or of text in UTF-8, after its length. */
export function sshString(value: Bytes | string): Bytes {
  const bytes = typeof value === 'string' ? utf8(value) : value
  return concatBytes(uint32(bytes.byteLength), bytes)
}

/** A non-negative integer, big-endian: no leading zeros, but one where the first bit is set. */
export function mpint(value: Bytes): Bytes {
  const first = value.findIndex((byte) => byte !== 0)
  const trimmed = first < 0 ? new Uint8Array() : value.subarray(first)
  return sshString((trimmed[0] ?? 0) >= 0x80 ? concatBytes(new Uint8Array(1), trimmed) : trimmed)
}

/** Reads one after the other; `undefined` when what is left is shorter than it says. */
export class SshReader {
  readonly #bytes: Bytes
  #at = 0

  constructor(bytes: Bytes) {
    this.#bytes = bytes
  }

  uint32(): number | undefined {
    if (this.#at + 4 > this.#bytes.byteLength) return undefined
    const view = new DataView(this.#bytes.buffer, this.#bytes.byteOffset, this.#bytes.byteLength)
    const value = view.getUint32(this.#at)
    this.#at += 4
    return value
  }

  string(): Bytes | undefined {
    const length = this.uint32()
    if (length === undefined || this.#at + length > this.#bytes.byteLength) return undefined
    const value = this.#bytes.slice(this.#at, this.#at + length)
    this.#at += length
    return value
  }

  text(): string | undefined {
    const bytes = this.string()
    try {
      return bytes && fromUtf8(bytes)
    } catch {
      return undefined
    }
  }
}
