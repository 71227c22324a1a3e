/**
 * The files of a form (`multipart/form-data`, RFC 7578) as they come, one after another: a file is read before the next is known, and
 * what is held is one chunk. A form that is not whole fails; nothing of it is passed over.
 */
import { type Bytes, concatBytes, utf8 } from '../../base/mod.ts'
import { UploadFormUnfit } from '../errors.ts'

/** Of one form: each is a document and an import of its own. */
export const FORM_FILES_MAX = 1_000
const HEAD_BYTES_MAX = 8_192
const HEAD_END = utf8('\r\n\r\n')

/** One file; its content is read to the end before the next is asked for. */
export type FormFile = { disposition: string; contentType: string | undefined; content: AsyncIterable<Uint8Array> }

/** The boundary of a form with files; `undefined` for what is none. Refuses `upload.form_unfit`. */
export function boundaryOf(contentType: string | undefined): string | undefined {
  if (!/^multipart\/form-data\s*(;|$)/i.test(contentType ?? '')) return undefined
  const found = /;\s*boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))/i.exec(contentType ?? '')
  const boundary = found?.[1] ?? found?.[2]
  if (boundary === undefined) throw new UploadFormUnfit('the form does not say its boundary')
  return boundary
}

/** Refuses `upload.form_unfit`; fails with what the body fails with. */
export async function* readFiles(body: AsyncIterable<Uint8Array>, boundary: string): AsyncGenerator<FormFile, void> {
  const pieces = new Pieces(body)
  const delimiter = utf8(`\r\n--${boundary}`)
  for await (const _ of pieces.upTo(delimiter)) throw new UploadFormUnfit('the form does not begin with its boundary')
  for (let files = 1; !(await pieces.skipped('--')); files++) {
    if (files > FORM_FILES_MAX) throw new UploadFormUnfit(`a form has ${FORM_FILES_MAX} files at most`)
    const head = headersOf(await pieces.head())
    const disposition = head.get('content-disposition') ?? ''
    if (!/^form-data\s*;/i.test(disposition) || !/;\s*filename\*?=(?!"")/i.test(disposition))
      throw new UploadFormUnfit('the form has a part that is no file')
    yield { disposition, contentType: head.get('content-type'), content: pieces.upTo(delimiter) }
  }
  await pieces.drain()
}

function headersOf(head: string): Map<string, string> {
  const lines = head.split('\r\n').filter((line) => line.includes(':'))
  return new Map(
    lines.map((line) => {
      const at = line.indexOf(':')
      return [line.slice(0, at).trim().toLowerCase(), line.slice(at + 1).trim()]
    }),
  )
}

/** A body that is read up to marks. */
class Pieces {
  readonly #chunks: AsyncIterator<Uint8Array>
  /** Received and not read yet; a line end stands before the body, as before every other boundary. */
  #held: Uint8Array = utf8('\r\n')

  constructor(body: AsyncIterable<Uint8Array>) {
    this.#chunks = body[Symbol.asyncIterator]()
  }

  /** What comes before the mark; the mark itself is passed. */
  async *upTo(mark: Bytes): AsyncGenerator<Uint8Array, void> {
    for (;;) {
      const held = this.#held
      const at = Buffer.from(held.buffer, held.byteOffset, held.byteLength).indexOf(mark)
      // A part of the mark may be the end of what is here.
      const end = at === -1 ? Math.max(0, held.byteLength - mark.byteLength + 1) : at
      this.#held = held.subarray(at === -1 ? end : end + mark.byteLength)
      if (end > 0) yield held.subarray(0, end)
      if (at !== -1) return
      await this.#receive()
    }
  }

  /** Whether these two characters come next; then they are passed. */
  async skipped(text: string): Promise<boolean> {
    while (this.#held.byteLength < text.length) await this.#receive()
    if (textOf(this.#held.subarray(0, text.length)) !== text) return false
    this.#held = this.#held.subarray(text.length)
    return true
  }

  /** The headers of a part. */
  async head(): Promise<string> {
    const parts: Uint8Array[] = []
    let bytes = 0
    for await (const part of this.upTo(HEAD_END)) {
      bytes += part.byteLength
      if (bytes > HEAD_BYTES_MAX)
        throw new UploadFormUnfit(`a part of the form has more than ${HEAD_BYTES_MAX} bytes of headers`)
      parts.push(part)
    }
    return textOf(concatBytes(...parts))
  }

  /** Takes what is left, so that a body that is cut off there is known. */
  async drain(): Promise<void> {
    for (let over = false; !over; ) over = (await this.#chunks.next()).done === true
  }

  async #receive(): Promise<void> {
    const { done, value } = await this.#chunks.next()
    if (done) throw new UploadFormUnfit('the form ends before its last boundary')
    this.#held = concatBytes(this.#held, value)
  }
}

/** What is no UTF-8 is shown as such; a file may be called anything. */
function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes)
}
