/** One tenant's data as main has it: its files, used side by side or let go of and left to one alone, and what goes on with them. */
import { type Clock, codeOf, describeError, type Log, type Random } from '../../base/mod.ts'
import type { Keyring } from '../../keys/mod.ts'
import type { DataTenantId } from '../../wire/mod.ts'
import type { ExportsRunning } from '../export/exporting.ts'
import type { Intake } from '../intake/intake.ts'
import type { WaitingRoom } from '../intake/waiting-room.ts'
import type { PartialUploads } from '../partial/partial-uploads.ts'
import { retainIn } from './data/keeping.ts'
import { uploadsOf } from './data/uploads.ts'
import { Gate } from './gate.ts'
import type { ImportTurns } from './import-turns.ts'
import { KnownDatasets } from './known-datasets.ts'
import { type DataWorkers, TenantAccess } from './tenant-access.ts'
import { type TenantData, tenantData } from './tenant-data.ts'
import { TenantIntake } from './tenant-intake.ts'
import type { TenantParts } from './tenant-parts.ts'
import { mayWait, tenantPlaces } from './tenant-places.ts'
import { TenantReimports } from './tenant-reimports.ts'

export type TenantDeps = {
  /** Where the data of all tenants is. */
  folder: string
  workers: DataWorkers
  keyring: Pick<Keyring, 'placeOf' | 'settle' | 'secretFor' | 'pair'>
  /** Refuses `data_tenant.not_found`. */
  demand: () => Promise<void>
  /** Does what may set a retention, and sees to it that what is too old is looked for from then on. */
  settingRetention: <T>(work: () => Promise<T>) => Promise<T>
  /** Whether journals may drop what is imported now. */
  mayTrim: () => boolean
  importing: ImportTurns
  exports: ExportsRunning
  waitingRoom: WaitingRoom
  clock: Clock
  random: Random
  log: Log
}

export class TenantRoom {
  readonly access: TenantAccess
  readonly data: TenantData
  readonly partial: PartialUploads
  readonly #deps: TenantDeps
  readonly #parts: TenantParts
  readonly #gate = new Gate()
  #isStopped = false
  #usedAtMs: number

  constructor(tenant: DataTenantId, deps: TenantDeps) {
    this.#deps = deps
    this.access = new TenantAccess(tenant, deps.folder, deps)
    this.#parts = this.#partsOf(tenant)
    const uploads = uploadsOf(this.#parts)
    this.partial = uploads.partial
    this.data = tenantData(this.#parts, uploads)
    this.#usedAtMs = deps.clock.monotonic()
  }

  /** Goes on with what waits, if anything does. */
  async resume(): Promise<void> {
    await this.withIntake(async () => undefined)
  }

  /** Does something with the tenant's files while nobody has them open; what is asked meanwhile waits, and what is due goes on then. */
  async alone<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await this.#gate.alone(async () => {
        await this.#letGo()
        return work()
      })
    } finally {
      this.#goOn()
    }
  }

  /** Works with its journal, opened if need be. */
  withIntake<T>(work: (intake: Intake) => Promise<T>): Promise<T> {
    return this.#pass(async () => work(await this.#parts.intake.open()))
  }

  /** Whether any of its datasets does not keep everything for ever. */
  async hasRetention(): Promise<boolean> {
    return (await this.#parts.ask('writer', 'retained', {})).datasets.length > 0
  }

  /** Removes what was too old at that time, and tells how much that was. */
  retain(nowMs: number, signal: AbortSignal): Promise<{ records: number; documents: number }> {
    return retainIn(this.#parts, nowMs, signal)
  }

  /** Closes the journal of a tenant that nobody has asked for in that time and that has nothing waiting. */
  async closeIdle(idleMs: number): Promise<void> {
    const { intake, reimports } = this.#parts
    const idle = this.#deps.clock.monotonic() - this.#usedAtMs >= idleMs
    if (!idle || !intake.isOpen || !this.#gate.free || (await intake.open()).waiting > 0) return
    if (reimports.isRunning) return
    await this.alone(async () => undefined)
  }

  /** Begins no further import, and cuts off what comes in pieces. */
  async stop(): Promise<void> {
    const { intake, reimports } = this.#parts
    this.#isStopped = true
    await this.partial.stop()
    reimports.stop()
    await intake.stop()
  }

  /** Lets go of the journal once what is under way has ended. */
  async close(): Promise<void> {
    const { intake, reimports } = this.#parts
    await reimports.close()
    await intake.close()
  }

  #partsOf(tenant: DataTenantId): TenantParts {
    const { access } = this
    const { folder, demand, settingRetention, workers, exports, clock, random } = this.#deps
    const places = tenantPlaces(folder, tenant)
    const reimports = new TenantReimports({ ...this.#deps, tenant, access, places })
    const intake = new TenantIntake({ ...this.#deps, tenant, access, places, onOpened: () => reimports.wake() })
    return {
      ...{ tenant, access, places, reimports, intake, demand, settingRetention, workers, exports, clock, random },
      known: new KnownDatasets(access),
      pass: (work) => this.#pass(work),
      ask: (role, what, about) => this.#pass(() => access.ask(role, what, about)),
      resumeBuilding: () => void this.#pass(() => access.resumeBuilding()).catch(() => undefined),
    }
  }

  async #pass<T>(work: () => Promise<T>): Promise<T> {
    this.#usedAtMs = this.#deps.clock.monotonic()
    return this.#gate.pass(async () => {
      await this.#deps.demand()
      return work()
    })
  }

  async #letGo(): Promise<void> {
    const { intake, reimports } = this.#parts
    const closeIntake = await intake.letGo()
    const closeReimports = reimports.letGo()
    try {
      // An import that is under way ends with the database that it writes to.
      await this.access.close()
    } finally {
      await closeReimports()
      await closeIntake()
    }
  }

  /** What waits of a journal that was let go of is imported though nobody asks. */
  #goOn(): void {
    if (this.#isStopped) return
    const { tenant, places } = this.#parts
    mayWait(places)
      .then((waits) => (waits && !this.#isStopped ? this.resume() : undefined))
      .catch((error) => {
        // One that is removed has nothing waiting; what cannot be opened now waits until somebody asks.
        if (codeOf(error) === 'data_tenant.not_found') return
        this.#deps.log.error('a data tenant cannot be opened', { tenant, error: describeError(error) })
      })
  }
}
