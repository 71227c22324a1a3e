/** Asks the data workers about one tenant, whose database is opened there when it is not: only its own key ever goes with its name. */
import { base64url, codeOf } from '../../base/mod.ts'
import { type DatabasePlace, type Keyring, openKeptDatabase } from '../../keys/mod.ts'
import { type AskOf, type DataTenantId, type ReplyOf, WorkerGone } from '../../wire/mod.ts'
import type { DataAsks } from './data-process.ts'
import type { LazyWorker } from './lazy-worker.ts'

export type DataWorkers = { writer: LazyWorker; reader: LazyWorker }
type Role = keyof DataWorkers
type Asks = Omit<DataAsks, 'open' | 'close'>
type About<What extends keyof Asks> = Omit<AskOf<DataAsks, What>, 'tenant'>

type AccessKeys = Pick<Keyring, 'placeOf' | 'settle' | 'secretFor'>

const NOT_OPEN = 'data_worker.tenant_not_open'
/** What is asked again when the process ends meanwhile, and how often: as often as one document may end it, and once more. */
const LOOKS_MAX = 4
const LOOKS: ReadonlySet<keyof Asks> = new Set([
  ...(['datasets', 'dataset', 'position', 'imports', 'find-import', 'find-key', 'known-imports'] as const),
])

export class TenantAccess {
  readonly place: DatabasePlace
  readonly #tenant: DataTenantId
  readonly #workers: DataWorkers
  readonly #keyring: AccessKeys
  /** A writer of this process has brought the database to its schema. */
  #made = false

  /** `folder`: where databases of data tenants are. */
  constructor(tenant: DataTenantId, folder: string, deps: { workers: DataWorkers; keyring: AccessKeys }) {
    this.#tenant = tenant
    this.#workers = deps.workers
    this.#keyring = deps.keyring
    this.place = { folder, name: tenant, id: tenant }
  }

  async ask<What extends keyof Asks>(role: Role, what: What, about: About<What>): Promise<ReplyOf<DataAsks, What>> {
    const body = { ...about, tenant: this.#tenant } as AskOf<DataAsks, What>
    for (let tries = 1; ; tries++) {
      try {
        return await this.#askOpened(role, what, body)
      } catch (error) {
        // The process ended over something else: what changes nothing is asked of the next.
        if (!(error instanceof WorkerGone) || !LOOKS.has(what) || tries === LOOKS_MAX) throw error
      }
    }
  }

  /** The workers that run let go of its files, as those do that end meanwhile. */
  async close(): Promise<void> {
    const { writer, reader } = this.#workers
    await reader.askRunning('close', { tenant: this.#tenant })
    await writer.askRunning('close', { tenant: this.#tenant })
  }

  async #askOpened<What extends keyof Asks>(
    role: Role,
    what: What,
    body: AskOf<DataAsks, What>,
  ): Promise<ReplyOf<DataAsks, What>> {
    try {
      return await this.#workers[role].ask(what, body)
    } catch (error) {
      if (codeOf(error) !== NOT_OPEN) throw error
    }
    if (role === 'reader' && !this.#made) await this.#open('writer')
    await this.#open(role)
    return this.#workers[role].ask(what, body)
  }

  async #open(role: Role): Promise<void> {
    await openKeptDatabase(this.#keyring, this.place, (path, key) =>
      this.#workers[role].ask('open', { tenant: this.#tenant, path, key: base64url(key), role }),
    )
    this.#made = true
  }
}
