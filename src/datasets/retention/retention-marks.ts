/**
 * Which data tenants may have a dataset that does not keep everything for ever, so that the databases of all the others need not be opened to
 * look. A mark stands before what it tells of is set, and goes only after a look that found nothing.
 */
import { and, asc, eq, isNull } from 'drizzle-orm'
import { KeyedTurns } from '../../base/mod.ts'
import { type Database, dataTenants, type RuntimeSchema } from '../../store/mod.ts'
import type { DataTenantId } from '../../wire/mod.ts'

export class RetentionMarks {
  readonly #db: Database<Pick<RuntimeSchema, 'dataTenants'>>
  /** By tenant: no look is in the middle of finding nothing while something is set. */
  readonly #turns = new KeyedTurns()

  constructor(db: Database<Pick<RuntimeSchema, 'dataTenants'>>) {
    this.#db = db
  }

  /** Those that have to be looked at, by name. */
  async marked(): Promise<DataTenantId[]> {
    const there = and(isNull(dataTenants.removingAtMs), eq(dataTenants.mayRetain, true))
    const rows = await this.#db.select().from(dataTenants).where(there).orderBy(asc(dataTenants.name))
    return rows.map(({ id }) => id as DataTenantId)
  }

  /** Does `work`, which may set a retention in the tenant. */
  setting<T>(tenant: DataTenantId, work: () => Promise<T>): Promise<T> {
    return this.#turns.run(tenant, async () => {
      await this.#mark(tenant, true)
      return work()
    })
  }

  /** Gives what `has` says; if that is no, the tenant is not looked at again until something is set. */
  looked(tenant: DataTenantId, has: () => Promise<boolean>): Promise<boolean> {
    return this.#turns.run(tenant, async () => {
      const found = await has()
      if (!found) await this.#mark(tenant, false)
      return found
    })
  }

  /** For databases of which something else than this has written, or from another time. */
  async markAll(): Promise<void> {
    await this.#db.update(dataTenants).set({ mayRetain: true })
  }

  async #mark(tenant: DataTenantId, mayRetain: boolean): Promise<void> {
    await this.#db.update(dataTenants).set({ mayRetain }).where(eq(dataTenants.id, tenant))
  }
}
