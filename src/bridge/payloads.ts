/** What stands inside frames: small numbers and lists, big-endian. A payload of another length than its kind has breaks the channel. */
import { type Bytes, concatBytes } from '../base/mod.ts'
import { ChannelBroken } from './errors.ts'
import { FLAG_FIRST, FLAG_LAST, PAYLOAD_BYTES_MAX } from './frame.ts'
import { BRIDGE_PROTOCOL_VERSION } from './handshakes.ts'

export const INCARNATION_BYTES = 16
/** Sequences in one acknowledgement: 8,192 × 8 B = 64 KiB. */
export const ACKNOWLEDGED_MAX = 8_192
const NUMBER_BYTES = 8
/** Length of the batch (4 B) and its sequence (8 B), before its first part. */
const BATCH_PREFIX_BYTES = 12

/** `open`: protocol version, and what tells this start of the process from every other. */
export function writeOpen(incarnation: Bytes): Bytes {
  return concatBytes(Uint8Array.of(BRIDGE_PROTOCOL_VERSION), incarnation)
}

export function readOpen(payload: Bytes): Bytes {
  if (payload.byteLength !== 1 + INCARNATION_BYTES || payload[0] !== BRIDGE_PROTOCOL_VERSION) {
    throw new ChannelBroken('the peer opened with another version')
  }
  return payload.slice(1)
}

/** `acknowledgement` (the limit of credit, then sequences) and `credit` (the limit alone), and `end` (its sequence). */
export function writeNumbers(numbers: readonly number[]): Bytes {
  const bytes = new Uint8Array(numbers.length * NUMBER_BYTES)
  const view = new DataView(bytes.buffer)
  for (const [i, number] of numbers.entries()) view.setBigUint64(i * NUMBER_BYTES, BigInt(number))
  return bytes
}

export function readNumbers(payload: Bytes, countMax: number): [number, ...number[]] {
  const count = payload.byteLength / NUMBER_BYTES
  if (!Number.isInteger(count) || count > countMax) throw new ChannelBroken('a frame has the wrong length')
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength)
  const numbers = Array.from({ length: count }, (_, i) => Number(view.getBigUint64(i * NUMBER_BYTES)))
  const [first, ...rest] = numbers
  if (first === undefined || !numbers.every(Number.isSafeInteger)) throw new ChannelBroken('a frame holds no number')
  return [first, ...rest]
}

/** One payload after the other of the frames that carry a batch. Only the first is a copy. */
export function* partsOf(sequence: number, body: Bytes): Generator<{ flags: number; payload: Uint8Array }> {
  const prefix = new Uint8Array(BATCH_PREFIX_BYTES)
  const view = new DataView(prefix.buffer)
  view.setUint32(0, body.byteLength)
  view.setBigUint64(4, BigInt(sequence))
  let at = Math.min(body.byteLength, PAYLOAD_BYTES_MAX - BATCH_PREFIX_BYTES)
  yield {
    flags: FLAG_FIRST | (at === body.byteLength ? FLAG_LAST : 0),
    payload: concatBytes(prefix, body.subarray(0, at)),
  }
  while (at < body.byteLength) {
    const end = Math.min(body.byteLength, at + PAYLOAD_BYTES_MAX)
    yield { flags: end === body.byteLength ? FLAG_LAST : 0, payload: body.subarray(at, end) }
    at = end
  }
}

/** A batch that is coming in, frame by frame. */
export class Assembly {
  readonly sequence: number
  readonly bytes: number
  readonly #body: Bytes | undefined
  #filled = 0
  #whole: Bytes | undefined

  private constructor(sequence: number, bytes: number, body: Bytes | undefined) {
    this.sequence = sequence
    this.bytes = bytes
    this.#body = body
  }

  /** Length and sequence that a first part announces, before a byte is kept for it. */
  static announced(payload: Bytes): { bytes: number; sequence: number } {
    if (payload.byteLength < BATCH_PREFIX_BYTES) throw new ChannelBroken('a batch begins without its length')
    const view = new DataView(payload.buffer, payload.byteOffset, BATCH_PREFIX_BYTES)
    const sequence = Number(view.getBigUint64(4))
    if (!Number.isSafeInteger(sequence)) throw new ChannelBroken('a batch has no sequence')
    return { bytes: view.getUint32(0), sequence }
  }

  /** Begins with a first part; the bytes of one that is not wanted are counted and dropped. */
  static begin(payload: Bytes, wanted: boolean): Assembly {
    const { bytes, sequence } = Assembly.announced(payload)
    const part = payload.subarray(BATCH_PREFIX_BYTES)
    const alone = part.byteLength === bytes
    const assembly = new Assembly(sequence, bytes, wanted && !alone ? new Uint8Array(bytes) : undefined)
    if (alone && wanted) assembly.#whole = part
    assembly.#fill(part)
    return assembly
  }

  /** Adds the next part. */
  add(payload: Bytes): void {
    this.#fill(payload)
  }

  /** The body once all of it is there, `undefined` for one that was not wanted. Call it with the last part. */
  finish(): Bytes | undefined {
    if (this.#filled !== this.bytes) throw new ChannelBroken('a batch is cut')
    return this.#whole ?? this.#body
  }

  #fill(part: Bytes): void {
    if (this.#filled + part.byteLength > this.bytes) throw new ChannelBroken('a batch is longer than it said')
    this.#body?.set(part, this.#filled)
    this.#filled += part.byteLength
  }
}
