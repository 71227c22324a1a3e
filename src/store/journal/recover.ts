/** What opening a journal finds on the disk: its segments in order, and the end of the last one after a crash. */
import { open, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Bytes, Random } from '../../base/mod.ts'
import { readBytes, writeFileAtomic } from '../../host/mod.ts'
import { JournalDamaged, JournalWrongKey } from './errors.ts'
import {
  bodyIsWhole,
  decodeFrameHead,
  decodeSegmentHead,
  FRAME_HEAD_BYTES,
  FRAME_MAGIC,
  SEGMENT_HEAD_BYTES,
} from './format.ts'
import { Segment } from './segment.ts'
import { SegmentCipher } from './segment-cipher.ts'

const NAME = /^(\d{16})\.journal$/
const NAME_DIGITS = 16
/** What a re-sealing left that was cut off: the segment itself is whole. */
const UNFINISHED = /^\d{16}\.journal\.resealed$/

/** `formerKey`: of segments from before a rotation; what is written is sealed under `key`. */
export type SegmentDeps = { folder: string; key: Bytes; formerKey?: Bytes | undefined; random: Random }

/** What was found that cannot be read: from which position on, and how many positions are lost with it. */
export type FoundDamage = { segment: string; position: number; lost: number }

/** Makes an empty segment whose head is durable, name included, before anything refers to it. */
export async function createSegment(deps: SegmentDeps, first: number): Promise<Segment> {
  const { cipher, head } = await SegmentCipher.create(deps.key, first, deps.random)
  const path = join(deps.folder, `${String(first).padStart(NAME_DIGITS, '0')}.journal`)
  await writeFileAtomic(path, head)
  return new Segment(path, first, cipher, head.byteLength)
}

/** Whether there is a journal in the folder. */
export async function journalIsThere(folder: string): Promise<boolean> {
  return (await readdir(folder).catch(() => [])).some((name) => NAME.test(name))
}

/**
 * All segments in the order of their positions. Refuses `journal.wrong_key`, and a head or a name that lies: `journal.damaged`, unless
 * `damaged` takes that one: then its file is put aside.
 */
export async function findSegments(
  deps: SegmentDeps,
  damaged?: (found: FoundDamage & { next: number }) => void,
): Promise<Segment[]> {
  const all = await readdir(deps.folder)
  for (const name of all) if (UNFINISHED.test(name)) await rm(join(deps.folder, name), { force: true })
  const names = all.filter((name) => NAME.test(name)).sort()
  const firsts = names.map((name) => Number(NAME.exec(name)?.[1]))
  const found = await Promise.all(names.map((name) => openSegment(deps, name).catch((error: unknown) => error)))
  const segments: Segment[] = []
  for (const [at, segment] of found.entries()) {
    if (segment instanceof Segment) {
      segments.push(segment)
      continue
    }
    if (!(segment instanceof JournalDamaged) || !damaged) throw segment
    const path = join(deps.folder, segment.segment)
    const next = Math.max(segment.position, await endByHeads(path))
    await rename(path, `${path}.damaged`)
    const lost = (firsts[at + 1] ?? next) - segment.position
    damaged({ segment: segment.segment, position: segment.position, lost, next })
  }
  return segments
}

async function openSegment(deps: SegmentDeps, name: string): Promise<Segment> {
  const path = join(deps.folder, name)
  const named = Number(NAME.exec(name)?.[1])
  const { size, head } = await readHead(path)
  if (!head || head.first !== named) throw new JournalDamaged(name, named, 'its head is wrong')
  const ours = await SegmentCipher.derive(deps.key, head.id, deps.random)
  if (await opensHead(ours, head)) return new Segment(path, named, ours, size)
  const former = deps.formerKey && (await SegmentCipher.derive(deps.formerKey, head.id, deps.random))
  if (former && (await opensHead(former, head))) return new Segment(path, named, former, size, true)
  throw new JournalWrongKey(`the key does not open segment ${name}`)
}

async function opensHead(
  cipher: SegmentCipher,
  head: NonNullable<ReturnType<typeof decodeSegmentHead>>,
): Promise<boolean> {
  try {
    await cipher.checkHead(head)
    return true
  } catch {
    cipher.erase()
    return false
  }
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

/**
 * Where the last segment ends: the position that comes next, and how many of its bytes are whole. `damage`: what stands before that end
 * and cannot be read; then nothing is cut, and the journal goes on in another segment.
 */
export type SegmentEnd = { next: number; bytes: number; damage?: FoundDamage }

/**
 * Walks the last segment by its checksums. A frame that is not whole is the torn end of a write that nobody was told of, and is cut.
 * Unless a whole frame stands behind it: one write is one frame, so then acknowledged bytes were damaged, which is refused with
 * `journal.damaged` or, with `passOver`, told. And unless all its bytes are there under a head that is sound: then somebody may have
 * been told of its positions, and they are not given again.
 */
export async function findEnd(segment: Segment, passOver = false): Promise<SegmentEnd> {
  try {
    return await walkToEnd(segment, passOver)
  } finally {
    await segment.release()
  }
}

async function walkToEnd(segment: Segment, passOver: boolean): Promise<SegmentEnd> {
  const end = { next: segment.first, bytes: SEGMENT_HEAD_BYTES }
  let damage: FoundDamage | undefined
  const lose = (count: number): void => {
    damage = { segment: segment.name, position: damage?.position ?? end.next, lost: (damage?.lost ?? 0) + count }
  }
  while (end.bytes < segment.bytes) {
    const frame = await wholeFrame(segment, end.bytes, end.next)
    if (frame) {
      if (!damage) segment.mark(end.next, end.bytes)
      end.bytes += frame.bytes
      end.next += frame.count
      continue
    }
    const behind = await wholeFrameBehind(segment, end)
    if (behind) {
      if (!passOver) throw segment.damaged(end.next, 'a group amid others is not whole')
      lose(behind.first - end.next)
      end.bytes = behind.offset
      end.next = behind.first
      continue
    }
    const promised = await completeFrame(segment, end)
    if (promised === undefined) break
    lose(promised)
    end.next += promised
    break
  }
  return damage ? { next: end.next, bytes: segment.bytes, damage } : end
}

type WholeFrame = { offset: number; first: number; bytes: number; count: number }

async function wholeFrame(segment: Segment, offset: number, expected?: number): Promise<WholeFrame | undefined> {
  const frame = await segment.frameAt(offset)
  if (!frame || (expected !== undefined && frame.head.first !== expected)) return undefined
  const sealed = await segment.read(offset + FRAME_HEAD_BYTES, frame.head.sealedBytes)
  if (!bodyIsWhole(frame.head, sealed)) return undefined
  const { first, count, sealedBytes } = frame.head
  return { offset, first, bytes: FRAME_HEAD_BYTES + sealedBytes, count }
}

/** How many positions a frame holds that is there to its last byte and yet not whole. */
async function completeFrame(segment: Segment, end: { next: number; bytes: number }): Promise<number | undefined> {
  const frame = await segment.frameAt(end.bytes)
  if (!frame || frame.head.first !== end.next) return undefined
  return end.bytes + FRAME_HEAD_BYTES + frame.head.sealedBytes <= segment.bytes ? frame.head.count : undefined
}

async function wholeFrameBehind(
  segment: Segment,
  end: { next: number; bytes: number },
): Promise<WholeFrame | undefined> {
  const rest = Buffer.from((await segment.read(end.bytes, segment.bytes)).slice())
  for (const at of magicsIn(rest, 1)) {
    const frame = await wholeFrame(segment, end.bytes + at)
    if (frame && frame.first >= end.next) return frame
  }
  return undefined
}

/** The position after the last that the heads of frames name, for a file whose own head does not open it; 0 if none does. */
async function endByHeads(path: string): Promise<number> {
  const file = Buffer.from(await readBytes(path))
  let end = 0
  for (const at of magicsIn(file, 0)) {
    const head = decodeFrameHead(new Uint8Array(file.subarray(at, at + FRAME_HEAD_BYTES)))
    if (head) end = Math.max(end, head.first + head.count)
  }
  return end
}

function* magicsIn(bytes: Buffer, from: number): Generator<number> {
  const magic = Buffer.alloc(4)
  magic.writeUInt32BE(FRAME_MAGIC)
  for (let at = bytes.indexOf(magic, from); at >= 0; at = bytes.indexOf(magic, at + 1)) yield at
}
