/** The databases that a data worker has open: a handful, each for one tenant, closed when nobody has asked for a while. */
import { type Bytes, type Clock, Turns } from '../../base/mod.ts'
import { type DataDatabase, dataDatabase } from '../../store/mod.ts'
import { TenantNotOpen } from '../errors.ts'

/** 8 × (8 MiB of pages + prepared statements) ≤ 128 MiB; more only while all are in use. */
export const TENANTS_OPEN_MAX = 8
const IDLE_MS = 60_000

type Role = 'writer' | 'reader'
export type OpenTenant = { readonly db: DataDatabase; readonly turns: Turns }
type Kept = OpenTenant & { path: string; uses: number; usedAtMs: number }

export class OpenTenants {
  readonly #clock: Clock
  /** In the order of their last use. */
  readonly #open = new Map<string, Kept>()
  readonly #opening = new Turns()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Opens it, unless it is open. Refuses what the store refuses. */
  open(tenant: string, { path, key, role }: { path: string; key: Bytes; role: Role }): Promise<void> {
    return this.#opening.run(async () => {
      if (this.#open.get(tenant)?.path === path) return
      await this.#close(tenant)
      const db = await dataDatabase(path, key, role)
      this.#open.set(tenant, { db, turns: new Turns(), path, uses: 0, usedAtMs: this.#clock.monotonic() })
      for (const [other, { uses }] of this.#open) {
        if (this.#open.size <= TENANTS_OPEN_MAX) break
        if (other !== tenant && uses === 0) await this.#close(other)
      }
    })
  }

  /** Resolves when its files are let go of. */
  close(tenant: string): Promise<void> {
    return this.#opening.run(() => this.#close(tenant))
  }

  /** Closes what nobody has used for a minute. */
  async closeIdle(): Promise<void> {
    const before = this.#clock.monotonic() - IDLE_MS
    for (const tenant of [...this.#open.keys()]) {
      // Judged in its turn: while it waited, somebody may have begun to use it.
      await this.#opening.run(async () => {
        const kept = this.#open.get(tenant)
        if (kept && kept.uses === 0 && kept.usedAtMs <= before) await this.#close(tenant)
      })
    }
  }

  /** Works with an open tenant, which stays so meanwhile. Refuses `data_worker.tenant_not_open`. */
  async use<T>(tenant: string, work: (opened: OpenTenant) => Promise<T>): Promise<T> {
    const kept = this.#open.get(tenant)
    if (!kept) throw new TenantNotOpen('the data tenant is not open')
    this.#open.delete(tenant)
    this.#open.set(tenant, kept)
    kept.uses++
    try {
      return await work(kept)
    } finally {
      kept.uses--
      kept.usedAtMs = this.#clock.monotonic()
    }
  }

  async #close(tenant: string): Promise<void> {
    const kept = this.#open.get(tenant)
    if (!kept) return
    this.#open.delete(tenant)
    // A transaction that is under way ends first; an import then finds its database closed, and is gone on with later.
    await kept.turns.run(async () => kept.db.close())
  }
}
