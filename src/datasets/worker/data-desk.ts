/**
 * The data of all tenants as main has it: a handle for each, opened when it is used and let go of when it is not, and two processes that
 * do all the reading and writing of databases.
 */
import { join } from 'node:path'
import { Cancelled, type Clock, describeError, every, type Log, type Random, Slots } from '../../base/mod.ts'
import { makePrivateFolder, removeFolder, syncFolder } from '../../host/mod.ts'
import {
  type DatabasePlace,
  type KeyAbout,
  type Keyring,
  type Progress,
  rotateDatabaseKey,
  rotateJournalKey,
} from '../../keys/mod.ts'
import { type CopyDatabase, removeDatabase, removeOtherGenerations } from '../../store/mod.ts'
import type { DataTenantId } from '../../wire/mod.ts'
import { type DataTenantsDeps, dataTenant, listDataTenants, removeDataTenantRow } from '../data-tenants.ts'
import type { LaunchDataWorker } from './data-process.ts'
import { LazyWorker } from './lazy-worker.ts'
import { type TenantData, TenantRoom } from './tenant-data.ts'
import { DATA_FOLDER, mayWait, tenantPlaces, tenantsIn } from './tenant-places.ts'

/** Tenants that import at the same time; each has a batch of a MiB in the writer. */
const IMPORTING_MAX = 4
/** Queries in the one process that reads, which runs one at a time: the clock of each begins when its turn has come. */
const QUERYING_MAX = 1
/** A journal that nobody uses is closed after a minute. */
const IDLE_MS = 60_000
const LOOK_MS = 15_000

export type DataDeskDeps = DataTenantsDeps & {
  /** The Runtime's data folder. */
  folder: string
  keyring: Keyring
  launch: LaunchDataWorker
  clock: Clock
  random: Random
  log: Log
}

/** Made once for a data folder; started before it is used, and closed. */
export class DataDesk {
  readonly #deps: DataDeskDeps
  readonly #folder: string
  readonly #workers: { writer: LazyWorker; reader: LazyWorker }
  readonly #rooms = new Map<DataTenantId, TenantRoom>()
  readonly #importing = new Slots(IMPORTING_MAX)
  readonly #querying = new Slots(QUERYING_MAX)
  readonly #over = new AbortController()
  /** Tenants that are known to be there. */
  readonly #there = new Set<DataTenantId>()
  #looking: Promise<void> = Promise.resolve()
  /** How many want journals to drop nothing. */
  #held = 0

  constructor(deps: DataDeskDeps) {
    this.#deps = deps
    this.#folder = join(deps.folder, DATA_FOLDER)
    this.#workers = { writer: new LazyWorker(deps), reader: new LazyWorker(deps) }
  }

  /** Makes the folder, removes what a removal left, and goes on with imports that were cut off, of each tenant that can be opened. */
  async start(): Promise<void> {
    const { clock, log } = this.#deps
    await makePrivateFolder(this.#folder)
    const tenants = await listDataTenants(this.#deps)
    await this.#removeLeftovers(new Set(tenants.map(({ id }) => id)))
    for (const { id } of tenants) {
      await this.#resume(id).catch((error) => {
        // Its uploads wait until somebody asks for it and it can be opened; the others have nothing to do with it.
        log.error('a data tenant cannot be opened', { tenant: id, error: describeError(error) })
      })
    }
    const signal = this.#over.signal
    this.#looking = every(LOOK_MS, { clock, signal, log }, async () => {
      for (const room of this.#rooms.values()) await room.closeIdle(IDLE_MS)
    })
  }

  /** The data of one tenant. Opens nothing yet. */
  of(tenant: DataTenantId): TenantData {
    return this.#room(tenant)
  }

  /**
   * Destroys all that belongs to a tenant: first its row, so that it is there for nobody, then its keys, then its files. What a crash
   * leaves is removed at the next start. Refuses `data_tenant.not_found`.
   */
  async remove(tenant: DataTenantId): Promise<void> {
    await removeDataTenantRow(this.#deps, tenant)
    this.#there.delete(tenant)
    await this.#room(tenant).alone(() => this.#destroy(tenant))
    this.#rooms.delete(tenant)
  }

  /** Where the databases are that were made, for a backup. */
  async databases(): Promise<DatabasePlace[]> {
    const { keyring } = this.#deps
    const tenants = await listDataTenants(this.#deps)
    return tenants
      .map(({ id }) => this.#room(id).access.place)
      .filter(({ id }) => keyring.placeOf('database', id).settled)
  }

  /**
   * Until the returned function is called no journal drops what was imported: a copy of a database, and a later one of the journal, then
   * fit together.
   */
  holdTrims(): () => void {
    this.#held++
    let held = true
    return () => {
      if (held) this.#held--
      held = false
    }
  }

  /** Gives the database and the journal of each tenant a new key, one after another; an interrupted one is gone on with. */
  async rotateKeys(copyDatabase: CopyDatabase, progress: Progress, signal: AbortSignal): Promise<void> {
    const { keyring } = this.#deps
    const cutOff = this.#keys().filter(({ rotating }) => rotating)
    const due = cutOff.length > 0 ? cutOff : this.#keys()
    // All are begun first, so that none is forgotten when it is cut off.
    for (const { purpose, id } of due) {
      const { current, next } = await keyring.beginRotation(purpose, id)
      current.fill(0)
      next.fill(0)
    }
    for (const [done, { purpose, id }] of due.entries()) {
      if (signal.aborted) throw new Cancelled('the rotation of the keys of data tenants was cut off')
      progress(done, due.length)
      const room = this.#room(id)
      if (purpose === 'database') await room.alone(() => this.#rotateDatabase(room, copyDatabase))
      else await room.withIntake(({ journal }) => rotateJournalKey(keyring, { id, journal }, undefined, signal))
    }
    progress(due.length, due.length)
  }

  /** Every key of a data tenant. */
  keys(): { purpose: string; id: string }[] {
    return this.#keys().map(({ purpose, id }) => ({ purpose, id }))
  }

  /** Ends both processes; what they were in the middle of is gone on with at the next start. */
  async close(): Promise<void> {
    this.#over.abort()
    const { writer, reader } = this.#workers
    for (const room of this.#rooms.values()) await room.stop()
    await Promise.all([writer.close(), reader.close()])
    await this.#looking
    for (const room of this.#rooms.values()) await room.close()
  }

  #keys(): (KeyAbout & { id: DataTenantId })[] {
    return this.#deps.keyring.list().flatMap((key) => (isTenant(key.id) ? [{ ...key, id: key.id }] : []))
  }

  /** Nobody has it open meanwhile: it goes on in the copy when it is opened next. */
  #rotateDatabase({ access: { place } }: TenantRoom, copyDatabase: CopyDatabase): Promise<void> {
    const database = {
      async move(_to: unknown, { copy, commit }: { copy: () => Promise<void>; commit: () => Promise<void> }) {
        await copy()
        await commit()
      },
    }
    return rotateDatabaseKey(this.#deps.keyring, { ...place, database }, copyDatabase)
  }

  /** Goes on with what waits of a tenant, if anything does. */
  async #resume(tenant: DataTenantId): Promise<void> {
    if (await mayWait(tenantPlaces(this.#folder, tenant))) await this.#room(tenant).resume()
  }

  #room(tenant: DataTenantId): TenantRoom {
    const known = this.#rooms.get(tenant)
    if (known) return known
    const { keyring, clock, random, log } = this.#deps
    const room = new TenantRoom(tenant, {
      ...{ folder: this.#folder, workers: this.#workers, keyring, clock, random, log },
      ...{ importing: this.#importing, querying: this.#querying },
      mayTrim: () => this.#held === 0,
      demand: () => this.#demand(tenant),
    })
    this.#rooms.set(tenant, room)
    return room
  }

  /** Asked before every use, so what was found is remembered; a handle of one that is not there is forgotten. */
  async #demand(tenant: DataTenantId): Promise<void> {
    if (this.#there.has(tenant)) return
    try {
      await dataTenant(this.#deps, tenant)
      this.#there.add(tenant)
    } catch (error) {
      this.#rooms.delete(tenant)
      throw error
    }
  }

  async #destroy(tenant: DataTenantId): Promise<void> {
    const { keyring } = this.#deps
    await keyring.destroy('database', tenant)
    await keyring.destroy('journal', tenant)
    await removeOtherGenerations(this.#folder, tenant, 1)
    await removeDatabase(join(this.#folder, `${tenant}.db`))
    await removeFolder(join(this.#folder, tenant))
    await syncFolder(this.#folder)
  }

  async #removeLeftovers(there: ReadonlySet<string>): Promise<void> {
    const keyed = this.#keys().map(({ id }) => id)
    for (const tenant of new Set([...keyed, ...(await tenantsIn(this.#folder))])) {
      if (!there.has(tenant)) await this.#destroy(tenant)
    }
  }
}

function isTenant(id: string): id is DataTenantId {
  return id.startsWith('dt_')
}
