/** What opening a journal finds on the disk: its segments in order, and the end of the last one after a crash. */
import { open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Bytes, Random } from '../../base/mod.ts'
import { writeFileAtomic } from '../../host/mod.ts'
import { JournalDamaged, JournalWrongKey } from './errors.ts'
import { bodyIsWhole, decodeSegmentHead, FRAME_HEAD_BYTES, FRAME_MAGIC, SEGMENT_HEAD_BYTES } from './format.ts'
import { Segment } from './segment.ts'
import { SegmentCipher } from './segment-cipher.ts'

const NAME = /^(\d{16})\.journal$/
const NAME_DIGITS = 16

export type SegmentDeps = { folder: string; key: Bytes; random: Random }

/** Makes an empty segment whose head is durable, name included, before anything refers to it. */
export async function createSegment(deps: SegmentDeps, first: number): Promise<Segment> {
  const { cipher, head } = await SegmentCipher.create(deps.key, first, deps.random)
  const path = join(deps.folder, `${String(first).padStart(NAME_DIGITS, '0')}.journal`)
  await writeFileAtomic(path, head)
  return new Segment(path, first, cipher, head.byteLength)
}

/** All segments in the order of their positions. Refuses `journal.wrong_key`, and a head or a name that lies: `journal.damaged`. */
export async function findSegments(deps: SegmentDeps): Promise<Segment[]> {
  const names = (await readdir(deps.folder)).filter((name) => NAME.test(name)).sort()
  return Promise.all(names.map((name) => openSegment(deps, name)))
}

async function openSegment(deps: SegmentDeps, name: string): Promise<Segment> {
  const path = join(deps.folder, name)
  const named = Number(NAME.exec(name)?.[1])
  const { size, head } = await readHead(path)
  if (!head || head.first !== named) throw new JournalDamaged(name, named, 'its head is wrong')
  const cipher = await SegmentCipher.derive(deps.key, head.id, deps.random)
  try {
    await cipher.checkHead(head)
  } catch (cause) {
    throw new JournalWrongKey(`the key does not open segment ${name}`, { cause })
  }
  return new Segment(path, named, cipher, size)
}

async function readHead(path: string): Promise<{ size: number; head: ReturnType<typeof decodeSegmentHead> }> {
  const file = await open(path, 'r')
  try {
    const bytes = new Uint8Array(SEGMENT_HEAD_BYTES)
    const { bytesRead } = await file.read(bytes, 0, bytes.byteLength, 0)
    return { size: (await file.stat()).size, head: decodeSegmentHead(bytes.subarray(0, bytesRead)) }
  } finally {
    await file.close()
  }
}

/** Where the last segment ends: the position that comes next, and how many of its bytes are whole. */
export type SegmentEnd = { next: number; bytes: number }

/**
 * Walks the last segment by its checksums. A frame that is not whole is the torn end of a write that nobody was told of,
 * unless a whole frame stands behind it: one write is one frame, so then acknowledged bytes were damaged (`journal.damaged`).
 */
export async function findEnd(segment: Segment): Promise<SegmentEnd> {
  try {
    return await walkToEnd(segment)
  } finally {
    await segment.release()
  }
}

async function walkToEnd(segment: Segment): Promise<SegmentEnd> {
  const end = { next: segment.first, bytes: SEGMENT_HEAD_BYTES }
  while (end.bytes < segment.bytes) {
    const length = await wholeFrameBytes(segment, end.bytes, end.next)
    if (length === undefined) {
      if (await wholeFrameBehind(segment, end)) throw segment.damaged(end.next, 'a group amid others is not whole')
      return end
    }
    segment.mark(end.next, end.bytes)
    end.bytes += length.bytes
    end.next += length.count
  }
  return end
}

async function wholeFrameBytes(
  segment: Segment,
  offset: number,
  expected?: number,
): Promise<{ bytes: number; count: number } | undefined> {
  const frame = await segment.frameAt(offset)
  if (!frame || (expected !== undefined && frame.head.first !== expected)) return undefined
  const sealed = await segment.read(offset + FRAME_HEAD_BYTES, frame.head.sealedBytes)
  if (!bodyIsWhole(frame.head, sealed)) return undefined
  return { bytes: FRAME_HEAD_BYTES + frame.head.sealedBytes, count: frame.head.count }
}

async function wholeFrameBehind(segment: Segment, end: SegmentEnd): Promise<boolean> {
  const magic = Buffer.alloc(4)
  magic.writeUInt32BE(FRAME_MAGIC)
  const rest = Buffer.from((await segment.read(end.bytes, segment.bytes)).slice())
  for (let at = rest.indexOf(magic, 1); at >= 0; at = rest.indexOf(magic, at + 1)) {
    if (await wholeFrameBytes(segment, end.bytes + at)) return true
  }
  return false
}
