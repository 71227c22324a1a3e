/** The dead letters of all deployments: through the worker that has them open, or, between workers, from the journal itself. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Bytes, Clock } from '../../base/mod.ts'
import type { Keyring } from '../../keys/mod.ts'
import { DEAD_LETTERS_MAX } from '../../wire/mod.ts'
import { Turns } from '../deployments/turns.ts'
import { WorkerGone } from '../errors.ts'
import type { WorkerProcess } from '../supervision/worker-process.ts'
import { DEAD_LETTER_BYTES_MAX } from '../supervision/worker-start.ts'
import { DeadLetterJournal, type DeadLetterPage } from './dead-letter-journal.ts'

export type DeadLetterDeskDeps = {
  folder: string
  keyring: Pick<Keyring, 'secretFor'>
  workers: { worker(deployment: string): WorkerProcess | undefined }
  /** Told how many letters wait, whenever that was seen. */
  onCount: (deployment: string, count: number) => void
  clock: Clock
}

export class DeadLetterDesk {
  readonly #deps: DeadLetterDeskDeps
  readonly #turns = new Turns()

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

  /** Letters from a position on, at most `limit` (256). */
  async list(deployment: string, options: { from: number; limit: number }): Promise<DeadLetterPage> {
    const limit = Math.min(options.limit, DEAD_LETTERS_MAX)
    return this.#either(
      deployment,
      async (worker) => {
        const page = await worker.ask('dead-letters-list', { from: options.from, limit })
        this.#deps.onCount(deployment, Math.max(0, page.next - page.first))
        return page
      },
      (journal) => journal?.list(options.from, limit) ?? Promise.resolve({ letters: [], first: 1, next: 1 }),
    )
  }

  /** Drops letters up to and including a position; answers how many. */
  async drop(deployment: string, through: number): Promise<number> {
    return this.#either(
      deployment,
      async (worker) => {
        const { dropped } = await worker.ask('dead-letters-drop', { through })
        const { first, next } = await worker.ask('dead-letters-list', { from: 1, limit: 0 })
        this.#deps.onCount(deployment, Math.max(0, next - first))
        return dropped
      },
      (journal) => journal?.drop(through) ?? Promise.resolve(0),
    )
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
        if (!(error instanceof WorkerGone)) throw error
        // Its channel closes with its process.
        await worker.exited
      }
    }
  }

  /** A deployment that never ran has no letters: nothing is made for it. */
  #opened<T>(deployment: string, work: (journal: DeadLetterJournal | undefined) => Promise<T>): Promise<T> {
    return this.#turns.run(deployment, async () => {
      const { folder: root, keyring, clock } = this.#deps
      const folder = join(root, 'deployments', deployment, 'dead-letters')
      if (!existsSync(folder)) return work(undefined)
      const key = await keyring.secretFor('dead-letters', deployment)
      const journal = await DeadLetterJournal.open({ folder, key, bytesMax: DEAD_LETTER_BYTES_MAX, clock })
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
