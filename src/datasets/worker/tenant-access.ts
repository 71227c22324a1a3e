/** Asks the data workers about one tenant, whose database is opened there when it is not: only its own key ever goes with its name. */
import { base64url, codeOf } from '../../base/mod.ts'
import { type DatabasePlace, type Keyring, openKeptDatabase } from '../../keys/mod.ts'
import { type AskOf, type DataTenantId, type ReplyOf, WorkerGone } from '../../wire/mod.ts'
import type { DataAsks } from './data-process.ts'
import type { LazyWorker } from './lazy-worker.ts'
import type { QueryTurns } from './query-turns.ts'

/** `queries` has the processes that read, `sql` those that are each for one question in SQL. */
export type DataWorkers = { writer: LazyWorker; queries: QueryTurns; sql: QueryTurns }
type Role = 'writer' | 'reader'
/** Asks a process that has the database open; what stands around it begins with the work there. */
type Asking = <T>(ask: () => Promise<T>) => Promise<T>
/** What may be asked about a tenant once its database is open. */
export type Asks = Omit<DataAsks, 'open' | 'close'>
export type About<What extends keyof Asks> = Omit<AskOf<DataAsks, What>, 'tenant'>

type AccessKeys = Pick<Keyring, 'placeOf' | 'settle' | 'secretFor'>

const NOT_OPEN = 'data_worker.tenant_not_open'
/** What is asked again when the process ends meanwhile, and how often: as often as one document may end it, and once more. */
const LOOKS_MAX = 5
const LOOKS: ReadonlySet<keyof Asks> = new Set([
  ...([
    'datasets',
    'dataset',
    'position',
    'imports',
    'find-import',
    'find-document',
    'find-key',
    'known-imports',
    'class-changes',
    'group',
    'rollups',
    'sql-views',
    'retention',
    'changes',
    'reimport',
    'search',
    'indexes',
  ] as const),
])

export class TenantAccess {
  readonly place: DatabasePlace
  readonly #tenant: DataTenantId
  readonly #workers: DataWorkers
  readonly #keyring: AccessKeys
  #buildingIndexes = false
  /** Something may have come due while they were being built. */
  #indexesDue = false
  /** A writer of this process has brought the database to its schema. */
  #made = false

  /** `folder`: where databases of data tenants are. */
  constructor(tenant: DataTenantId, folder: string, deps: { workers: DataWorkers; keyring: AccessKeys }) {
    this.#tenant = tenant
    this.#workers = deps.workers
    this.#keyring = deps.keyring
    this.place = { folder, name: tenant, id: tenant }
  }

  /** What changes nothing is answered by a process that reads, while one is idle: the writer may be in the middle of a transaction. */
  async ask<What extends keyof Asks>(role: Role, what: What, about: About<What>): Promise<ReplyOf<DataAsks, What>> {
    for (let tries = 1; ; tries++) {
      const { writer, queries } = this.#workers
      const reader = role === 'reader' || LOOKS.has(what) ? queries.idleReader() : undefined
      try {
        return await this.#askOpened(reader ?? writer, what, about)
      } catch (error) {
        // The process ended over something else: what changes nothing is asked of the next.
        if (!(error instanceof WorkerGone) || !LOOKS.has(what) || tries === LOOKS_MAX) throw error
      }
    }
  }

  /** Asks that process, which is one of those that read. `around`: what stands around the query once the database is open there. */
  async query<What extends keyof Asks>(
    reader: LazyWorker,
    what: What,
    about: About<What>,
    around: Asking,
  ): Promise<ReplyOf<DataAsks, What>> {
    if (reader.pid === undefined) await this.#open(reader)
    return this.#askOpened(reader, what, about, around)
  }

  /** The workers that run let go of its files, as those do that end meanwhile. */
  async close(): Promise<void> {
    const { writer, queries } = this.#workers
    for (const worker of [...queries.readers, writer]) await worker.askRunning('close', { tenant: this.#tenant })
  }

  async #askOpened<What extends keyof Asks>(
    worker: LazyWorker,
    what: What,
    about: About<What>,
    around: Asking = (ask) => ask(),
  ): Promise<ReplyOf<DataAsks, What>> {
    const body = { ...about, tenant: this.#tenant } as AskOf<DataAsks, What>
    try {
      return await around(() => worker.ask(what, body))
    } catch (error) {
      if (codeOf(error) !== NOT_OPEN) throw error
    }
    await this.#open(worker)
    return around(() => worker.ask(what, body))
  }

  async #open(worker: LazyWorker): Promise<void> {
    const { writer } = this.#workers
    const role = worker === writer ? 'writer' : 'reader'
    if (role === 'reader' && !this.#made) await this.#open(writer)
    await openKeptDatabase(this.#keyring, this.place, (path, key) =>
      worker.ask('open', { tenant: this.#tenant, path, key: base64url(key), role }),
    )
    this.#made = true
    if (role === 'writer') void this.buildRollups()
    if (role === 'writer') void this.buildIndexes()
  }

  /**
   * Builds what rollups are not built, as long as the writer is there: whoever asks meanwhile is answered without them, and an end, of the
   * process or of its leave to use the database, is only a pause until it is opened next.
   */
  async buildRollups(): Promise<void> {
    await this.#workers.writer.askRunning('build-rollups', { tenant: this.#tenant }).catch(() => undefined)
  }

  /** Goes on with what a process that is gone has left to be built. */
  async resumeBuilding(): Promise<void> {
    await this.#open(this.#workers.writer)
  }

  /** Puts records into indexes, of words too, in the same way; asked for after every import. */
  async buildIndexes(): Promise<void> {
    this.#indexesDue = true
    if (this.#buildingIndexes) return
    this.#buildingIndexes = true
    try {
      while (this.#indexesDue) {
        this.#indexesDue = false
        await this.#workers.writer.askRunning('build-indexes', { tenant: this.#tenant })
      }
    } catch {
      // It goes on when the database is opened next.
    } finally {
      this.#buildingIndexes = false
    }
  }
}
