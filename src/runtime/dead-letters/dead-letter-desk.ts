/** The dead letters of all deployments: through the worker that has them open, or, between workers, from the journal itself. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type Bytes, type Clock, codeOf, KeyedTurns, type Random } from '../../base/mod.ts'
import type { Keyring } from '../../keys/mod.ts'
import type { JournalClosed } from '../../store/mod.ts'
import { DEAD_LETTERS_MAX, type DeadLetterEntry, type DeadLetterSelection, WorkerGone } from '../../wire/mod.ts'
import { DeadLetterGone } from '../errors.ts'
import type { WorkerProcess } from '../supervision/worker-process.ts'
import { DEAD_LETTER_BYTES_MAX } from '../supervision/worker-start.ts'
import { DeadLetterJournal, type DeadLetterPage, type LetterFilter } from './dead-letter-journal.ts'
import type { ReasonCount } from './letter-index.ts'

export type DeadLetterDeskDeps = {
  folder: string
  keyring: Pick<Keyring, 'secretFor'>
  workers: { worker(deployment: string): WorkerProcess | undefined }
  /** Told how many letters wait, whenever that was seen. */
  onCount: (deployment: string, count: number) => void
  clock: Clock
  random: Random
}

/** Deployments without a worker of which the reasons are kept counted: 64 × some hundred reasons × ~100 B < 1 MiB. */
const COUNTED_MAX = 64

/** What a worker says whose flow has ended. */
const CLOSED = 'journal.closed' satisfies JournalClosed['code']

export class DeadLetterDesk {
  readonly #deps: DeadLetterDeskDeps
  readonly #counted = new Map<string, { revision: string; counts: ReasonCount[] }>()
  readonly #turns = new KeyedTurns()

  constructor(deps: DeadLetterDeskDeps) {
    this.#deps = deps
  }

  /** Where a deployment's letters are and their key, for the worker that is about to open them. */
  async handOver(deployment: string): Promise<{ folder: string; key: Bytes }> {
    // Whatever main reads of them at this moment is finished first.
    return this.#turns.run(deployment, async () => ({
      folder: join(this.#deps.folder, 'deployments', deployment, 'dead-letters'),
      key: await this.#deps.keyring.secretFor('dead-letters', deployment),
    }))
  }

  /** Letters from a number on, at most `limit` (256); with a filter those that match it. */
  async list(
    deployment: string,
    { from, limit: wanted, ...filter }: { from: number; limit: number } & LetterFilter,
  ): Promise<DeadLetterPage> {
    const limit = Math.min(wanted, DEAD_LETTERS_MAX)
    return this.#either(
      deployment,
      async (worker) => {
        const { waiting, resume, ...page } = await worker.ask('dead-letters-list', { from, limit, ...filter })
        this.#deps.onCount(deployment, waiting)
        return { ...page, ...(resume !== undefined && { resume }) }
      },
      (journal) => journal?.list(from, limit, filter) ?? Promise.resolve({ letters: [], first: 1, next: 1 }),
    )
  }

  /** One letter; refuses `dead_letter.not_found`. */
  async find(deployment: string, number: number): Promise<DeadLetterEntry> {
    const { letters } = await this.list(deployment, { from: number, limit: 1 })
    const [letter] = letters
    if (letter?.number !== number) throw new DeadLetterGone(`there is no refused record ${number}`)
    return letter
  }

  /** How many wait for which reason, the most frequent first. */
  async counts(deployment: string): Promise<ReasonCount[]> {
    return this.#either(
      deployment,
      async (worker) => (await worker.ask('dead-letters-counts', {})).counts,
      async (journal) => {
        if (!journal) return []
        const kept = this.#counted.get(deployment)
        if (kept?.revision === journal.revision) return kept.counts
        const counts = await journal.counts()
        this.#counted.set(deployment, { revision: journal.revision, counts })
        const [oldest] = this.#counted.keys()
        if (this.#counted.size > COUNTED_MAX && oldest !== undefined) this.#counted.delete(oldest)
        return counts
      },
    )
  }

  /** Drops letters for good; answers how many. */
  async drop(deployment: string, selection: DeadLetterSelection): Promise<number> {
    return this.#either(
      deployment,
      async (worker) => {
        const { dropped, left } = await worker.ask('dead-letters-drop', selection)
        this.#deps.onCount(deployment, left)
        return dropped
      },
      (journal) => journal?.drop(selection) ?? Promise.resolve(0),
    )
  }

  /**
   * Lets letters go through the component that refused them again, if that is one of `takers`; answers how many, how many of the chosen
   * have no such component, and whether all that waits is taken: by a worker that runs by now, and in which their component has not
   * ended. Where it is not, it has its place in the row, and goes with the next start.
   */
  async replay(
    deployment: string,
    selection: DeadLetterSelection,
    takers: readonly string[],
  ): Promise<{ queued: number; gone: number; taken: boolean }> {
    return this.#either(
      deployment,
      async (worker) => {
        const { ending, ...done } = await worker.ask('dead-letters-replay', { ...selection, takers: [...takers] })
        return { ...done, taken: !ending }
      },
      async (journal) => {
        const done = await journal?.queue({ ...selection, takers })
        return { queued: done?.queued ?? 0, gone: done?.gone ?? 0, taken: !done?.waiting }
      },
    )
  }

  /** Does something with a deployment's letters while nobody else opens them; a worker that wants to waits. */
  exclusively<T>(deployment: string, work: () => Promise<T>): Promise<T> {
    return this.#turns.run(deployment, work)
  }

  /** Resolves when nothing is open any more. */
  close(): Promise<void> {
    return this.#turns.idle()
  }

  /** By the worker, or, when it is gone or ends while it is asked, by the journal. */
  async #either<T>(
    deployment: string,
    ask: (worker: WorkerProcess) => Promise<T>,
    read: (journal: DeadLetterJournal | undefined) => Promise<T>,
  ): Promise<T> {
    for (;;) {
      const worker = this.#deps.workers.worker(deployment)
      if (!worker) return this.#opened(deployment, read)
      try {
        return await ask(worker)
      } catch (error) {
        if (!(error instanceof WorkerGone) && codeOf(error) !== CLOSED) throw error
        // Its channel closes with its process, which closes the letters first.
        await worker.exited
      }
    }
  }

  /** A deployment that never ran has no letters: nothing is made for it. */
  #opened<T>(deployment: string, work: (journal: DeadLetterJournal | undefined) => Promise<T>): Promise<T> {
    return this.#turns.run(deployment, async () => {
      const { folder: root, keyring, clock, random } = this.#deps
      const folder = join(root, 'deployments', deployment, 'dead-letters')
      if (!existsSync(folder)) return work(undefined)
      const key = await keyring.secretFor('dead-letters', deployment)
      const journal = await DeadLetterJournal.open({ folder, key, bytesMax: DEAD_LETTER_BYTES_MAX, clock, random })
      try {
        const done = await work(journal)
        this.#deps.onCount(deployment, journal.count)
        return done
      } finally {
        await journal.close()
      }
    })
  }
}
