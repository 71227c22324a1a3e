/**
 * Which refused records wait, in memory: so that the same record refused again is known, and reasons can be counted. About 24 B for
 * each letter; a full journal of the smallest (256 MiB of ~150 B) has 1.7 million, 41 MiB.
 */
import { crc32 } from 'node:zlib'
import type { Bytes } from '../../base/mod.ts'

export type IndexedLetter = {
  number: number
  component: string
  partition: string
  position: number
  code: string
  record: Bytes
  replayOf?: number | undefined
}

/** How many letters a component has for one reason. */
export type ReasonCount = { component: string; code: string; count: number }

type Known = { positions: number[]; sums: number[] }

export class LetterIndex {
  readonly #counts = new Map<string, ReasonCount>()
  readonly #known = new Map<string, Known>()
  /** Letter that was replayed → component that refused it → the letter that came of it. */
  readonly #again = new Map<number, Map<string, number>>()

  add({ number, component, partition, position, code, record, replayOf }: IndexedLetter): void {
    const key = JSON.stringify([component, code])
    const counted = this.#counts.get(key) ?? { component, code, count: 0 }
    counted.count++
    this.#counts.set(key, counted)
    const known = this.#knownOf(component, partition)
    const at = placeOf(known.positions, position)
    // Nearly always at the end: positions of a partition ascend.
    known.positions.splice(at, 0, position)
    known.sums.splice(at, 0, crc32(record))
    if (replayOf === undefined) return
    const again = this.#again.get(replayOf) ?? new Map<string, number>()
    again.set(component, number)
    this.#again.set(replayOf, again)
  }

  /** Takes out one that is gone. */
  remove({ number, component, partition, position, code, record, replayOf }: IndexedLetter): void {
    const key = JSON.stringify([component, code])
    const counted = this.#counts.get(key)
    if (counted && --counted.count === 0) this.#counts.delete(key)
    const { positions, sums } = this.#knownOf(component, partition)
    const sum = crc32(record)
    for (let at = placeOf(positions, position); positions[at] === position; at++) {
      if (sums[at] !== sum) continue
      positions.splice(at, 1)
      sums.splice(at, 1)
      break
    }
    this.#again.delete(number)
    if (replayOf !== undefined) this.#again.get(replayOf)?.delete(component)
  }

  /** Whether that component has refused this very record before: of the same place, and with the same bytes. */
  has(component: string, partition: string, position: number, record: Bytes): boolean {
    const { positions, sums } = this.#knownOf(component, partition)
    const sum = crc32(record)
    for (let at = placeOf(positions, position); positions[at] === position; at++) if (sums[at] === sum) return true
    return false
  }

  /** The letters that came of replaying one, by the component that refused it. */
  again(replayed: number): ReadonlyMap<string, number> {
    return this.#again.get(replayed) ?? new Map()
  }

  /** The most frequent first. */
  counts(): ReasonCount[] {
    return [...this.#counts.values()].sort((a, b) => b.count - a.count).map((one) => ({ ...one }))
  }

  #knownOf(component: string, partition: string): Known {
    const key = JSON.stringify([component, partition])
    const known = this.#known.get(key) ?? { positions: [], sums: [] }
    this.#known.set(key, known)
    return known
  }
}

/** The first place whose position is not smaller. */
function placeOf(positions: readonly number[], position: number): number {
  const last = positions.at(-1)
  if (last === undefined || last < position) return positions.length
  let [low, high] = [0, positions.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((positions[middle] ?? 0) < position) low = middle + 1
    else high = middle
  }
  return low
}
