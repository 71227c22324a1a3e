/**
 * The data of all tenants as main has it: a handle for each, opened when it is used and let go of when it is not, and the processes that
 * do all the reading and writing of databases.
 */
import { join } from 'node:path'
import { Cancelled, type Clock, describeError, every, type Log, type Random } from '../../base/mod.ts'
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
import {
  beginRemoval,
  type DataTenantsDeps,
  dataTenant,
  listDataTenants,
  removeDataTenantRow,
  removingDataTenants,
} from '../data-tenants.ts'
import { ExportsRunning } from '../export/exporting.ts'
import { WaitingRoom } from '../intake/waiting-room.ts'
import { removeForgotten } from '../partial/partial-uploads.ts'
import { RetentionMarks } from '../retention/retention-marks.ts'
import type { LaunchDataWorker } from './data-process.ts'
import { ImportTurns } from './import-turns.ts'
import { LazyWorker } from './lazy-worker.ts'
import { QueryTurns } from './query-turns.ts'
import type { DataWorkers } from './tenant-access.ts'
import type { TenantData } from './tenant-data.ts'
import { DATA_FOLDER, mayWait, tenantPlaces, tenantsIn } from './tenant-places.ts'
import { TenantRoom } from './tenant-room.ts'

/** Processes that read, each with one query at a time; the second is started when the first has one. */
const READERS = 2
/** Questions in SQL at once, each of another tenant in a process of its own. */
export const SQL_AT_ONCE = 2
/** A journal that nobody uses is closed after a minute. */
const IDLE_MS = 60_000
const LOOK_MS = 15_000
/** How often pieces of forgotten uploads are looked for. */
const FORGET_MS = 3_600_000

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
  readonly #workers: DataWorkers
  readonly #rooms = new Map<DataTenantId, TenantRoom>()
  readonly #importing: ImportTurns
  readonly #exports = new ExportsRunning()
  readonly #retentions: RetentionMarks
  readonly #waitingRoom = new WaitingRoom()
  readonly #over = new AbortController()
  /** Tenants that are known to be there. */
  readonly #there = new Set<DataTenantId>()
  #looking: Promise<unknown> = Promise.resolve()
  /** How many want journals to drop nothing. */
  #held = 0

  constructor(deps: DataDeskDeps) {
    this.#deps = deps
    this.#folder = join(deps.folder, DATA_FOLDER)
    this.#retentions = new RetentionMarks(deps.db)
    const turnsOf = (length: number) =>
      new QueryTurns(
        deps.clock,
        Array.from({ length }, () => new LazyWorker(deps)),
      )
    this.#workers = { writer: new LazyWorker(deps), queries: turnsOf(READERS), sql: turnsOf(SQL_AT_ONCE) }
    this.#importing = new ImportTurns(deps.clock)
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
    const regularly = { clock, log, signal: this.#over.signal }
    const idle = every(LOOK_MS, regularly, async () => {
      for (const room of this.#rooms.values()) await room.closeIdle(IDLE_MS)
    })
    const forgotten = every(FORGET_MS, regularly, async () => {
      for (const tenant of await tenantsIn(this.#folder))
        await removeForgotten(tenantPlaces(this.#folder, tenant).partial, clock.now())
    })
    this.#looking = Promise.all([idle, forgotten])
  }

  /** The data of one tenant. Opens nothing yet. */
  of(tenant: DataTenantId): TenantData {
    return this.#room(tenant).data
  }

  /**
   * Destroys all that belongs to a tenant: at once it is there for nobody, then its keys go, then its files. Its row goes last, once
   * `finish` has done what is due elsewhere: what a crash leaves is destroyed at the next start, and `removing` names whom this is to
   * be asked for again. Refuses `data_tenant.not_found`.
   */
  async remove(tenant: DataTenantId, finish: () => Promise<void> = async () => undefined): Promise<void> {
    await beginRemoval(this.#deps, tenant, this.#deps.clock.now())
    this.#there.delete(tenant)
    const room = this.#room(tenant)
    await room.partial.stop()
    await room.alone(() => this.#destroy(tenant))
    this.#rooms.delete(tenant)
    await finish()
    await removeDataTenantRow(this.#deps, tenant)
  }

  /** Those whose removal was cut off. */
  removing(): Promise<DataTenantId[]> {
    return removingDataTenants(this.#deps)
  }

  /** Those that may not keep everything for ever; no other's database need be opened to look for what is too old. */
  async retained(): Promise<DataTenantId[]> {
    const there = new Set<string>((await this.databases()).map(({ id }) => id))
    return (await this.#retentions.marked()).filter((id) => there.has(id))
  }

  /** After a restore: any of them may have a retention by now. */
  supposeRetentions(): Promise<void> {
    return this.#retentions.markAll()
  }

  /** Removes of one of them what was older at that time than its datasets keep it. Refuses `data_tenant.not_found`. */
  async retain(
    tenant: DataTenantId,
    nowMs: number,
    signal: AbortSignal,
  ): Promise<{ records: number; documents: number }> {
    const room = this.#room(tenant)
    if (!(await this.#retentions.looked(tenant, () => room.hasRetention()))) return { records: 0, documents: 0 }
    return room.retain(nowMs, AbortSignal.any([signal, this.#over.signal]))
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

  /** Ends all processes; what they were in the middle of is gone on with at the next start. */
  async close(): Promise<void> {
    this.#over.abort()
    const { writer, queries, sql } = this.#workers
    for (const room of this.#rooms.values()) await room.stop()
    await Promise.all([writer, ...queries.readers, ...sql.readers].map((worker) => worker.close()))
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
      ...{ importing: this.#importing, exports: this.#exports, waitingRoom: this.#waitingRoom },
      mayTrim: () => this.#held === 0,
      demand: () => this.#demand(tenant),
      settingRetention: (work) => this.#retentions.setting(tenant, work),
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
