/** Reads bytes as whole records: fills a buffer, lets a scan find the records in it, keeps what is not whole for the next time. */
import { type FileHandle, open } from 'node:fs/promises'
import { fileFailure, openedPath } from '../host/mod.ts'
import { BATCH_BYTES_MAX, RECORD_BYTES_MAX } from './batch.ts'
import { countLineEnds, type Spans } from './encoded.ts'

/** Finds whole records from the start of `bytes`; `final` says that no more bytes follow. */
export type Scan = (bytes: Uint8Array, final: boolean) => Spans & { next: number }

/** Where the bytes come from: an opened file, or a stream that looks like one. `bytesRead` is 0 at the end only. */
export type ByteSource = {
  read(into: Uint8Array, offset: number, length: number): Promise<{ bytesRead: number }>
  close(): Promise<void>
}

/** Some records in a buffer that is theirs, or one that is too long to be taken: its beginning and its line. */
export type Chunk = { buffer: Uint8Array; spans: Spans; line: number } | { overlong: Uint8Array; line: number }

/** Of a record that is too long this much is kept, so that its owner sees which it is. */
const OVERLONG_KEPT_BYTES = 4_096
const LF = 0x0a
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf]

/** Whole records of one file or stream, in order. Holds one record of at most `RECORD_BYTES_MAX` and the buffer that it lies in. */
export class RecordReader {
  readonly #source: ByteSource
  #buffer = new Uint8Array(0)
  #start = 0
  #end = 0
  #line = 1
  #final = false

  private constructor(source: ByteSource) {
    this.#source = source
  }

  /**
   * Opens a file, and skips a UTF-8 byte order mark. `admit` is told where the opened file really is.
   * Fails with `host.file_missing`, `host.file_forbidden` or `host.file_failed`, and with what `admit` throws.
   */
  static async open(path: string, admit: (truePath: string) => void): Promise<RecordReader> {
    const file = await openForReading(path)
    try {
      admit(await openedPath(file.fd, path))
      return await RecordReader.of(file)
    } catch (error) {
      await file.close()
      throw error
    }
  }

  /** Reads what a source gives, from its beginning; skips a UTF-8 byte order mark. Fails as its `read` does. */
  static async of(source: ByteSource): Promise<RecordReader> {
    const reader = new RecordReader(source)
    await reader.#fill()
    if (BYTE_ORDER_MARK.every((byte, i) => reader.#buffer[i] === byte)) reader.#start = BYTE_ORDER_MARK.length
    return reader
  }

  /** The next records, as many as `scan` finds in one buffer; `undefined` at the end of the file. */
  async next(scan: Scan): Promise<Chunk | undefined> {
    for (;;) {
      const spans = scan(this.#buffer.subarray(this.#start, this.#end), this.#final)
      if (spans.starts.length > 0) return this.#take(spans)
      if (this.#final) return undefined
      this.#pass(spans.next)
      if (this.#end - this.#start > RECORD_BYTES_MAX) return this.#takeLine(scan)
      await this.#fill()
    }
  }

  close(): Promise<void> {
    return this.#source.close()
  }

  #take(spans: Spans & { next: number }): Chunk {
    const buffer = this.#buffer.subarray(this.#start, this.#end)
    const firstAt = spans.starts[0] ?? 0
    const line = this.#line + countLineEnds(buffer, 0, firstAt)
    this.#pass(spans.next)
    return { buffer, spans, line }
  }

  /** What a scan has dealt with, blank lines too, is not looked at again: a file may have millions of them. */
  #pass(bytes: number): void {
    this.#line += countLineEnds(this.#buffer, this.#start, this.#start + bytes)
    this.#start += bytes
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
    const { bytesRead } = await this.#source.read(this.#buffer, rest.length, this.#buffer.length - rest.length)
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
