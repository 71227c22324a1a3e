/**
 * Bytes of any length, sealed so that they can be opened as they come: AES-256-GCM in segments of 64 KiB, each bound to its place and
 * to whether it is the last, so that none can be changed, moved, left out or cut off the end unseen (the STREAM construction, Hoang,
 * Reyhanitabar, Rogaway, Vizár 2015). A key is for one stream.
 */
import { type Bytes, concatBytes } from '../base/mod.ts'
import { GCM_NONCE_BYTES, GCM_TAG_BYTES } from './aes-gcm.ts'
import { type BulkCipher, createBulkCipher } from './bulk-cipher.ts'
import { NotAuthentic } from './errors.ts'

/** Measured: frames of 64 KiB to 1 MiB cannot be told apart, and two of these are all that is in memory. */
const SEGMENT_BYTES = 65_536
const SEALED_BYTES = SEGMENT_BYTES + GCM_TAG_BYTES
const LAST_AT = GCM_NONCE_BYTES - 1

/** The sealed form of what `source` gives. `context`: what the stream belongs to; the opener must name the same. */
export async function* sealStream(
  key: Bytes,
  context: Bytes,
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<Bytes, void> {
  const cipher = createBulkCipher(key)
  try {
    for await (const { index, bytes, last } of segmentsOf(source, SEGMENT_BYTES)) {
      yield await cipher.seal(nonceOf(index, last), bytes, context)
    }
  } finally {
    cipher.erase()
  }
}

/** The other way. Throws `crypto.not_authentic` at the first segment that is not what was sealed there, or when the end is missing. */
export async function* openStream(
  key: Bytes,
  context: Bytes,
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<Bytes, void> {
  const cipher = createBulkCipher(key)
  try {
    for await (const segment of segmentsOf(source, SEALED_BYTES)) yield await opened(cipher, context, segment)
  } finally {
    cipher.erase()
  }
}

type Segment = { index: number; bytes: Bytes; last: boolean }

async function opened(cipher: BulkCipher, context: Bytes, { index, bytes, last }: Segment): Promise<Bytes> {
  if (bytes.byteLength < GCM_TAG_BYTES) throw new NotAuthentic('the sealed stream ends before its end')
  return cipher.open(nonceOf(index, last), bytes, context)
}

/** All segments are full but the last, which may be of any length up to that, and which is there even if there is nothing. */
async function* segmentsOf(source: AsyncIterable<Uint8Array>, size: number): AsyncGenerator<Segment, void> {
  let held: Uint8Array[] = []
  let bytes = 0
  let index = 0
  for await (const chunk of source) {
    held.push(chunk)
    bytes += chunk.byteLength
    if (bytes <= size) continue
    const all = concatBytes(...held)
    let at = 0
    // What may be the last stays back until it is known.
    for (; all.byteLength - at > size; at += size)
      yield { index: index++, bytes: all.slice(at, at + size), last: false }
    held = [all.subarray(at)]
    bytes = all.byteLength - at
  }
  yield { index, bytes: concatBytes(...held), last: true }
}

function nonceOf(index: number, last: boolean): Bytes {
  const nonce = new Uint8Array(GCM_NONCE_BYTES)
  new DataView(nonce.buffer).setBigUint64(0, BigInt(index))
  nonce[LAST_AT] = last ? 1 : 0
  return nonce
}
