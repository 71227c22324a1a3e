/** Where an opened journal goes on writing, and which positions it passes over. */
import { truncate } from 'node:fs/promises'
import { SEGMENT_HEAD_BYTES, TAG_BYTES } from './format.ts'
import { createSegment, findEnd, type SegmentDeps, type SegmentEnd } from './recover.ts'
import type { Segment } from './segment.ts'

/** The segment that is written to, and where it ends: a new one where there is none, or where the last cannot be gone on with. */
export async function lastOf(
  segments: Segment[],
  deps: SegmentDeps,
  given: { next: number; passOverDamage: boolean },
): Promise<{ last: Segment; end: SegmentEnd }> {
  const found = segments.at(-1)
  const end = found && (await findEnd(found, given.passOverDamage))
  const next = Math.max(given.next, end?.next ?? 1)
  if (found && end && !end.damage && end.next === next && !found.outdated) return { last: found, end }
  // What was torn off the end of one that is left behind was never told of, and is passed over with what follows.
  if (found && end && !end.damage && found.bytes > end.bytes) await truncate(found.path, end.bytes)
  if (found && end) found.bytes = end.bytes
  if (found && end?.bytes === SEGMENT_HEAD_BYTES && found.first === next) segments.pop()
  const last = await createSegment(deps, next)
  segments.push(last)
  return { last, end: { next, bytes: last.bytes, ...(end?.damage && { damage: end.damage }) } }
}

/** Positions that no entry will ever have. */
export type Skip = { first: number; count: number }

/** A skip stands alone in its segment: its frame has a tag and nothing sealed. */
export async function skipsIn(segments: readonly Segment[]): Promise<Skip[]> {
  const skips: Skip[] = []
  for (const segment of segments) {
    const frame = await segment.frameAt(SEGMENT_HEAD_BYTES)
    if (frame?.head.sealedBytes === TAG_BYTES) skips.push({ first: frame.head.first, count: frame.head.count })
    await segment.release()
  }
  return skips
}
