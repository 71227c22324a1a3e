/** Undoes the compression of a document as it streams by, and stops what grows beyond what documents do. */
import { pipeline, Readable, type Transform } from 'node:stream'
import * as zlib from 'node:zlib'
import { DocumentEncodingUnsupported, DocumentMalformed, DocumentTooLarge, DocumentTruncated } from './errors.ts'
import { ZstdFrames } from './zstd-frames.ts'

/** What `Content-Encoding` may say of a document. */
export type Encoding = 'identity' | 'gzip' | 'zstd'

/** How far a document may grow. */
export type DecodingBounds = {
  /** Bytes of the document itself, without compression. */
  readonly bytesMax: number
  /** How many times its compressed length it may be, beyond its first `ratioFromBytes`. */
  readonly ratioMax: number
  readonly ratioFromBytes: number
}

/**
 * 16 GiB: three times the largest document that is foreseen, and hours of import. Reports and logs shrink to a tenth or a fiftieth; one
 * that shrinks to less than a 250th is made to (gzip can do 1 : 1,032, zstd far more), but below 32 MiB it does no harm.
 */
export const DECODING_BOUNDS: DecodingBounds = {
  bytesMax: 16 * 1024 ** 3,
  ratioMax: 250,
  ratioFromBytes: 32 * 1024 ** 2,
}

const CHUNK_BYTES = 65_536

/** 2^23 bytes, 8 MiB: the window that a decoder of HTTP's zstd must have and a sender must keep to (RFC 9659). */
const ZSTD_WINDOW_LOG_MAX = 23

/**
 * The bytes of a document without its compression. Fails with `document.too_large` when it grows beyond its bounds,
 * `document.truncated` when the compressed form ends early, `document.malformed` when it is none, and
 * `document.encoding_unsupported` for zstd on a host that lacks it (Node before 22.15).
 */
export async function* decoded(
  encoding: Encoding,
  bytes: AsyncIterable<Uint8Array>,
  bounds: DecodingBounds = DECODING_BOUNDS,
): AsyncGenerator<Uint8Array> {
  const taken = { bytes: 0 }
  const input = counted(bytes, taken)
  let given = 0
  for await (const chunk of encoding === 'identity' ? input : DECODERS[encoding](input)) {
    given += chunk.length
    if (given > bounds.bytesMax)
      throw new DocumentTooLarge(0, `the document is larger than ${bounds.bytesMax} bytes, as many as one may have`)
    if (given > bounds.ratioFromBytes && given > taken.bytes * bounds.ratioMax)
      throw new DocumentTooLarge(0, `the document grows to more than ${bounds.ratioMax} times its compressed length`)
    yield chunk
  }
}

async function* counted(bytes: AsyncIterable<Uint8Array>, taken: { bytes: number }): AsyncGenerator<Uint8Array> {
  for await (const chunk of bytes) {
    taken.bytes += chunk.length
    yield chunk
  }
}

const DECODERS = { gzip: gunzipped, zstd: unzstded }

function gunzipped(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  return through(zlib.createGunzip({ chunkSize: CHUNK_BYTES }), 'gzip', bytes)
}

async function* unzstded(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  // Older hosts have no such function, whatever the types say.
  const create: typeof zlib.createZstdDecompress | undefined = zlib.createZstdDecompress
  if (!create) throw new DocumentEncodingUnsupported(0, 'this host cannot read zstd; expected gzip or no compression')
  const params = { [zlib.constants.ZSTD_d_windowLogMax]: ZSTD_WINDOW_LOG_MAX }
  const frames = new ZstdFrames()
  let empty = true
  async function* pieces(): AsyncGenerator<Uint8Array> {
    for await (const chunk of bytes) {
      empty &&= chunk.length === 0
      yield* frames.split(chunk)
    }
  }
  yield* through(create({ chunkSize: CHUNK_BYTES, params }), 'zstd', pieces())
  if (empty || !frames.whole) throw truncated('zstd')
}

/** What a decoder makes of the bytes. Failures of the bytes' own source come through as they are. */
async function* through(
  decoder: Transform,
  encoding: string,
  bytes: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  let ofSource: unknown
  async function* watched(): AsyncGenerator<Uint8Array> {
    try {
      yield* bytes
    } catch (error) {
      ofSource = error
      throw error
    }
  }
  // The callback only says that the failure is taken care of: it comes out of the loop below.
  pipeline(Readable.from(watched(), { objectMode: true }), decoder, () => undefined)
  try {
    for await (const chunk of decoder) yield chunk as Uint8Array
  } catch (cause) {
    if (cause === ofSource || !(cause instanceof Error)) throw cause
    const code = 'code' in cause ? cause.code : undefined
    if (code === 'Z_BUF_ERROR') throw truncated(encoding, { cause })
    if (code === 'ZSTD_error_frameParameter_windowTooLarge')
      throw new DocumentEncodingUnsupported(0, 'a zstd window of more than 8 MiB; expected one that RFC 9659 allows', {
        cause,
      })
    throw new DocumentMalformed(0, `the bytes are not ${encoding}; expected what its content encoding says`, { cause })
  } finally {
    decoder.destroy()
  }
}

function truncated(encoding: string, options?: ErrorOptions): DocumentTruncated {
  return new DocumentTruncated(0, `the document ends in the middle of its ${encoding} form`, options)
}
