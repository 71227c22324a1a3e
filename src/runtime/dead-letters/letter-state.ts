/**
 * What became of refused records, beside the journal that holds them: which are gone, and which wait to go through the flow again. One
 * small file, replaced as a whole: a crash leaves the state before an act or the one after it.
 */
import * as v from 'valibot'
import { hex, type Random, Turns, utf8 } from '../../base/mod.ts'
import { readTextIfThere, writeFileAtomic } from '../../host/mod.ts'
import { DeadLettersScattered } from '../errors.ts'
import { gapsIn, isIn, type NumberRange, sizeOf, united } from './number-ranges.ts'

/** Ranges of gone and of waiting numbers, together: 4,096 × ~40 B of JSON ≈ 160 KiB, written anew with each act. */
export const RANGES_MAX = 4_096
const FILE = 'dropped.json'
/** Of its own for each deployment on each Runtime: sinks keep positions by it, and no peer may know it before it is used. */
const ID_BYTES = 12

const Whole = v.pipe(v.number(), v.safeInteger(), v.minValue(0))
const Kept = v.strictObject({
  /** All up to this one are gone. */
  through: Whole,
  gone: v.optional(v.array(v.tuple([Whole, Whole])), []),
  replays: v.optional(
    v.strictObject({
      id: v.string(),
      /** The place in the row of replays that the next letter gets. */
      next: Whole,
      /** Place of the first, first and last letter; in the order in which they go. */
      waiting: v.array(v.tuple([Whole, Whole, Whole])),
      /** How often the first of them was begun. */
      tried: v.optional(v.strictObject({ place: Whole, times: Whole })),
    }),
  ),
})
type Kept = Readonly<v.InferOutput<typeof Kept>>

/** A letter's turn: its place in the row of replays, and the last letter that follows it without a gap. */
export type Turn = { place: number; letter: number; last: number; times: number }

export class LetterState {
  readonly #path: string
  readonly #random: Random
  readonly #turns = new Turns()
  #kept: Kept

  private constructor(path: string, random: Random, kept: Kept) {
    this.#path = path
    this.#random = random
    this.#kept = kept
  }

  static async open(folder: string, random: Random): Promise<LetterState> {
    const path = `${folder}/${FILE}`
    const text = await readTextIfThere(path)
    const kept = text === undefined ? { through: 0, gone: [] } : v.parse(Kept, JSON.parse(text))
    return new LetterState(path, random, kept)
  }

  /** All up to this one are gone. */
  get through(): number {
    return this.#kept.through
  }

  /** How many above `through` are gone. */
  get goneAbove(): number {
    return sizeOf(this.#kept.gone)
  }

  isGone(number: number): boolean {
    return number <= this.#kept.through || isIn(this.#kept.gone, number)
  }

  isWaiting(number: number): boolean {
    return (this.#kept.replays?.waiting ?? []).some(([, from, to]) => number >= from && number <= to)
  }

  /** How many wait for their turn. */
  get waiting(): number {
    return (this.#kept.replays?.waiting ?? []).reduce((sum, [, from, to]) => sum + to - from + 1, 0)
  }

  /** The name under which replays go through the flow; the same for all of them. */
  get partition(): string {
    // No file is called so: a relative path never begins with a slash, an absolute one never with two.
    return `//dead-letters/${this.#kept.replays?.id ?? ''}`
  }

  /** Of a range what is neither gone nor waits. */
  free(range: NumberRange): NumberRange[] {
    const waiting = (this.#kept.replays?.waiting ?? []).map(([, from, to]): NumberRange => [from, to])
    const taken = united([...waiting, ...this.#kept.gone])
    const [from, to] = range
    return gapsIn([Math.max(from, this.#kept.through + 1), to], taken)
  }

  /** Of a range what is not gone. */
  left([from, to]: NumberRange): NumberRange[] {
    return gapsIn([Math.max(from, this.#kept.through + 1), to], this.#kept.gone)
  }

  /** These are gone for good; those of them that waited wait no more. `next`: the number of the next letter. */
  remove(ranges: readonly NumberRange[], next: number): Promise<void> {
    return this.#change(({ through: before, gone: kept, replays }) => {
      const gone = united([...kept, ...ranges])
      const [first] = gone
      const joins = first !== undefined && first[0] <= before + 1
      const through = joins ? Math.min(Math.max(before, first[1]), next - 1) : before
      const above = (joins ? gone.slice(1) : gone).map(([from, to]): [number, number] => [from, to])
      const row = replays && { ...replays, waiting: without(replays.waiting, ranges) }
      return { through, gone: above, ...(row && { replays: row }) }
    })
  }

  /** Puts letters at the end of the row, in this order. They must be free. */
  queue(ranges: readonly NumberRange[]): Promise<void> {
    return this.#change((kept) => {
      const { replays = { id: hex(this.#random(ID_BYTES)), next: 0, waiting: [] } } = kept
      let { next } = replays
      const added = ranges.map(([from, to]): [number, number, number] => {
        const place = next
        next += to - from + 1
        return [place, from, to]
      })
      return { ...kept, replays: { ...replays, next, waiting: [...replays.waiting, ...added] } }
    })
  }

  /** Begins the first turn of the row, and remembers that it was begun; `undefined` when none waits. */
  async begin(): Promise<Turn | undefined> {
    let turn: Turn | undefined
    await this.#change((kept) => {
      const [first] = kept.replays?.waiting ?? []
      if (!kept.replays || !first) return kept
      const [place, letter, last] = first
      const times = (kept.replays.tried?.place === place ? kept.replays.tried.times : 0) + 1
      turn = { place, letter, last, times }
      return { ...kept, replays: { ...kept.replays, tried: { place, times } } }
    })
    return turn
  }

  /** These wait no more and are refused records like before. */
  unqueue(range: NumberRange): Promise<void> {
    return this.#change((kept) =>
      kept.replays ? { ...kept, replays: { ...kept.replays, waiting: without(kept.replays.waiting, [range]) } } : kept,
    )
  }

  /** One change at a time, each durable before the next begins. */
  #change(update: (kept: Kept) => Kept): Promise<void> {
    return this.#turns.run(async () => {
      const kept = update(this.#kept)
      if (kept === this.#kept) return
      // What takes one from the row may split a stretch, and is always taken.
      if (stretches(kept) > RANGES_MAX && stretches(kept) > stretches(this.#kept) + 1)
        throw new DeadLettersScattered(`more than ${RANGES_MAX} stretches of refused records would be gone or wait`)
      await writeFileAtomic(this.#path, utf8(JSON.stringify(kept)))
      this.#kept = kept
    })
  }
}

function stretches({ gone, replays }: Kept): number {
  return gone.length + (replays?.waiting.length ?? 0)
}

/** The row without these letters; the others keep their places. */
function without(
  waiting: readonly (readonly [number, number, number])[],
  ranges: readonly NumberRange[],
): [number, number, number][] {
  const sorted = united(ranges)
  return waiting.flatMap(([place, from, to]) =>
    gapsIn([from, to], sorted).map((gap): [number, number, number] => [place + gap[0] - from, gap[0], gap[1]]),
  )
}
