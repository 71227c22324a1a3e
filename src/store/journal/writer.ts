/** The writing end of a journal: appends that come while one is being synced go to the disk together, as one frame. */
import { type Bytes, Turns } from '../../base/mod.ts'
import { type AppendFile, openAppend } from '../../host/mod.ts'
import { JournalAppendTooLarge, JournalClosed, JournalFull } from './errors.ts'
import {
  APPEND_BYTES_MAX,
  encodeEntries,
  FRAME_HEAD_BYTES,
  GROUP_BYTES,
  plainBytesOf,
  SEGMENT_HEAD_BYTES,
  TAG_BYTES,
} from './format.ts'
import { createSegment, type SegmentDeps, type SegmentEnd } from './recover.ts'
import type { Segment } from './segment.ts'

export type Appended = { first: number; last: number }
export type WriterDeps = SegmentDeps & { segmentBytesMax: number; bytesMax: number; segments: Segment[] }

type Pending = {
  entries: readonly Uint8Array[]
  plainBytes: number
  resolve: (appended: Appended) => void
  reject: (error: unknown) => void
}

export class JournalWriter {
  readonly #deps: WriterDeps
  #segment: Segment
  #file: AppendFile
  #next: number
  #pending: Pending[] = []
  #pendingBytes = 0
  #scheduled = false
  readonly #turns = new Turns()
  #closed: JournalClosed | undefined
  #broken: JournalClosed | undefined

  private constructor(deps: WriterDeps, segment: Segment, file: AppendFile, next: number) {
    this.#deps = deps
    this.#segment = segment
    this.#file = file
    this.#next = next
  }

  /** Goes on where `segment` ends; what a torn write left behind its end is cut first. `deps.key` becomes the writer's own. */
  static async open(deps: WriterDeps, segment: Segment, end: SegmentEnd): Promise<JournalWriter> {
    const file = await openAppend(segment.path)
    if (file.size > end.bytes) {
      await file.truncate(end.bytes)
      await file.sync()
      segment.bytes = end.bytes
    }
    return new JournalWriter(deps, segment, file, end.next)
  }

  /** The position of the next entry; everything before it is durable. */
  get next(): number {
    return this.#next
  }

  append(entries: readonly Uint8Array[]): Promise<Appended> {
    if (this.#closed) return Promise.reject(this.#closed)
    const plainBytes = plainBytesOf(entries)
    if (plainBytes > APPEND_BYTES_MAX) {
      return Promise.reject(
        new JournalAppendTooLarge(`one append has at most ${APPEND_BYTES_MAX} bytes, not ${plainBytes}`),
      )
    }
    const bytes = this.#deps.segments.reduce((sum, segment) => sum + segment.bytes, this.#pendingBytes)
    if (bytes + plainBytes + FRAME_HEAD_BYTES + TAG_BYTES > this.#deps.bytesMax) {
      return Promise.reject(new JournalFull(`the journal has reached its bound of ${this.#deps.bytesMax} bytes`))
    }
    return new Promise((resolve, reject) => {
      this.#pending.push({ entries, plainBytes, resolve, reject })
      this.#pendingBytes += plainBytes + FRAME_HEAD_BYTES + TAG_BYTES
      this.#schedule()
    })
  }

  /** Begins a new segment after all that was appended so far, so that the one before can be dropped. */
  roll(): Promise<void> {
    return this.#turns.run(() => this.#roll())
  }

  /** Seals under another key from the next entry on, in a segment of its own. */
  rekey(key: Bytes): Promise<void> {
    return this.#turns.run(async () => {
      this.#deps.key.fill(0)
      this.#deps.key = key
      await this.#roll(true)
    })
  }

  /** Passes `count` positions over, for good: no entry will ever have them. */
  skip(count: number): Promise<void> {
    return this.#turns.run(async () => {
      if (this.#broken) throw this.#broken
      await this.#roll()
      await this.#write([], count)
      await this.#roll()
    })
  }

  /** Writes what is pending, then lets go of the file. Later appends are refused with `journal.closed`. */
  async close(): Promise<void> {
    this.#closed ??= new JournalClosed('the journal is closed')
    while (this.#scheduled) await this.#turns.idle()
    await this.#turns.run(() => this.#file.close())
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    void this.#turns.run(async () => {
      this.#scheduled = false
      const group = this.#takeGroup()
      if (this.#pending.length > 0) this.#schedule()
      await this.#commit(group)
    })
  }

  #takeGroup(): Pending[] {
    let bytes = 0
    let count = 0
    for (const { plainBytes } of this.#pending) {
      if (count > 0 && bytes + plainBytes > GROUP_BYTES) break
      bytes += plainBytes
      count++
    }
    const group = this.#pending.splice(0, count)
    this.#pendingBytes -= bytes + count * (FRAME_HEAD_BYTES + TAG_BYTES)
    return group
  }

  async #commit(group: Pending[]): Promise<void> {
    try {
      if (this.#broken) throw this.#broken
      if (this.#segment.bytes >= this.#deps.segmentBytesMax) await this.#roll()
      const first = this.#next
      await this.#write(group.flatMap(({ entries }) => entries))
      let at = first
      for (const { entries, resolve } of group) {
        resolve({ first: at, last: at + entries.length - 1 })
        at += entries.length
      }
    } catch (error) {
      for (const { reject } of group) reject(error)
    }
  }

  async #write(entries: readonly Uint8Array[], count = entries.length): Promise<void> {
    if (count === 0) return
    const { head, sealed } = await this.#segment.cipher.seal(this.#next, count, encodeEntries(entries))
    const before = this.#file.size
    try {
      await this.#file.append([head, sealed])
      await this.#file.sync()
    } catch (error) {
      await this.#takeBack(before, error)
      throw error
    }
    this.#segment.mark(this.#next, before)
    this.#segment.bytes = this.#file.size
    this.#next += count
  }

  /** A failed write must leave nothing that a later one would follow; where that fails too, the journal takes no more. */
  async #takeBack(size: number, cause: unknown): Promise<void> {
    try {
      await this.#file.truncate(size)
      await this.#file.sync()
    } catch {
      this.#broken = new JournalClosed('a failed write could not be taken back', { cause })
      this.#closed = this.#broken
    }
  }

  /** One without entries stays, or with `renewed` gives its place to a new one of the same name. */
  async #roll(renewed = false): Promise<void> {
    const { segments } = this.#deps
    const empty = this.#segment.bytes === SEGMENT_HEAD_BYTES
    if (empty && !renewed) return
    const segment = await createSegment(this.#deps, this.#next)
    const file = await openAppend(segment.path)
    await this.#file.close()
    if (empty) segments.pop()
    segments.push(segment)
    this.#segment = segment
    this.#file = file
  }
}
