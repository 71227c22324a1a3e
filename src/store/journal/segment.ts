/** One segment file as it is read: its frames in order, found by position through a sparse index that grows as it is walked. */
import { type FileHandle, open } from 'node:fs/promises'
import { basename } from 'node:path'
import type { Bytes } from '../../base/mod.ts'
import { JournalDamaged } from './errors.ts'
import {
  bodyIsWhole,
  decodeEntries,
  decodeFrameHead,
  FRAME_HEAD_BYTES,
  FRAME_MAGIC,
  type FrameHead,
  SEGMENT_HEAD_BYTES,
} from './format.ts'
import type { SegmentCipher } from './segment-cipher.ts'

/** 256 KiB: frames of a few hundred bytes cost one read for a thousand of them. */
const WINDOW_BYTES = 256 * 1_024
/** One mark for every 64 KiB: 1,024 marks of 16 B for a segment of 64 MiB, and at most 64 KiB to walk from a mark. */
const MARK_BYTES = 64 * 1_024
const MAGIC_BYTES = 4

/** `count` positions from `first` on; without entries they were passed over on purpose. */
export type OpenedFrame = { first: number; count: number; entries: Bytes[] }
export type LocatedFrame = { offset: number; head: FrameHead }
type Mark = { position: number; offset: number }

const NOTHING: { offset: number; bytes: Bytes } = { offset: 0, bytes: new Uint8Array(0) }

export class Segment {
  readonly path: string
  readonly first: number
  readonly cipher: SegmentCipher
  /** Sealed under the key from before a rotation. */
  readonly outdated: boolean
  /** Bytes that are durable; nothing behind them is read. */
  bytes: number
  readonly #marks: Mark[]
  #cursor: Mark
  #file: FileHandle | undefined
  /** What was read last, at the beginning of the buffer. */
  #window = NOTHING
  /** One for all windows: a segment is walked when it is opened, and 64 MiB of used ones would wait there to be collected. */
  #buffer = NOTHING.bytes
  #opened: OpenedFrame | undefined

  constructor(path: string, first: number, cipher: SegmentCipher, bytes: number, outdated = false) {
    this.path = path
    this.first = first
    this.cipher = cipher
    this.outdated = outdated
    this.bytes = bytes
    this.#cursor = { position: first, offset: SEGMENT_HEAD_BYTES }
    this.#marks = [this.#cursor]
  }

  get name(): string {
    return basename(this.path)
  }

  /** The frame that holds `position`. */
  async entriesAt(position: number): Promise<OpenedFrame> {
    const opened = this.#opened
    if (opened && position >= opened.first && position < opened.first + opened.count) return opened
    this.#opened = await this.open(await this.#locate(position))
    return this.#opened
  }

  /** A frame that was found; `journal.damaged` when it is not as it was sealed. */
  async open(frame: LocatedFrame): Promise<OpenedFrame> {
    const sealed = await this.read(frame.offset + FRAME_HEAD_BYTES, frame.head.sealedBytes)
    if (!bodyIsWhole(frame.head, sealed)) throw this.damaged(frame.head.first, 'the checksum of its entries is wrong')
    try {
      const entries = decodeEntries(await this.cipher.open(frame.head, sealed))
      return { first: frame.head.first, count: frame.head.count, entries }
    } catch (cause) {
      throw this.damaged(frame.head.first, 'its entries are not authentic', { cause })
    }
  }

  /** The frame whose head stands at `offset`; `undefined` when none does. */
  async frameAt(offset: number): Promise<LocatedFrame | undefined> {
    const head = decodeFrameHead(await this.read(offset, FRAME_HEAD_BYTES))
    return head && { offset, head }
  }

  /** The first frame from `offset` on whose head is sound and that holds a later position. */
  async frameBehind(offset: number, position: number): Promise<LocatedFrame | undefined> {
    const magic = Buffer.alloc(MAGIC_BYTES)
    magic.writeUInt32BE(FRAME_MAGIC)
    for (let from = offset; from < this.bytes; from += WINDOW_BYTES) {
      // A little of the next window, for a magic that stands across.
      const window = Buffer.from((await this.read(from, WINDOW_BYTES + MAGIC_BYTES - 1)).slice())
      for (let at = window.indexOf(magic); at >= 0; at = window.indexOf(magic, at + 1)) {
        const frame = await this.frameAt(from + at)
        if (frame && frame.head.first > position) return frame
      }
    }
    return undefined
  }

  /** Up to `length` bytes at `offset`, fewer at the end of what is durable. The view is good until the next read. */
  async read(offset: number, length: number): Promise<Bytes> {
    const wanted = Math.max(0, Math.min(length, this.bytes - offset))
    const at = offset - this.#window.offset
    if (at >= 0 && at + wanted <= this.#window.bytes.byteLength) return this.#window.bytes.subarray(at, at + wanted)
    await this.#refill(offset, Math.max(wanted, Math.min(WINDOW_BYTES, this.bytes - offset)))
    return this.#window.bytes.subarray(0, wanted)
  }

  /** Remembers where a frame begins, if the last mark is far enough away. */
  mark(position: number, offset: number): void {
    const last = this.#marks.at(-1)
    if (last && offset - last.offset >= MARK_BYTES) this.#marks.push({ position, offset })
  }

  damaged(position: number, reason: string, options?: ErrorOptions): JournalDamaged {
    return new JournalDamaged(this.name, position, reason, options)
  }

  /** Lets go of the file and of what was read; the next read opens it again. */
  async release(): Promise<void> {
    const file = this.#file
    this.#file = undefined
    this.#opened = undefined
    this.#window = NOTHING
    this.#buffer = NOTHING.bytes
    await file?.close()
  }

  async #locate(position: number): Promise<LocatedFrame> {
    let at = this.#nearest(position)
    for (;;) {
      const frame = await this.frameAt(at.offset)
      if (!frame || frame.head.first !== at.position) {
        // What stands behind it is found by its own head.
        const behind = await this.frameBehind(at.offset, at.position)
        if (!behind || position < behind.head.first) throw this.damaged(at.position, 'the head of a group is wrong')
        at = { position: behind.head.first, offset: behind.offset }
        continue
      }
      const next = {
        position: frame.head.first + frame.head.count,
        offset: at.offset + FRAME_HEAD_BYTES + frame.head.sealedBytes,
      }
      this.mark(next.position, next.offset)
      this.#cursor = next
      if (position < next.position) return frame
      at = next
    }
  }

  /** The closest known beginning of a frame at or before `position`. */
  #nearest(position: number): Mark {
    let low = 0
    let high = this.#marks.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if ((this.#marks[middle]?.position ?? 0) <= position) low = middle
      else high = middle - 1
    }
    const mark = this.#marks[low] ?? this.#cursor
    return this.#cursor.position <= position && this.#cursor.position > mark.position ? this.#cursor : mark
  }

  async #refill(offset: number, length: number): Promise<void> {
    this.#file ??= await open(this.path, 'r')
    // What stands in the buffer is nothing until all of it was read.
    this.#window = NOTHING
    if (length > this.#buffer.byteLength) this.#buffer = new Uint8Array(length)
    let filled = 0
    while (filled < length) {
      const { bytesRead } = await this.#file.read(this.#buffer, filled, length - filled, offset + filled)
      if (bytesRead === 0) break
      filled += bytesRead
    }
    this.#window = { offset, bytes: this.#buffer.subarray(0, filled) }
  }
}
