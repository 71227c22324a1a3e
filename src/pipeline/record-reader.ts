/** Reads a file as whole records: fills a buffer, lets a scan find the records in it, keeps what is not whole for the next time. */
import { type FileHandle, open } from 'node:fs/promises'
import { fileFailure, openedPath } from '../host/mod.ts'
import { BATCH_BYTES_MAX, RECORD_BYTES_MAX } from './batch.ts'
import { countLineEnds, type Spans } from './encoded.ts'

/** Finds whole records from the start of `bytes`; `final` says that no more bytes follow. */
export type Scan = (bytes: Uint8Array, final: boolean) => Spans & { next: number }

/** Some records in a buffer that is theirs, or one that is too long to be taken: its beginning and its line. */
export type Chunk = { buffer: Uint8Array; spans: Spans; line: number } | { overlong: Uint8Array; line: number }

/** Of a record that is too long this much is kept, so that its owner sees which it is. */
const OVERLONG_KEPT_BYTES = 4_096
const LF = 0x0a
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf]

export class RecordReader {
  readonly #file: FileHandle
  #buffer = new Uint8Array(0)
  #start = 0
  #end = 0
  #line = 1
  #final = false

  private constructor(file: FileHandle) {
    this.#file = file
  }

  /**
   * Opens a file, and skips a UTF-8 byte order mark. `admit` is told where the opened file really is.
   * Fails with `host.file_missing`, `host.file_forbidden` or `host.file_failed`, and with what `admit` throws.
   */
  static async open(path: string, admit: (truePath: string) => void): Promise<RecordReader> {
    const file = await openForReading(path)
    const reader = new RecordReader(file)
    try {
      admit(await openedPath(file.fd, path))
      await reader.#fill()
    } catch (error) {
      await file.close()
      throw error
    }
    if (BYTE_ORDER_MARK.every((byte, i) => reader.#buffer[i] === byte)) reader.#start = BYTE_ORDER_MARK.length
    return reader
  }

  /** The next records, as many as `scan` finds in one buffer; `undefined` at the end of the file. */
  async next(scan: Scan): Promise<Chunk | undefined> {
    for (;;) {
      const spans = scan(this.#buffer.subarray(this.#start, this.#end), this.#final)
      if (spans.starts.length > 0) return this.#take(spans)
      if (this.#final) return undefined
      if (this.#end - this.#start > RECORD_BYTES_MAX) return this.#takeLine(scan)
      await this.#fill()
    }
  }

  close(): Promise<void> {
    return this.#file.close()
  }

  #take(spans: Spans & { next: number }): Chunk {
    const buffer = this.#buffer.subarray(this.#start, this.#end)
    const firstAt = spans.starts[0] ?? 0
    const line = this.#line + countLineEnds(buffer, 0, firstAt)
    this.#line += countLineEnds(buffer, 0, spans.next)
    this.#start += spans.next
    return { buffer, spans, line }
  }

  /** The buffer holds more than a record may have and no end of one: what damage it does ends with its line. */
  async #takeLine(scan: Scan): Promise<Chunk | undefined> {
    const bytes = this.#buffer.subarray(this.#start, this.#end)
    const lineEnd = bytes.indexOf(LF)
    if (lineEnd !== -1) return this.#take({ ...scan(bytes.subarray(0, lineEnd + 1), true), next: lineEnd + 1 })
    const chunk = { overlong: bytes.slice(0, OVERLONG_KEPT_BYTES), line: this.#line }
    await this.#skipLine()
    return chunk
  }

  async #skipLine(): Promise<void> {
    for (;;) {
      const lineEnd = this.#buffer.subarray(this.#start, this.#end).indexOf(LF)
      this.#start = lineEnd === -1 ? this.#end : this.#start + lineEnd + 1
      if (lineEnd !== -1) this.#line++
      if (lineEnd !== -1 || this.#final) return
      await this.#fill()
    }
  }

  /** Reads more behind what is left over, in a new buffer: the old one belongs to the records that were found in it. */
  async #fill(): Promise<void> {
    const rest = this.#buffer.subarray(this.#start, this.#end)
    this.#buffer = new Uint8Array(Math.max(BATCH_BYTES_MAX, 2 * rest.length))
    this.#buffer.set(rest)
    this.#start = 0
    const { bytesRead } = await this.#file.read(this.#buffer, rest.length, this.#buffer.length - rest.length)
    this.#end = rest.length + bytesRead
    this.#final = bytesRead === 0
  }
}

async function openForReading(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r')
  } catch (cause) {
    throw fileFailure('read', path, cause)
  }
}
