/**
 * What is owed to the Platform: entries in a journal, told in order by their positions, kept until they are acknowledged.
 * A lost acknowledgement only means that entries are told again under the same positions; the Platform knows them by these.
 */
import * as v from 'valibot'
import { backoffMs, type Clock, describeError, type Log, pause, type Random, utf8 } from '../../base/mod.ts'
import { type Journal, JournalDamaged, type JournalEntry, readableAfter } from '../../store/mod.ts'
import { ENTRIES_MAX } from '../../wire/mod.ts'
import { PlatformTookNothing } from '../errors.ts'

/** One message: 256 entries, and 512 KiB of their JSON so that with base64url it stays under the bound of a message. */
const BATCH = { countMax: ENTRIES_MAX, bytesMax: 524_288 }
/** After a failure, the wait before the next attempt and the longest one, milliseconds. */
const BACKOFF = { firstMs: 1_000, longestMs: 60_000 }
/** What is acknowledged stays on the disk until it is worth a new segment: 1 MiB. */
const TRIM_BYTES = 1_048_576
/** Entries offered and not yet on the disk: 4,096 × ≤ 1 KiB ≤ 4 MiB. What comes on top is dropped, and the drop is counted. */
export const PENDING_MAX = 4_096

export type OwedOptions<Schema extends v.GenericSchema> = {
  journal: Journal
  entry: Schema
  /** Tells a batch and resolves to the position up to which the Platform has everything; `undefined` when there is no Platform. */
  tell: ((first: number, entries: v.InferOutput<Schema>[], signal: AbortSignal) => Promise<number>) | undefined
  /** The last acknowledged position, durable: the journal drops whole segments only. */
  acknowledged: { load(): Promise<number>; save(position: number): Promise<void> }
  clock: Clock
  random: Random
  log: Log
}

export class Owed<Schema extends v.GenericSchema> {
  readonly #options: OwedOptions<Schema>
  readonly #stop = new AbortController()
  #tell: OwedOptions<Schema>['tell']
  #pending = 0
  #dropped = 0
  #lost = 0
  #acknowledged = 0
  #wake: () => void = () => undefined
  #telling: Promise<void> | undefined

  constructor(options: OwedOptions<Schema>) {
    this.#options = options
    this.#tell = options.tell
  }

  /** Entries that the Platform has not acknowledged. */
  get waiting(): number {
    const { journal } = this.#options
    // A restored journal passes positions over, for the Platform may know what stood there: nothing of these is owed.
    return journal.nextPosition - 1 - this.#acknowledged - journal.skippedFrom(this.#acknowledged + 1)
  }

  /** Entries that were not kept, because the journal or the queue before it was full. */
  get dropped(): number {
    return this.#dropped
  }

  /** Entries that were kept and cannot be read any more: they were passed over, and the Platform never learns of them. */
  get lost(): number {
    return this.#lost
  }

  async start(): Promise<void> {
    this.#acknowledged = await this.#options.acknowledged.load()
    this.#telling = this.#loop()
  }

  /** From now on there is a Platform to tell. */
  enrolled(tell: NonNullable<OwedOptions<Schema>['tell']>): void {
    this.#tell = tell
    this.#wake()
  }

  /** Resolves when the entry is durable, or was dropped because the bounds are reached. */
  async add(entry: v.InferOutput<Schema>): Promise<void> {
    if (this.#pending >= PENDING_MAX) return void this.#dropped++
    this.#pending++
    try {
      await this.#options.journal.append([utf8(JSON.stringify(entry))])
      this.#wake()
    } catch (error) {
      this.#dropped++
      this.#options.log.warn('an entry owed to the Platform was not kept', { error: describeError(error) })
    } finally {
      this.#pending--
    }
  }

  /** Ends the telling. What is still owed stays in the journal, which is its opener's to close. */
  async stop(): Promise<void> {
    this.#stop.abort()
    this.#wake()
    await this.#telling
  }

  async #loop(): Promise<void> {
    const { clock, random, log } = this.#options
    const { signal } = this.#stop
    for (let failures = 0; !signal.aborted; ) {
      try {
        if (!(await this.#tellSome(signal))) await this.#woken()
        failures = 0
      } catch (error) {
        if (signal.aborted) return
        failures++
        log.debug('the Platform was not told', { error: describeError(error), failures })
        await pause(clock, backoffMs(failures, BACKOFF, random), signal)
      }
    }
  }

  /** Tells the next batch; false when there is none, or nobody to tell. */
  async #tellSome(signal: AbortSignal): Promise<boolean> {
    const { journal, acknowledged } = this.#options
    if (!this.#tell || this.waiting <= 0) return false
    const from = Math.max(this.#acknowledged + 1, journal.firstPosition)
    const batch = await this.#readFrom(from)
    if (!batch) return true
    const [first] = batch
    if (!first) {
      // Nothing is left of what was waiting: the record of what was acknowledged is older than the journal.
      this.#acknowledged = journal.nextPosition - 1
      return false
    }
    const entries = this.#wholeOf(batch)
    if (entries.length === 0) {
      await this.#passOver(first.position, first.position + 1, 'it does not parse')
      return true
    }
    const through = await this.#tell(first.position, entries, signal)
    if (through < first.position) {
      throw new PlatformTookNothing(`the Platform acknowledged up to ${through} of what begins at ${first.position}`)
    }
    // More than was ever written cannot be had: a restored Platform must not make us skip what is still to come.
    this.#acknowledged = Math.min(through, journal.nextPosition - 1)
    await acknowledged.save(this.#acknowledged)
    if (journal.bytes > TRIM_BYTES) await journal.trim(this.#acknowledged)
    return true
  }

  /** `undefined` when what stands there is damaged: it was passed over, and what follows comes next. */
  async #readFrom(from: number): Promise<JournalEntry[] | undefined> {
    const { journal } = this.#options
    try {
      return await journal.read(from, BATCH)
    } catch (error) {
      if (!(error instanceof JournalDamaged)) throw error
      await this.#passOver(from, await readableAfter(journal, from), describeError(error))
      return undefined
    }
  }

  /** Entries up to the first that does not parse, or before which positions are missing, for they are told by contiguous ones. */
  #wholeOf(batch: readonly JournalEntry[]): v.InferOutput<Schema>[] {
    const schema = v.pipe(v.string(), v.parseJson(), this.#options.entry)
    const entries: v.InferOutput<Schema>[] = []
    for (const { position, entry } of batch) {
      if (position !== (batch[0]?.position ?? 0) + entries.length) break
      const parsed = v.safeParse(schema, new TextDecoder().decode(entry))
      if (!parsed.success) break
      entries.push(parsed.output)
    }
    return entries
  }

  /** What waits behind it is worth more than to wait for what nobody can read. */
  async #passOver(from: number, next: number, why: string): Promise<void> {
    const { acknowledged, log } = this.#options
    this.#lost += next - from
    log.error('entries owed to the Platform cannot be read and are passed over', { from, count: next - from, why })
    this.#acknowledged = next - 1
    await acknowledged.save(this.#acknowledged)
  }

  #woken(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve
      // Something may have come between the look at the journal and this moment.
      if (this.#stop.signal.aborted || (this.#tell && this.waiting > 0)) resolve()
    })
  }
}
