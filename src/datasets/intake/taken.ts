/** A document on its way in: what comes with it, and its bytes, which are held if they are few and otherwise sealed into a file. */
import { type Bytes, base64url, concatBytes, type Random } from '../../base/mod.ts'
import { createSha256, type Sha256 } from '../../crypto/mod.ts'
import type { Attributes, ImportId } from '../../wire/mod.ts'
import { UploadTooLarge } from '../errors.ts'
import { removeObjects, writeObject } from '../raw/objects.ts'
import { INLINE_BYTES_MAX } from './entry.ts'

/** 5 GiB, as a document came. */
export const UPLOAD_BYTES_MAX = 5 * 1_024 ** 3

/** A document as an upload gives it. */
export type Taken = {
  /** Its bytes as they come, still compressed if it is. When it fails, nothing is kept and the failure is thrown. */
  content: AsyncIterable<Uint8Array>
  /** Default `identity`. */
  encoding?: 'identity' | 'gzip' | 'zstd' | undefined
  contentType?: string | undefined
  fileName?: string | undefined
  attributes?: Attributes | undefined
  /** Id of the upload token. */
  token?: string | undefined
  /** The same upload again has the same key, and is not taken twice. */
  idempotencyKey?: string | undefined
}

/** What its bytes came to: themselves, or the key of their file. */
export type Held = { bytes: number; sha256: string } & ({ document: Bytes } | { objectKey: string })

/** Takes the bytes; a file is whole and durable by then. Refuses `upload.too_large`, host errors of the disk. */
export async function holdDocument(
  { content }: Pick<Taken, 'content'>,
  { objects, id, random }: { objects: string; id: ImportId; random: Random },
): Promise<Held> {
  const digest = createSha256()
  const count = { bytes: 0 }
  const chunks = counted(content, digest, count)[Symbol.asyncIterator]()
  const first: Uint8Array[] = []
  for (;;) {
    const { done, value } = await chunks.next()
    if (done) return { bytes: count.bytes, sha256: digest.digestHex(), document: concatBytes(...first) }
    first.push(value)
    if (count.bytes > INLINE_BYTES_MAX) break
  }
  async function* all(): AsyncGenerator<Uint8Array> {
    yield* first.splice(0)
    yield* { [Symbol.asyncIterator]: () => chunks }
  }
  const key = random(32)
  try {
    await writeObject(objects, { id, key }, all())
    return { bytes: count.bytes, sha256: digest.digestHex(), objectKey: base64url(key) }
  } finally {
    key.fill(0)
  }
}

/** Removes what was held of a document that is not taken. */
export async function dropHeld(objects: string, id: ImportId, held: Held): Promise<void> {
  if ('objectKey' in held) await removeObjects(objects, [id])
}

async function* counted(
  content: AsyncIterable<Uint8Array>,
  digest: Sha256,
  count: { bytes: number },
): AsyncGenerator<Uint8Array, void> {
  for await (const chunk of content) {
    count.bytes += chunk.byteLength
    if (count.bytes > UPLOAD_BYTES_MAX) {
      throw new UploadTooLarge(`the document has more than ${UPLOAD_BYTES_MAX} bytes, as many as one may have`)
    }
    digest.update(chunk)
    yield chunk
  }
}
