/** Re-imports of one tenant, and erasures, beside which none is begun: each would undo what the other does. */
import type { Clock, Log, Random } from '../../base/mod.ts'
import type { DataTenantId } from '../../wire/mod.ts'
import { EraseHeldUp } from '../errors.ts'
import { ReimportLoop, type ReimportLoopDeps } from '../reimport/reimport-loop.ts'
import type { ImportTurns } from './import-turns.ts'
import { pausable } from './pausable.ts'
import type { TenantAccess } from './tenant-access.ts'
import type { TenantPlaces } from './tenant-places.ts'

export type TenantReimportsDeps = {
  tenant: DataTenantId
  access: TenantAccess
  places: TenantPlaces
  importing: ImportTurns
  clock: Clock
  random: Random
  log: Log
}

export class TenantReimports {
  readonly #deps: TenantReimportsDeps
  #loop: ReimportLoop
  /** Erasures that are under way. */
  #erasing = 0

  constructor(deps: TenantReimportsDeps) {
    this.#deps = deps
    this.#loop = this.#newLoop()
  }

  /** `begin` writes down what is to be read again. Refuses `dataset.erase_held_up`. */
  async begin<T>(begin: () => Promise<T>): Promise<T> {
    if (this.#erasing > 0) throw new EraseHeldUp('somebody’s data is being erased in the data tenant')
    await this.#loop.mark()
    return begin().finally(() => this.#loop.wake())
  }

  /** Does `work`, an erasure, while none is begun. */
  async erasing<T>(work: () => Promise<T>): Promise<T> {
    this.#erasing++
    try {
      return await work()
    } finally {
      this.#erasing--
    }
  }

  /** Something is left, perhaps. */
  wake(): void {
    this.#loop.wake()
  }

  get isRunning(): boolean {
    return this.#loop.isRunning
  }

  /** Begins nothing more. */
  stop(): void {
    this.#loop.stop()
  }

  /** Stops what is under way, whose end the returned function waits for, and can be woken again. */
  letGo(): () => Promise<void> {
    const loop = this.#loop
    loop.stop()
    this.#loop = this.#newLoop()
    return () => loop.close()
  }

  /** Resolves when nothing is under way. */
  close(): Promise<void> {
    return this.#loop.close()
  }

  #newLoop(): ReimportLoop {
    const { tenant, access, places, importing, clock, random, log } = this.#deps
    return new ReimportLoop({
      ...{ tenant, mark: places.reimport, clock, random, log },
      turn: (isAlone, work) => importing.run(isAlone, work),
      worker: {
        goOn: (othersWait) => pausable(access, { pause: 'pause-reimport', othersWait }, () => this.#goOn()),
        passOver: () => access.ask('writer', 'pass-over-reimport', {}),
      },
    })
  }

  async #goOn(): ReturnType<ReimportLoopDeps['worker']['goOn']> {
    const { access, places } = this.#deps
    const gone = await access.ask('writer', 'go-on-reimporting', { objects: places.objects })
    void access.buildIndexes()
    return gone
  }
}
