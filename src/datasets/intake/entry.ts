/**
 * What the journal of uploads holds for each document: its header and, if it is small, the document itself. As bytes: length of the
 * header (4, big-endian), the header as JSON, the document.
 */
import { type Bytes, concatBytes, fromUtf8, utf8 } from '../../base/mod.ts'
import type { TakenHeader } from '../../wire/mod.ts'

/** A larger document is a file of its own, and only its header is in the journal. */
export const INLINE_BYTES_MAX = 65_536

const HEAD_BYTES = 4

export function encodeEntry(header: TakenHeader, document: Bytes): Bytes {
  const text = utf8(JSON.stringify(header))
  const head = new Uint8Array(HEAD_BYTES)
  new DataView(head.buffer).setUint32(0, text.byteLength)
  return concatBytes(head, text, document)
}

/** The document is a view into `entry`. */
export function decodeEntry(entry: Bytes): { header: TakenHeader; document: Bytes } {
  const end = HEAD_BYTES + new DataView(entry.buffer, entry.byteOffset).getUint32(0)
  // Sealed by ourselves: its form is not in doubt.
  const header: TakenHeader = JSON.parse(fromUtf8(entry.subarray(HEAD_BYTES, end)))
  return { header, document: entry.subarray(end) }
}
