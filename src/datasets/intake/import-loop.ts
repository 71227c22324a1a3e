/** Carries what waits in the journal to the tenant's database, batch by batch in order, again after every failure until it is there. */
import { backoffMs, base64url, type Clock, describeError, type Log, pause, type Random } from '../../base/mod.ts'
import type { Journal, JournalEntry } from '../../store/mod.ts'
import { type ImportId, type TakenDocument, WorkerGone } from '../../wire/mod.ts'
import { objectPath, removeObjects } from '../raw/objects.ts'
import { decodeEntry } from './entry.ts'
import { readOn } from './read-on.ts'

/** One question to the worker: 1 MiB of JSON as base64. Small documents share a transaction there. */
const BATCH_BYTES_MAX = 786_432
const BATCH_DOCUMENTS_MAX = 1_000
/** The journal gives back what is imported once it is this much, and when nothing waits any more and it is closed. */
const TRIM_BYTES = 8_388_608
/** A document that ended so many processes in a row is passed over. */
const CRASHES_MAX = 3
const BACKOFF = { firstMs: 200, longestMs: 30_000 }

/** What the loop has done by a worker. */
export type ImportByWorker = {
  /** Up to which position all is imported. */
  position(): Promise<number>
  /** All of these, or fewer when others wait. */
  import(documents: TakenDocument[], othersWait: AbortSignal): Promise<{ position: number; gone: ImportId[] }>
  refuse(document: TakenDocument): Promise<{ position: number }>
}

/** Runs `work` in the tenant's turn to import; with nobody beside it, if it is to be alone. The signal tells that others wait. */
export type TakeTurn = (isAlone: boolean, work: (othersWait: AbortSignal) => Promise<void>) => Promise<void>

export type ImportLoopDeps = {
  tenant: string
  journal: Journal
  objects: string
  worker: ImportByWorker
  turn: TakeTurn
  clock: Clock
  random: Random
  log: Log
  reached: number
  /** Whether what is imported may be dropped now. */
  mayTrim: () => boolean
  onImported: (imports: ImportId[]) => void
}

export class ImportLoop {
  readonly #deps: ImportLoopDeps
  readonly #over = new AbortController()
  #reached: number
  #running: Promise<void> | undefined
  #trimmable = 0
  /** A process ended over these documents or another tenant's: up to this position each goes alone, so that it is known over which. */
  #singlyThrough = 0
  /** The document over which processes ended, and how often. */
  #crash = { position: 0, times: 0 }

  constructor(deps: ImportLoopDeps) {
    this.#deps = deps
    this.#reached = deps.reached
  }

  /** Something waits, perhaps. */
  wake(): void {
    if (this.#running || this.#over.signal.aborted || !this.#more) return
    this.#running = this.#run().finally(() => {
      this.#running = undefined
      // What came in the moment of ending.
      this.wake()
    })
  }

  /** Begins nothing more. */
  stop(): void {
    this.#over.abort()
  }

  /** Resolves when nothing is under way; what was asked of the worker is waited for. */
  async close(): Promise<void> {
    this.stop()
    await this.#running
    if (!this.#more && this.#trimmable > 0) await this.#trim()
  }

  /** Gives back what is imported, whatever little that is; says whether nothing of it is left. */
  async dropImported(): Promise<boolean> {
    const { journal, mayTrim } = this.#deps
    const reached = this.#reached
    if (mayTrim()) await journal.trim(reached)
    return journal.firstPosition > reached
  }

  get #isSuspect(): boolean {
    return this.#reached < this.#singlyThrough
  }

  get #more(): boolean {
    return this.#reached < this.#deps.journal.nextPosition - 1
  }

  async #run(): Promise<void> {
    const { clock, random, log, tenant } = this.#deps
    const { signal } = this.#over
    for (let failures = 0; this.#more && !signal.aborted; ) {
      try {
        // Read in its turn, too: whoever waits holds no documents in memory.
        await this.#deps.turn(this.#isSuspect, (othersWait) => this.#step(othersWait))
        failures = 0
      } catch (error) {
        if (signal.aborted) return
        failures++
        log.error('an import was cut off and is tried again', { tenant, error: describeError(error) })
        await pause(clock, backoffMs(failures, BACKOFF, random), signal)
      }
    }
  }

  async #step(othersWait: AbortSignal): Promise<void> {
    const { worker, onImported, objects, journal } = this.#deps
    if (this.#over.signal.aborted) return
    const singly = this.#isSuspect
    // What is appended while we read is not among what was passed over.
    const end = journal.nextPosition
    const bounds = { countMax: singly ? 1 : BATCH_DOCUMENTS_MAX, bytesMax: BATCH_BYTES_MAX }
    const entries = await readOn(this.#deps, this.#reached + 1, bounds)
    const [first] = entries
    this.#reached = (first?.position ?? end) - 1
    if (!first) return
    const documents = entries.map((entry) => documentOf(entry, objects))
    const [alone] = documents
    let { position } = entries.at(-1) ?? first
    if (alone && this.#crash.times >= CRASHES_MAX && this.#crash.position === first.position) {
      await worker.refuse(alone)
    } else {
      const carried = await this.#carried(documents, { singly, othersWait })
      const { gone } = carried
      // It was asked to pause before the last of them, if others wait.
      position = Math.min(position, carried.position)
      const files = documents.filter(({ header, content }) => content.kept === 'file' && gone.includes(header.import))
      if (files.length > 0)
        await removeObjects(
          objects,
          files.map(({ header }) => header.import),
        )
    }
    this.#reached = Math.max(this.#reached, position)
    onImported(documents.filter((one) => one.position <= position).map(({ header }) => header.import))
    for (const one of entries) if (one.position <= position) this.#trimmable += one.entry.byteLength
    if (this.#trimmable >= TRIM_BYTES) await this.#trim()
  }

  async #carried(
    documents: TakenDocument[],
    { singly, othersWait }: { singly: boolean; othersWait: AbortSignal },
  ): Promise<{ position: number; gone: ImportId[] }> {
    try {
      return await this.#deps.worker.import(documents, othersWait)
    } catch (error) {
      if (error instanceof WorkerGone) this.#noteCrash(documents, singly)
      throw error
    }
  }

  #noteCrash(documents: TakenDocument[], singly: boolean): void {
    const [first] = documents
    if (!first) return
    this.#singlyThrough = Math.max(this.#singlyThrough, documents.at(-1)?.position ?? 0)
    // Beside others it may have been any of them.
    if (!singly) return
    const { position, times } = this.#crash
    this.#crash = { position: first.position, times: position === first.position ? times + 1 : 1 }
  }

  async #trim(): Promise<void> {
    if (!this.#deps.mayTrim()) return
    this.#trimmable = 0
    await this.#deps.journal.trim(this.#reached)
  }
}

function documentOf({ position, entry }: JournalEntry, objects: string): TakenDocument {
  const { header, document } = decodeEntry(entry)
  if (header.objectKey === undefined) {
    return { position, header, content: { kept: 'here', document: base64url(document) } }
  }
  return { position, header, content: { kept: 'file', path: objectPath(objects, header.import) } }
}
