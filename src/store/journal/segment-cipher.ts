/** The seal of one segment: a key of its own, derived from the journal's, so that nonces need to differ only within it. */
import { type Bytes, concatBytes, type Random, utf8 } from '../../base/mod.ts'
import { createBulkCipher, hkdf } from '../../crypto/mod.ts'
import {
  type decodeSegmentHead,
  encodeFrameHead,
  encodeSegmentHead,
  type FrameHead,
  frameBinding,
  NONCE_BYTES,
  SEGMENT_ID_BYTES,
  segmentBinding,
  TAG_BYTES,
} from './format.ts'

const CONTEXT = utf8('sluice journal segment v1')
/** Marks the one seal of a segment's head. A random nonce of a frame hits it with a chance of 2^-96. */
const HEAD_NONCE = new Uint8Array(NONCE_BYTES)
const NOTHING = new Uint8Array(0)

export class SegmentCipher {
  readonly #cipher: ReturnType<typeof createBulkCipher>
  readonly #id: Bytes
  readonly #random: Random

  private constructor(id: Bytes, key: Bytes, random: Random) {
    this.#id = id
    this.#cipher = createBulkCipher(key)
    this.#random = random
    key.fill(0)
  }

  static async derive(journalKey: Bytes, id: Bytes, random: Random): Promise<SegmentCipher> {
    return new SegmentCipher(id, await hkdf({ secret: journalKey, salt: id, context: CONTEXT, length: 32 }), random)
  }

  /** A new segment: its cipher and its head. */
  static async create(
    journalKey: Bytes,
    first: number,
    random: Random,
  ): Promise<{ cipher: SegmentCipher; head: Bytes }> {
    const id = random(SEGMENT_ID_BYTES)
    const cipher = await SegmentCipher.derive(journalKey, id, random)
    const binding = segmentBinding(id, first)
    return { cipher, head: encodeSegmentHead(binding, await cipher.#cipher.seal(HEAD_NONCE, NOTHING, binding)) }
  }

  /** Throws `crypto.not_authentic` when the head was sealed under another key, or changed. */
  async checkHead(head: NonNullable<ReturnType<typeof decodeSegmentHead>>): Promise<void> {
    await this.#cipher.open(HEAD_NONCE, head.tag, segmentBinding(head.id, head.first))
  }

  /**
   * Seals a group: the frame's head and its body. Nonces are random: a torn frame that was cut and written anew must not
   * meet its old nonce, as a counter would. 2^23 frames of a full segment collide with a chance below 2^-50.
   */
  async seal(first: number, count: number, plain: Bytes): Promise<{ head: Bytes; sealed: Bytes }> {
    const binding = frameBinding(first, count, plain.byteLength)
    const nonce = this.#random(NONCE_BYTES)
    const sealed = await this.#cipher.seal(nonce, plain, this.#associated(binding))
    return { head: encodeFrameHead(binding, nonce, sealed), sealed }
  }

  /** Opens a frame; `crypto.not_authentic` when it was made for another segment or position, or changed. */
  async open(frame: FrameHead, sealed: Bytes): Promise<Bytes> {
    const binding = frameBinding(frame.first, frame.count, frame.sealedBytes - TAG_BYTES)
    return this.#cipher.open(frame.nonce, sealed, this.#associated(binding))
  }

  erase(): void {
    this.#cipher.erase()
  }

  #associated(binding: Bytes): Bytes {
    return concatBytes(this.#id, binding)
  }
}
