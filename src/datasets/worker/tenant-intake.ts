/** The journal of one tenant's uploads, opened when it is asked for and let go of when it is not; all of it within the tenant's gate. */
import type { Clock, Log, Random } from '../../base/mod.ts'
import type { Keyring } from '../../keys/mod.ts'
import type { DataTenantId, ImportId, TakenDocument } from '../../wire/mod.ts'
import { Intake } from '../intake/intake.ts'
import type { WaitingRoom } from '../intake/waiting-room.ts'
import type { ImportTurns } from './import-turns.ts'
import { pausable } from './pausable.ts'
import type { TenantAccess } from './tenant-access.ts'
import type { TenantPlaces } from './tenant-places.ts'

export type TenantIntakeDeps = {
  tenant: DataTenantId
  access: TenantAccess
  places: TenantPlaces
  keyring: Pick<Keyring, 'placeOf' | 'settle' | 'pair'>
  /** Whether journals may drop what is imported now. */
  mayTrim: () => boolean
  importing: ImportTurns
  waitingRoom: WaitingRoom
  onOpened: () => void
  clock: Clock
  random: Random
  log: Log
}

export class TenantIntake {
  /** Imports whose documents are on their way in: their files are nobody's to remove. */
  readonly underWay = new Set<ImportId>()
  readonly #deps: TenantIntakeDeps
  #opened: Promise<Intake> | undefined
  /** Whether the files of uploads that were never acknowledged are removed since this process began. */
  #swept = false

  constructor(deps: TenantIntakeDeps) {
    this.#deps = deps
  }

  get isOpen(): boolean {
    return this.#opened !== undefined
  }

  /** The one that is open, or a new one, which goes on with what waits. */
  open(): Promise<Intake> {
    this.#opened ??= this.#open().catch((error) => {
      this.#opened = undefined
      throw error
    })
    return this.#opened
  }

  /** A file may be there that nobody was told of: it is removed when the journal is opened next. */
  sweepNext(): void {
    this.#swept = false
  }

  /** Imports nothing more. */
  async stop(): Promise<void> {
    ;(await this.#opened?.catch(() => undefined))?.stop()
  }

  /** Stops the one that is open, which the returned function closes; another may be opened then. */
  async letGo(): Promise<() => Promise<void>> {
    const opened = this.#opened
    // A stopped one takes nothing more, whatever fails after.
    this.#opened = undefined
    const intake = await opened?.catch(() => undefined)
    intake?.stop()
    return async () => intake?.close()
  }

  /** Closes it once what is under way has ended. */
  async close(): Promise<void> {
    await (await this.#opened?.catch(() => undefined))?.close()
  }

  async #open(): Promise<Intake> {
    const { tenant, access, places, keyring, clock, random, log, importing, waitingRoom, mayTrim } = this.#deps
    const intake = await Intake.open({
      ...{ tenant, folders: places, keyring, clock, random, log, mayTrim, underWay: this.underWay },
      ...{ mustSweep: !this.#swept, waitingRoom },
      turn: (isAlone, work) => importing.run(isAlone, work),
      worker: {
        position: async () => (await access.ask('writer', 'position', {})).position,
        import: (documents, othersWait) => this.#import(documents, othersWait),
        refuse: (document) => access.ask('writer', 'refuse-document', { document }),
        findKey: async (dataset, key) => (await access.ask('writer', 'find-key', { dataset, key })).found,
        knownImports: async (imports) => (await access.ask('writer', 'known-imports', { imports })).known,
      },
    })
    this.#swept = true
    this.#deps.onOpened()
    return intake
  }

  /** Imports these, or as many as were begun before others had waited. */
  async #import(documents: TakenDocument[], othersWait: AbortSignal): Promise<{ position: number; gone: ImportId[] }> {
    const { access } = this.#deps
    const work = () => access.ask('writer', 'import', { documents })
    const done = await pausable(access, { pause: 'pause-import', othersWait }, work)
    void access.buildIndexes()
    return done
  }
}
