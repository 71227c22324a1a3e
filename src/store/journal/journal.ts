/** One append-only log in a folder: sealed, checksummed, durable before it is acknowledged, read by position, trimmed from its start. */

import { rm } from 'node:fs/promises'
import { type Bytes, Cancelled, type Random, systemRandom, Turns, Unreachable } from '../../base/mod.ts'
import { makePrivateFolder, syncFolder } from '../../host/mod.ts'
import { JournalClosed, JournalDamaged } from './errors.ts'
import { lockFolder } from './lock.ts'
import { lastOf, type Skip, skipsIn } from './opening.ts'
import { type FoundDamage, findSegments, type SegmentDeps } from './recover.ts'
import { resealSegment } from './resealing.ts'
import type { OpenedFrame, Segment } from './segment.ts'
import { type Appended, JournalWriter } from './writer.ts'

/** 64 MiB: an fsync of the folder for each is lost in the noise, and trimming gives room back in steps that are small. */
const SEGMENT_BYTES_MAX = 64 * 1_024 * 1_024
/** 1 GiB, sixteen segments: a day without the Platform at 12 KB/s. */
const JOURNAL_BYTES_MAX = 1_024 * 1_024 * 1_024
/** What a frame can count. */
const SKIP_MAX = 0xffff_ffff
/** A quarter of the bound, so that trimming always frees some of it while the last segment is being written. */
const SEGMENTS_MIN = 4

/** Where a journal is, its key, and its bounds. */
export type OpenJournal = {
  /** Made (mode 0700) when it is not there. One opening at a time. */
  folder: string
  /** 32 random bytes, of this journal alone. */
  key: Bytes
  /** The key that takes its place: what is written from now on is sealed under it, and `rekey` re-seals the rest. */
  nextKey?: Bytes | undefined
  /** Opens even where acknowledged entries cannot be read any more; what is lost is told by `damage`. Default false: refused. */
  passOverDamage?: boolean
  /** A segment that has reached this many bytes is followed by the next. Default 64 MiB, at most a quarter of `bytesMax`. */
  segmentBytesMax?: number
  /** Appends beyond this many bytes on the disk are refused. Default 1 GiB. */
  bytesMax?: number
  random?: Random
}

/** One entry as it was appended, and its position from 1. */
export type JournalEntry = { position: number; entry: Bytes }

/** An open journal. Everything before `nextPosition` is durable; nothing that is not can be read. */
export type Journal = {
  /**
   * Resolves when all entries are on the disk (fdatasync); appends made meanwhile share the next sync. All of an append's entries
   * are kept or none. Refuses `journal.full`, `journal.append_too_large` (8 MiB), `journal.closed`, `host.disk_full`.
   */
  append(entries: readonly Uint8Array[]): Promise<Appended>
  /**
   * Entries from `from` on (or from `firstPosition`, if that is later), in order: at most `countMax`, and at most `bytesMax` bytes
   * of them, but at least one if there is one. Views into their groups' memory (8 MiB at most each).
   * Refuses `journal.damaged` when the first of them cannot be read, and `journal.closed`.
   */
  read(from: number, bounds: { countMax: number; bytesMax: number }): Promise<JournalEntry[]>
  /** Drops every segment whose entries all have positions up to `through`. */
  trim(through: number): Promise<void>
  /**
   * Re-seals every segment under `key`, which new entries get at once; `nextKey` of the next openings until it has ended, and then
   * `key`. Reading, appending and trimming go on meanwhile. Cut off by `signal` or a crash, it is simply begun again.
   */
  rekey(key: Bytes, progress?: (done: number, of: number) => void, signal?: AbortSignal): Promise<void>
  /** Passes positions over, for good: no entry will ever have them. For what others may know of this journal and it does not. */
  skip(count: number): Promise<void>
  /** How many of the positions from one on were passed over. */
  skippedFrom(position: number): number
  /** What opening found that cannot be read any more; empty as a rule. */
  readonly damage: readonly FoundDamage[]
  /** The earliest position that is still held, if any is; never less than 1. */
  readonly firstPosition: number
  /** The position that the next entry will get. */
  readonly nextPosition: number
  /** Bytes on the disk. */
  readonly bytes: number
  /** Bytes of a write that a crash had torn, cut at opening. Nobody had been told of them. */
  readonly tornBytes: number
  /** Writes what was taken, then lets go of files, keys and lock. Safe to call twice. */
  close(): Promise<void>
}

/**
 * Opens the journal in `folder`. Positions count from 1 without gaps, across segments and restarts.
 * Refuses `journal.in_use`; `journal.wrong_key`; `journal.damaged` where acknowledged entries cannot be read; host errors of the folder.
 */
export async function openJournal(options: OpenJournal): Promise<Journal> {
  const { folder, random = systemRandom } = options
  await makePrivateFolder(folder)
  const unlock = await lockFolder(folder)
  try {
    return await openLocked(options, { folder, key: options.key.slice(), random }, unlock)
  } catch (error) {
    await unlock()
    throw error
  }
}

async function openLocked(options: OpenJournal, given: SegmentDeps, unlock: () => Promise<void>): Promise<Journal> {
  const { bytesMax = JOURNAL_BYTES_MAX, segmentBytesMax = SEGMENT_BYTES_MAX, nextKey, passOverDamage = false } = options
  const deps = nextKey ? { ...given, key: nextKey.slice(), formerKey: given.key } : given
  const bounds = { bytesMax, segmentBytesMax: Math.min(segmentBytesMax, Math.floor(bytesMax / SEGMENTS_MIN)) }
  const damage: FoundDamage[] = []
  let next = 1
  const segments = await findSegments(
    deps,
    passOverDamage
      ? ({ next: after, ...found }) => {
          damage.push(found)
          next = Math.max(next, after)
        }
      : undefined,
  )
  const { last, end } = await lastOf(segments, deps, { next, passOverDamage })
  if (end.damage) damage.push(end.damage)
  const tornBytes = last.bytes - end.bytes
  // Each end overwrites its own copy.
  const writer = await JournalWriter.open({ ...deps, key: deps.key.slice(), ...bounds, segments }, last, end)
  const skips = await skipsIn(segments)
  return new OpenedJournal({ segments, writer, tornBytes, damage, skips, deps, unlock })
}

type Opened = {
  segments: Segment[]
  writer: JournalWriter
  tornBytes: number
  damage: FoundDamage[]
  skips: Skip[]
  deps: SegmentDeps
  unlock: () => Promise<void>
}

class OpenedJournal implements Journal {
  readonly #segments: Segment[]
  readonly #writer: JournalWriter
  readonly #deps: SegmentDeps
  readonly #unlock: () => Promise<void>
  readonly #skips: Skip[]
  readonly tornBytes: number
  readonly damage: readonly FoundDamage[]
  #reading: Segment | undefined
  #closing: Promise<void> | undefined
  readonly #turns = new Turns()

  constructor({ segments, writer, tornBytes, damage, skips, deps, unlock }: Opened) {
    this.#segments = segments
    this.#writer = writer
    this.tornBytes = tornBytes
    this.damage = damage
    this.#skips = skips
    this.#deps = deps
    this.#unlock = unlock
  }

  get firstPosition(): number {
    return this.#segments[0]?.first ?? 1
  }

  get nextPosition(): number {
    return this.#writer.next
  }

  get bytes(): number {
    return this.#segments.reduce((sum, segment) => sum + segment.bytes, 0)
  }

  append(entries: readonly Uint8Array[]): Promise<Appended> {
    return this.#writer.append(entries)
  }

  async read(from: number, bounds: { countMax: number; bytesMax: number }): Promise<JournalEntry[]> {
    if (this.#closing) throw new JournalClosed('the journal is closed')
    return this.#turns.run(() => this.#read(from, bounds))
  }

  async trim(through: number): Promise<void> {
    // With everything taken, the last segment goes too, once there is a new one that keeps the count of positions.
    if (through >= this.#writer.next - 1) await this.#writer.roll()
    await this.#turns.run(() => this.#drop(through))
  }

  async rekey(key: Bytes, progress?: (done: number, of: number) => void, signal?: AbortSignal): Promise<void> {
    this.#deps.key.fill(0)
    this.#deps.key = key.slice()
    await this.#writer.rekey(key.slice())
    // All but the last, which the writer has just begun. Some may be trimmed away meanwhile.
    const old = this.#segments.slice(0, -1)
    for (const [done, segment] of old.entries()) {
      progress?.(done, old.length)
      if (signal?.aborted) throw new Cancelled('the re-sealing of a journal was cut off')
      await this.#turns.run(() => this.#reseal(segment))
    }
    progress?.(old.length, old.length)
  }

  async skip(count: number): Promise<void> {
    if (count > SKIP_MAX) throw new Unreachable(`at most ${SKIP_MAX} positions are passed over at once`)
    const first = this.#writer.next
    await this.#writer.skip(count)
    this.#skips.push({ first, count })
  }

  skippedFrom(position: number): number {
    const through = ({ first, count }: Skip): number => Math.max(0, first + count - Math.max(first, position))
    return this.#skips.reduce((sum, skip) => sum + through(skip), 0)
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    await this.#writer.close()
    await this.#turns.run(async () => {
      for (const segment of this.#segments) {
        await segment.release()
        segment.cipher.erase()
      }
    })
    this.#deps.key.fill(0)
    this.#deps.formerKey?.fill(0)
    await this.#unlock()
  }

  async #reseal(segment: Segment): Promise<void> {
    const at = this.#segments.indexOf(segment)
    if (at < 0) return
    const resealed = await resealSegment(segment, this.#deps)
    await segment.release()
    segment.cipher.erase()
    if (this.#reading === segment) this.#reading = undefined
    this.#segments[at] = resealed
  }

  async #read(from: number, bounds: { countMax: number; bytesMax: number }): Promise<JournalEntry[]> {
    const found: JournalEntry[] = []
    const next = this.#writer.next
    let bytes = 0
    let position = Math.max(from, this.firstPosition)
    while (position < next && found.length < bounds.countMax) {
      const group = await this.#groupAt(position, found.length > 0)
      if (group === undefined) return found
      for (const entry of group.entries.slice(position - group.first)) {
        if (found.length >= bounds.countMax) return found
        if (found.length > 0 && bytes + entry.byteLength > bounds.bytesMax) return found
        found.push({ position, entry })
        bytes += entry.byteLength
        position++
      }
      if (group.entries.length === 0) position = group.first + group.count
    }
    return found
  }

  /** `undefined` where the group is damaged and something before it was found: that is handed out first. */
  async #groupAt(position: number, foundSome: boolean): Promise<OpenedFrame | undefined> {
    try {
      return await (await this.#segmentOf(position)).entriesAt(position)
    } catch (error) {
      if (foundSome && error instanceof JournalDamaged) return undefined
      throw error
    }
  }

  /** The segment that should hold `position`. Only one is kept open for reading. */
  async #segmentOf(position: number): Promise<Segment> {
    const segment = this.#segments.findLast(({ first }) => first <= position) ?? this.#reading
    if (segment === undefined) throw new Unreachable('a position before the first segment')
    if (this.#reading !== segment) await this.#reading?.release()
    this.#reading = segment
    return segment
  }

  async #drop(through: number): Promise<void> {
    let dropped = 0
    for (;;) {
      const [segment, next] = this.#segments
      if (segment === undefined || next === undefined || next.first - 1 > through) break
      while (this.#skips[0] && this.#skips[0].first < next.first) this.#skips.shift()
      await segment.release()
      // The oldest first, so that a crash in between leaves positions without a gap.
      await rm(segment.path, { force: true })
      segment.cipher.erase()
      this.#segments.shift()
      dropped++
    }
    if (dropped > 0) await syncFolder(this.#deps.folder)
  }
}
