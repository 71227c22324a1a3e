/**
 * Files in a row as one stream, and back: for each the length of its header (4, big-endian), the header (JSON: path, bytes), its bytes.
 * The stream is sealed as a whole, so nothing here guards against changes; paths are guarded all the same, since a backup is a file
 * that somebody hands us.
 */
import * as v from 'valibot'
import { type Bytes, concatBytes, fromUtf8, utf8 } from '../base/mod.ts'
import { BackupDamaged, BackupInterrupted } from './errors.ts'

/** `bytes`: exactly what `content` gives. `path`: relative, `/` between names. */
export type ArchiveEntry = { path: string; bytes: number; content: AsyncIterable<Uint8Array> }

const LENGTH_BYTES = 4
/** A path of some 200 characters and a number. */
const HEADER_BYTES_MAX = 4_096
/** Names as Sluice gives them: none begins with a dot, so that none leads out of the folder. */
const PATH = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}(\/[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}){0,7}$/

const Header = v.strictObject({
  path: v.pipe(v.string(), v.regex(PATH)),
  bytes: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
})

export function isArchivePath(path: string): boolean {
  return PATH.test(path)
}

/** The bytes of the archive. Refuses `backup.interrupted` where a file gives other bytes than it promised. */
export async function* packEntries(entries: AsyncIterable<ArchiveEntry>): AsyncGenerator<Uint8Array, void> {
  for await (const { path, bytes, content } of entries) {
    const header = utf8(JSON.stringify({ path, bytes }))
    const length = new DataView(new ArrayBuffer(LENGTH_BYTES))
    length.setUint32(0, header.byteLength)
    yield concatBytes(new Uint8Array(length.buffer), header)
    let given = 0
    for await (const chunk of content) {
      given += chunk.byteLength
      yield chunk
    }
    if (given !== bytes) throw new BackupInterrupted(`${path} has changed while it was copied`)
  }
}

/** The entries, one after another: what is left of one's content is passed over when the next is asked for. Refuses `backup.damaged`. */
export async function* unpackEntries(source: AsyncIterable<Uint8Array>): AsyncGenerator<ArchiveEntry, void> {
  const reader = new ChunkReader(source)
  for (;;) {
    const length = await reader.exactly(LENGTH_BYTES)
    if (!length) return
    const headerBytes = new DataView(length.buffer, length.byteOffset).getUint32(0)
    if (headerBytes > HEADER_BYTES_MAX) throw new BackupDamaged('an entry of the backup has no header')
    const { path, bytes } = headerOf(await reader.exactly(headerBytes))
    const content = reader.upTo(bytes)
    yield { path, bytes, content }
    for await (const _rest of content);
  }
}

function headerOf(bytes: Bytes | undefined): v.InferOutput<typeof Header> {
  try {
    return v.parse(Header, JSON.parse(fromUtf8(bytes ?? new Uint8Array(0))))
  } catch (cause) {
    throw new BackupDamaged('the header of an entry cannot be read', { cause })
  }
}

/** Takes so many bytes off a stream at a time. */
class ChunkReader {
  readonly #chunks: AsyncIterator<Uint8Array>
  #held: Uint8Array = new Uint8Array(0)

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#chunks = source[Symbol.asyncIterator]()
  }

  /** `undefined` at the end of the stream; an end in the middle is refused. */
  async exactly(bytes: number): Promise<Bytes | undefined> {
    const parts: Uint8Array[] = []
    for await (const part of this.#upTo(bytes)) parts.push(part)
    const taken = concatBytes(...parts)
    if (taken.byteLength === bytes) return taken
    if (taken.byteLength === 0) return undefined
    throw new BackupDamaged('the backup ends within an entry')
  }

  async *upTo(bytes: number): AsyncGenerator<Uint8Array, void> {
    let given = 0
    for await (const part of this.#upTo(bytes)) {
      given += part.byteLength
      yield part
    }
    if (given < bytes) throw new BackupDamaged('the backup ends within an entry')
  }

  async *#upTo(bytes: number): AsyncGenerator<Uint8Array, void> {
    for (let left = bytes; left > 0; ) {
      if (this.#held.byteLength === 0) {
        const { done, value } = await this.#chunks.next()
        if (done) return
        this.#held = value
      }
      const part = this.#held.subarray(0, left)
      this.#held = this.#held.subarray(part.byteLength)
      left -= part.byteLength
      yield part
    }
  }
}
