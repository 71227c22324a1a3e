/**
 * Follows the frames of a zstd stream (RFC 8878 §3.1) without decoding them. The hosts' decoders say nothing when a stream is cut off,
 * and Deno's passes over a frame that begins in the middle of a piece: so where frames end must be known here.
 */

const MAGIC = 0xfd2fb528
/** The first of sixteen: frames that hold nothing for a decoder (§3.1.2). */
const SKIPPABLE_MAGIC = 0x184d2a50
const RLE_BLOCK = 1

/** What comes next, once what is to be passed over has passed, and how many bytes of it are read. */
const FIELD_BYTES = { magic: 4, skippable: 4, descriptor: 1, block: 3 } as const

/** Is given the stream piece by piece and knows whether it may end there. */
export class ZstdFrames {
  #field: keyof typeof FIELD_BYTES = 'magic'
  #read: number[] = []
  #passOver = 0
  #checksumBytes = 0

  /** Whether what was given so far ends where a frame does. */
  get whole(): boolean {
    return this.#field === 'magic' && this.#read.length === 0 && this.#passOver === 0
  }

  /** Cuts a piece where frames end. What is no frame at all is given as it is: the decoder says what is wrong with it. */
  *split(piece: Uint8Array): Generator<Uint8Array> {
    let from = 0
    for (let at = 0; at < piece.length; ) {
      at = this.#advance(piece, at)
      if (!this.whole) continue
      yield piece.subarray(from, at)
      from = at
    }
    if (from < piece.length) yield piece.subarray(from)
  }

  #advance(piece: Uint8Array, from: number): number {
    if (this.#passOver > 0) {
      const passed = Math.min(this.#passOver, piece.length - from)
      this.#passOver -= passed
      return from + passed
    }
    this.#read.push(piece[from] ?? 0)
    if (this.#read.length === FIELD_BYTES[this.#field]) {
      const value = this.#read.reduceRight((sum, byte) => sum * 256 + byte, 0)
      this.#read = []
      this.#take(value)
    }
    return from + 1
  }

  #take(value: number): void {
    switch (this.#field) {
      case 'magic':
        if (value === MAGIC) this.#field = 'descriptor'
        else if (value >= SKIPPABLE_MAGIC && value < SKIPPABLE_MAGIC + 16) this.#field = 'skippable'
        else this.#passOver = Number.POSITIVE_INFINITY
        return
      case 'skippable':
        this.#field = 'magic'
        this.#passOver = value
        return
      case 'descriptor':
        this.#field = 'block'
        this.#checksumBytes = (value & 4) === 0 ? 0 : 4
        this.#passOver = headerBytes(value)
        return
      case 'block':
        // A block's header (§3.1.1.2): whether it is the last, its type, its size; an RLE block is one byte, whatever size it says.
        this.#passOver = ((value >> 1) & 3) === RLE_BLOCK ? 1 : value >> 3
        if ((value & 1) === 0) return
        this.#field = 'magic'
        this.#passOver += this.#checksumBytes
    }
  }
}

/** Bytes between the descriptor and the first block (§3.1.1.1): window, dictionary, size of the content. */
function headerBytes(descriptor: number): number {
  const single = (descriptor & 0x20) !== 0
  const dictionary = [0, 1, 2, 4][descriptor & 3] ?? 0
  const content = [single ? 1 : 0, 2, 4, 8][descriptor >> 6] ?? 0
  return (single ? 0 : 1) + dictionary + content
}
