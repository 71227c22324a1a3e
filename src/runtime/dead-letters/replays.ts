/**
 * Refused records on their way through their flow again, one row for all, at least once and without an effect twice: each has a place in
 * the row that is its position for the sinks, the same after a crash. One that is refused again becomes one letter in place of the former.
 */
import { Cancelled } from '../../base/mod.ts'
import { type FlowLog, type Replay, type Replays, recordsFrom } from '../../pipeline/mod.ts'
import { type DeadLetterJournal, type KeptLetter, recordOf } from './dead-letter-journal.ts'
import type { Turn } from './letter-state.ts'

/** Letters that go together: of one component and one form. */
const TOGETHER_MAX = 256
/** Their bytes, as text; one is always taken. */
const BYTES_MAX = 262_144
/** A letter on which the worker ended so often, without an answer, is left alone: it must not keep its deployment from running. */
const TRIES_MAX = 3

/** `stale`: letters that earlier, interrupted replays of these left behind, as long as none of them is refused again. */
type Going = { turn: Turn; letters: KeptLetter[]; stale: Set<number> }

export class LetterReplays implements Replays {
  readonly #letters: DeadLetterJournal
  readonly #log: FlowLog
  #going: Going | undefined
  #wake: () => void = () => undefined

  constructor(letters: DeadLetterJournal, log: FlowLog) {
    this.#letters = letters
    this.#log = log
    letters.originOf = (partition, position) => this.#originOf(partition, position)
  }

  async next(): Promise<Replay | undefined> {
    for (;;) {
      const turn = await this.#letters.state.begin()
      if (!turn) return undefined
      const letters = await this.#togetherFrom(turn)
      const [first] = letters
      const records = first?.form === undefined ? undefined : recordsFrom(first.form, letters.map(recordOf))
      if (!first || !records || turn.times > TRIES_MAX) {
        await this.#letters.state.unqueue([turn.letter, turn.letter])
        this.#log('warning', 'dead_letters.replay_given_up', { number: turn.letter })
        continue
      }
      const stale = new Set<number>()
      for (const { number } of letters) for (const left of (await this.#letters.again(number)).values()) stale.add(left)
      this.#going = { turn, letters, stale }
      const { partition } = this.#letters.state
      const range = { partition, from: turn.place, to: turn.place + letters.length, at: undefined }
      return { component: first.component, batch: { ...range, records }, done: () => this.#done() }
    }
  }

  /** All that is meant for that component now stays a refused record. */
  async unfit(_replay: Replay): Promise<void> {
    const { turn, letters } = this.#going ?? {}
    this.#going = undefined
    if (!turn || !letters) return
    await this.#letters.state.unqueue([turn.letter, turn.letter + letters.length - 1])
    this.#log('warning', 'dead_letters.component_gone', { count: letters.length })
  }

  async putOff(_replay: Replay): Promise<void> {
    const count = this.#going?.letters.length ?? 0
    this.#going = undefined
    this.#log('info', 'dead_letters.component_ended', { count })
  }

  more(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const cancel = (): void => reject(new Cancelled('the flow takes no more replays'))
      if (signal.aborted) return cancel()
      signal.addEventListener('abort', cancel, { once: true })
      this.#wake = () => {
        signal.removeEventListener('abort', cancel)
        resolve()
      }
    })
  }

  /** There may be some that were not there before. */
  woken(): void {
    this.#wake()
  }

  async #togetherFrom({ letter, last, times }: Turn): Promise<KeptLetter[]> {
    const letters: KeptLetter[] = []
    // After a crash one by one: it may be the letter's own doing, and the others need not suffer for it.
    const countMax = times > 1 ? 1 : TOGETHER_MAX
    for (let number = letter, bytes = 0; number <= last && letters.length < countMax; number++) {
      const next = await this.#letters.find(number).catch(() => undefined)
      if (!next || next.component !== (letters[0] ?? next).component || next.form !== (letters[0] ?? next).form) break
      bytes += next.record.length
      if (bytes > BYTES_MAX && letters.length > 0) break
      letters.push(next)
    }
    return letters
  }

  async #done(): Promise<void> {
    if (!this.#going) return
    const { letters, stale } = this.#going
    await this.#letters.settle(letters, [...stale])
    this.#going = undefined
  }

  /** Behind an edge where flows merge, the partition has the name of that edge before it. */
  #originOf(partition: string, position: number): ReturnType<DeadLetterJournal['originOf']> {
    const own = this.#letters.state.partition
    if (!this.#going || !partition.endsWith(own)) return undefined
    const { turn, letters, stale } = this.#going
    const letter = letters[position - turn.place]
    const again = (number: number): void => void stale.delete(number)
    return letter && { letter, partition: partition.slice(0, -own.length) + letter.partition, again }
  }
}
