/** A segment under another key: written beside, made durable, and only then put in its place. */
import { open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Bytes } from '../../base/mod.ts'
import { fileFailure, syncFolder } from '../../host/mod.ts'
import { JournalDamaged } from './errors.ts'
import { encodeEntries, FRAME_HEAD_BYTES, SEGMENT_HEAD_BYTES } from './format.ts'
import type { SegmentDeps } from './recover.ts'
import { Segment } from './segment.ts'
import { SegmentCipher } from './segment-cipher.ts'

/**
 * The same entries under the same positions, sealed under `deps.key`. Positions that cannot be read any more stay missing. A crash
 * leaves the segment as it was, or the new one.
 */
export async function resealSegment(segment: Segment, deps: SegmentDeps): Promise<Segment> {
  const beside = `${segment.path}.resealed`
  const { cipher, head } = await SegmentCipher.create(deps.key, segment.first, deps.random)
  try {
    const bytes = await writeSegment(beside, segment, cipher, head)
    await rename(beside, segment.path)
    await syncFolder(dirname(segment.path))
    return new Segment(segment.path, segment.first, cipher, bytes)
  } catch (cause) {
    await rm(beside, { force: true })
    throw cause instanceof JournalDamaged ? cause : fileFailure('re-seal', segment.path, cause)
  }
}

async function writeSegment(path: string, segment: Segment, cipher: SegmentCipher, head: Bytes): Promise<number> {
  const file = await open(path, 'w', 0o600)
  try {
    await file.write(head)
    let bytes = head.byteLength
    for await (const { first, count, entries } of readable(segment)) {
      const frame = await cipher.seal(first, count, encodeEntries(entries))
      for (const part of [frame.head, frame.sealed]) {
        await file.write(part)
        bytes += part.byteLength
      }
    }
    await file.sync()
    return bytes
  } finally {
    await file.close()
  }
}

/** Every frame that opens, in order. */
async function* readable(segment: Segment): AsyncGenerator<{ first: number; count: number; entries: Bytes[] }> {
  let offset = SEGMENT_HEAD_BYTES
  let position = segment.first
  while (offset < segment.bytes) {
    const frame = (await segment.frameAt(offset)) ?? (await segment.frameBehind(offset, position - 1))
    if (!frame) return
    try {
      yield await segment.open(frame)
      position = frame.head.first + frame.head.count
      offset = frame.offset + FRAME_HEAD_BYTES + frame.head.sealedBytes
    } catch (error) {
      if (!(error instanceof JournalDamaged)) throw error
      offset = frame.offset + 1
    }
  }
}
