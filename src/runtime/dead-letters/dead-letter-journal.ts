/**
 * Records that components of one deployment refused, in a sealed journal of its own: seen and dropped by the Runtime's owner, never
 * silently lost. Its worker has it open while it runs, else main does; a journal has one opener.
 */
import * as v from 'valibot'
import { type Bytes, base64url, type Clock, fromBase64url, fromUtf8, utf8 } from '../../base/mod.ts'
import { makePrivateFolder, readTextIfThere, writeFileAtomic } from '../../host/mod.ts'
import type { DeadLetter, DeadLetters } from '../../pipeline/mod.ts'
import { type Journal, openJournal } from '../../store/mod.ts'
import { DeadLetterEntry } from '../../wire/mod.ts'

/** Bytes in one answer: 4 MiB, at least one letter. */
const LIST_BYTES_MAX = 4 * 1_024 * 1_024
/** One append of a journal takes 8 MiB at most; a record has up to 1 MiB, 4/3 of that as base64url. */
const APPEND_BYTES_MAX = 4 * 1_024 * 1_024

/** The journal drops whole segments only: how far the owner dropped stands beside it. */
const DROPPED_FILE = 'dropped.json'
const Dropped = v.strictObject({ through: v.pipe(v.number(), v.safeInteger(), v.minValue(0)) })
const Entry = v.omit(DeadLetterEntry, ['position'])

export type DeadLetterPage = { letters: DeadLetterEntry[]; first: number; next: number }

export class DeadLetterJournal implements DeadLetters {
  readonly #journal: Journal
  readonly #folder: string
  readonly #clock: Clock
  #dropped: number

  private constructor(journal: Journal, folder: string, clock: Clock, dropped: number) {
    this.#journal = journal
    this.#folder = folder
    this.#clock = clock
    this.#dropped = dropped
  }

  /** Opens or makes it; the journal's own refusals come through. */
  static async open(options: {
    folder: string
    key: Bytes
    bytesMax: number
    clock: Clock
  }): Promise<DeadLetterJournal> {
    const { folder, key, bytesMax, clock } = options
    await makePrivateFolder(folder)
    const journal = await openJournal({ folder: `${folder}/journal`, key, bytesMax })
    const text = await readTextIfThere(`${folder}/${DROPPED_FILE}`)
    const dropped = text === undefined ? 0 : v.parse(Dropped, JSON.parse(text)).through
    return new DeadLetterJournal(journal, folder, clock, dropped)
  }

  /** Letters that the owner has not dropped. */
  get count(): number {
    return Math.max(0, this.#journal.nextPosition - this.#first())
  }

  async add(letters: readonly DeadLetter[]): Promise<void> {
    const at = this.#clock.now()
    let group: Bytes[] = []
    let bytes = 0
    for (const { component, partition, position, reason, record } of letters) {
      const entry = { component, partition, sourcePosition: position, reason, at, record: base64url(record) }
      const encoded = utf8(JSON.stringify(entry))
      if (bytes + encoded.byteLength > APPEND_BYTES_MAX && group.length > 0) {
        await this.#journal.append(group)
        group = []
        bytes = 0
      }
      group.push(encoded)
      bytes += encoded.byteLength
    }
    if (group.length > 0) await this.#journal.append(group)
  }

  async list(from: number, limit: number): Promise<DeadLetterPage> {
    const first = this.#first()
    const next = this.#journal.nextPosition
    if (first >= next || limit === 0) return { letters: [], first, next }
    const read = await this.#journal.read(Math.max(from, first), { countMax: limit, bytesMax: LIST_BYTES_MAX })
    const letters = read.map(({ position, entry }) => ({ ...v.parse(Entry, JSON.parse(fromUtf8(entry))), position }))
    return { letters, first, next }
  }

  /** Drops everything up to and including a position; answers how many letters that were. */
  async drop(through: number): Promise<number> {
    const first = this.#first()
    const last = Math.min(through, this.#journal.nextPosition - 1)
    if (last < first) return 0
    await writeFileAtomic(`${this.#folder}/${DROPPED_FILE}`, utf8(JSON.stringify({ through: last })))
    this.#dropped = last
    await this.#journal.trim(last)
    return last - first + 1
  }

  close(): Promise<void> {
    return this.#journal.close()
  }

  #first(): number {
    return Math.max(this.#journal.firstPosition, this.#dropped + 1)
  }
}

/** The record of a letter as bytes. */
export function recordOf(letter: DeadLetterEntry): Bytes {
  return fromBase64url(letter.record)
}
