/**
 * Records that components of one deployment refused, in a sealed journal of its own: seen, replayed and dropped by the Runtime's owner,
 * never silently lost, and one letter each however often the same record is refused. Its worker has it open while it runs, else main
 * does; a journal has one opener.
 */
import { setImmediate } from 'node:timers/promises'
import * as v from 'valibot'
import { type Bytes, base64url, type Clock, fromBase64url, fromUtf8, type Random, Turns, utf8 } from '../../base/mod.ts'
import { makePrivateFolder } from '../../host/mod.ts'
import type { DeadLetter, DeadLetters } from '../../pipeline/mod.ts'
import { type Journal, type JournalEntry, openJournal } from '../../store/mod.ts'
import { DeadLetterEntry, type DeadLetterSelection } from '../../wire/mod.ts'
import { DeadLetterGone } from '../errors.ts'
import { type IndexedLetter, LetterIndex, type ReasonCount } from './letter-index.ts'
import { LetterState } from './letter-state.ts'
import { type NumberRange, rangesOf, sizeOf, united } from './number-ranges.ts'

/** Bytes in one answer: 4 MiB, at least one letter. */
const LIST_BYTES_MAX = 4 * 1_024 * 1_024
/** One append of a journal takes 8 MiB at most; a record has up to 1 MiB, 4/3 of that as base64url. */
const APPEND_BYTES_MAX = 4 * 1_024 * 1_024
/** Read at once where many are gone through: some 2 ms of the loop. */
const SCAN = { countMax: 1_000, bytesMax: 262_144 }
/** Letters that one answer may go through for the few that match; the next one goes on from there. */
const LIST_SCANNED_MAX = 20_000

/** As it lies in the journal. */
const Entry = v.strictObject({
  ...v.omit(DeadLetterEntry, ['number', 'position', 'replaying', 'whole']).entries,
  sourcePosition: v.number(),
  /** What the record is made one again by. */
  form: v.optional(v.string()),
  /** The letter whose replay was refused with this one. */
  replayOf: v.optional(v.number()),
})

/** A letter with all that is kept of it. */
export type KeptLetter = Omit<DeadLetterEntry, 'replaying' | 'whole'> & { form?: string; replayOf?: number }
/** `next`: the number that the next refused record will have; `resume`: where to go on, if not all was gone through. */
export type DeadLetterPage = { letters: DeadLetterEntry[]; first: number; next: number; resume?: number }
export type LetterFilter = { component?: string | undefined; code?: string | undefined }
/** What a record that is being refused is a replay of, if it is. */
export type ReplayedOrigin = (partition: string, position: number) => Origin | undefined
/** `again` is told when the letter that came of it in an earlier, interrupted replay stands for this refusal too. */
type Origin = { letter: KeptLetter; partition: string; again: (number: number) => void }

/** `gone`: chosen and left, for no component takes them; `components`: of those that were queued; `waiting`: in the whole row now. */
export type Queued = { queued: number; gone: number; components: string[]; waiting: number }

export type OpenLetters = { folder: string; key: Bytes; bytesMax: number; clock: Clock; random: Random }

export class DeadLetterJournal implements DeadLetters {
  readonly #journal: Journal
  readonly #clock: Clock
  readonly #turns = new Turns()
  readonly state: LetterState
  #index: LetterIndex | undefined
  /** Set by whoever replays. */
  originOf: ReplayedOrigin = () => undefined

  private constructor(journal: Journal, state: LetterState, clock: Clock) {
    this.#journal = journal
    this.#clock = clock
    this.state = state
  }

  /** Opens or makes it; the journal's own refusals come through. */
  static async open({ folder, key, bytesMax, clock, random }: OpenLetters): Promise<DeadLetterJournal> {
    await makePrivateFolder(folder)
    const state = await LetterState.open(folder, random)
    return new DeadLetterJournal(await openJournal({ folder: `${folder}/journal`, key, bytesMax }), state, clock)
  }

  /** Letters that wait: neither dropped nor gone where they were to go. */
  get count(): number {
    return Math.max(0, this.#journal.nextPosition - this.#first() - this.state.goneAbove)
  }

  /** Another one whenever another letter waits, or one of them does not any more. */
  get revision(): string {
    return `${this.#first()} ${this.#journal.nextPosition} ${this.state.goneAbove}`
  }

  /** Keeps what was refused; what the same component refused before, and still waits, is not kept twice. */
  add(letters: readonly DeadLetter[]): Promise<void> {
    return this.#turns.run(async () => {
      const index = await this.#indexed()
      const at = this.#clock.now()
      let group: Omit<KeptLetter, 'number'>[] = []
      let bytes = 0
      const together = new Set<string>()
      for (const letter of letters) {
        const kept = this.#fresh(letter, index, at)
        const key = kept && JSON.stringify([kept.component, kept.partition, kept.position, kept.record])
        if (!key || together.has(key)) continue
        together.add(key)
        if (bytes + kept.record.length > APPEND_BYTES_MAX && group.length > 0) {
          await this.#append(group, index)
          group = []
          bytes = 0
        }
        group.push(kept)
        bytes += kept.record.length + (kept.form?.length ?? 0) + kept.partition.length
      }
      if (group.length > 0) await this.#append(group, index)
    })
  }

  /** Letters from a number on; with a filter those that match, of the next 20,000. */
  async list(from: number, limit: number, filter: LetterFilter = {}): Promise<DeadLetterPage> {
    const { first, next } = { first: this.#first(), next: this.#journal.nextPosition }
    const letters: DeadLetterEntry[] = []
    const filtered = filter.component !== undefined || filter.code !== undefined
    let [bytes, at, scanned] = [0, Math.max(from, first), 0]
    while (at < next && letters.length < limit && bytes < LIST_BYTES_MAX && scanned < LIST_SCANNED_MAX) {
      const countMax = Math.min(SCAN.countMax, filtered ? SCAN.countMax : limit)
      const read = await this.#journal.read(at, { countMax, bytesMax: LIST_BYTES_MAX })
      if (read.length === 0) break
      for (const entry of read) {
        at = entry.position + 1
        scanned++
        if (this.state.isGone(entry.position)) continue
        const letter = letterOf(entry)
        if (!matches(letter, filter)) continue
        letters.push(this.#shown(letter))
        bytes += entry.entry.byteLength
        if (letters.length === limit || bytes >= LIST_BYTES_MAX) break
      }
    }
    return { letters, first, next, ...(limit > 0 && at < next && { resume: at }) }
  }

  /** One letter; `dead_letter.not_found` if it is gone. */
  async find(number: number): Promise<KeptLetter> {
    const [entry] = number >= this.#first() ? await this.#journal.read(number, { countMax: 1, bytesMax: 1 }) : []
    if (entry?.position !== number || this.state.isGone(number))
      throw new DeadLetterGone(`there is no refused record ${number}`)
    return letterOf(entry)
  }

  /** How many wait for which reason. The first time, all are gone through. */
  counts(): Promise<ReasonCount[]> {
    return this.#turns.run(async () => (await this.#indexed()).counts())
  }

  /** Drops letters for good; answers how many. */
  drop(selection: DeadLetterSelection): Promise<number> {
    return this.#turns.run(async () => {
      const ranges = await this.#select(selection, (range) => this.state.left(range))
      if (ranges.length === 0) return 0
      this.#index = undefined
      await this.#remove(ranges)
      return sizeOf(ranges)
    })
  }

  /**
   * Lets whole letters wait for their turn to go through the flow again, if their component is one of `takers`; those that wait already
   * are not chosen again.
   */
  queue({ takers, ...selection }: DeadLetterSelection & { takers?: readonly string[] | undefined }): Promise<Queued> {
    return this.#turns.run(async () => {
      const components = new Set<string>()
      let gone = 0
      const fits = ({ form, component }: KeptLetter): boolean => {
        if (form === undefined) return false
        if (takers?.includes(component) === false) {
          gone++
          return false
        }
        components.add(component)
        return true
      }
      const ranges = await this.#select(selection, (range) => this.state.free(range), fits)
      if (ranges.length > 0) await this.state.queue(ranges)
      return { queued: sizeOf(ranges), gone, components: [...components], waiting: this.state.waiting }
    })
  }

  /** These have gone where they were to go, and so have the `stale` ones: what earlier, interrupted replays of them had left. */
  settle(letters: readonly KeptLetter[], stale: readonly number[]): Promise<void> {
    return this.#turns.run(async () => {
      const numbers = [...letters.map(({ number }) => number), ...stale]
      const found = await Promise.all(numbers.map((number) => this.find(number).catch(() => undefined)))
      const gone = found.filter((letter) => letter !== undefined)
      await this.#remove(rangesOf(gone.map(({ number }) => number).sort((a, b) => a - b)))
      for (const letter of gone) this.#index?.remove(indexed(letter))
    })
  }

  /** Letters that came of replaying one, by the component that refused it. */
  async again(number: number): Promise<ReadonlyMap<string, number>> {
    return (await this.#indexed()).again(number)
  }

  close(): Promise<void> {
    return this.#turns.run(() => this.#journal.close())
  }

  #first(): number {
    return Math.max(this.#journal.firstPosition, this.state.through + 1)
  }

  async #remove(ranges: readonly NumberRange[]): Promise<void> {
    await this.state.remove(ranges, this.#journal.nextPosition)
    await this.#journal.trim(this.state.through)
  }

  #shown({ form, replayOf: _replayOf, ...letter }: KeptLetter): DeadLetterEntry {
    const replaying = this.state.isWaiting(letter.number)
    return { ...letter, whole: form !== undefined, ...(replaying && { replaying }) }
  }

  /** `undefined` for one that waits already. */
  #fresh(letter: DeadLetter, index: LetterIndex, at: number): Omit<KeptLetter, 'number'> | undefined {
    const { component, reason, record, form } = letter
    const kept = { component, reason, at, record: base64url(record), ...(form !== undefined && { form }) }
    const origin = this.originOf(letter.partition, letter.position)
    if (origin) {
      const { number, position } = origin.letter
      const before = index.again(number).get(component)
      if (before !== undefined) {
        origin.again(before)
        return undefined
      }
      return { ...kept, partition: origin.partition, position, replayOf: number }
    }
    const { partition, position } = letter
    return index.has(component, partition, position, record) ? undefined : { ...kept, partition, position }
  }

  async #append(letters: readonly Omit<KeptLetter, 'number'>[], index: LetterIndex): Promise<void> {
    const encoded = letters.map(({ position: sourcePosition, ...letter }) =>
      utf8(JSON.stringify({ ...letter, sourcePosition })),
    )
    const { first } = await this.#journal.append(encoded)
    for (const [i, letter] of letters.entries()) index.add(indexed({ ...letter, number: first + i }))
  }

  /** Ranges of what a selection names, of those letters that `fits` takes, cut to what `free` leaves of them. */
  async #select(
    { numbers, through, ...filter }: DeadLetterSelection,
    free: (range: NumberRange) => NumberRange[],
    fits: (letter: KeptLetter) => boolean = () => true,
  ): Promise<NumberRange[]> {
    const last = Math.min(through ?? 0, this.#journal.nextPosition - 1)
    const asked: NumberRange[] = numbers
      ? united(numbers.filter((number) => number < this.#journal.nextPosition).map((number) => [number, number]))
      : [[this.#first(), last]]
    const left = asked.flatMap((range) => free([Math.max(range[0], this.#first()), range[1]]))
    const found: number[] = []
    for (const [from, to] of left) {
      await this.#each(from, to, (letter) => {
        if (matches(letter, filter) && fits(letter)) found.push(letter.number)
      })
    }
    return rangesOf(found)
  }

  async #indexed(): Promise<LetterIndex> {
    if (this.#index) return this.#index
    const index = new LetterIndex()
    await this.#each(this.#first(), this.#journal.nextPosition - 1, (letter) => {
      if (!this.state.isGone(letter.number)) index.add(indexed(letter))
    })
    this.#index = index
    return index
  }

  /** In small steps, between which the loop does other things. */
  async #each(from: number, to: number, visit: (letter: KeptLetter) => void): Promise<void> {
    for (let at = from; at <= to; ) {
      const read = await this.#journal.read(at, { ...SCAN, countMax: Math.min(SCAN.countMax, to - at + 1) })
      if (read.length === 0) return
      for (const entry of read) visit(letterOf(entry))
      at = (read.at(-1)?.position ?? to) + 1
      await setImmediate()
    }
  }
}

function letterOf({ position: number, entry }: JournalEntry): KeptLetter {
  const { sourcePosition: position, form, replayOf, ...letter } = v.parse(Entry, JSON.parse(fromUtf8(entry)))
  return {
    ...letter,
    number,
    position,
    ...(form !== undefined && { form }),
    ...(replayOf !== undefined && { replayOf }),
  }
}

function matches({ component, reason }: KeptLetter, filter: LetterFilter): boolean {
  return (filter.component ?? component) === component && (filter.code ?? reason.code) === reason.code
}

function indexed({ reason, record, ...letter }: KeptLetter): IndexedLetter {
  return { ...letter, code: reason.code, record: fromBase64url(record) }
}

/** The record of a letter as bytes. */
export function recordOf(letter: Pick<DeadLetterEntry, 'record'>): Bytes {
  return fromBase64url(letter.record)
}
