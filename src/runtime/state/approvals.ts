/** What the owner agreed to for each deployment, item by item. An assignment that stays within it starts without asking. */
import { and, eq } from 'drizzle-orm'
import type { Clock } from '../../base/mod.ts'
import type { Need, NeedKind } from '../deployments/needs.ts'
import type { RuntimeStore } from './database.ts'
import type { RowMac } from './row-mac.ts'

export class Approvals {
  readonly #db: RuntimeStore
  readonly #mac: RowMac
  readonly #clock: Clock

  constructor(deps: { db: RuntimeStore; mac: RowMac; clock: Clock }) {
    this.#db = deps.db
    this.#mac = deps.mac
    this.#clock = deps.clock
  }

  /** All that was approved for the deployment; refuses a row that something else wrote with `runtime.row_not_authentic`. */
  async of(deployment: string): Promise<Need[]> {
    const table = this.#db.tables.runtimeApprovals
    const rows = await this.#db.select().from(table).where(eq(table.deployment, deployment))
    for (const { mac, ...row } of rows) await this.#mac.check('approvals', row, mac)
    return rows.map((row) => ({ kind: row.kind as NeedKind, item: row.item }))
  }

  async add(deployment: string, needs: readonly Need[], approvedBy: string): Promise<void> {
    const table = this.#db.tables.runtimeApprovals
    for (const { kind, item } of needs) {
      const row = { deployment, kind, item, approvedBy, approvedAtMs: this.#clock.now() }
      const mac = await this.#mac.of('approvals', row)
      await this.#db
        .insert(table)
        .values({ ...row, mac })
        .onConflictDoNothing()
    }
  }

  /** Forgets all of a deployment: whatever comes of it again waits for the owner. */
  async forget(deployment: string): Promise<void> {
    const table = this.#db.tables.runtimeApprovals
    await this.#db.delete(table).where(eq(table.deployment, deployment))
  }

  /** Forgets single items; a field that the owner declassified is no longer remembered as restricted. */
  async remove(deployment: string, needs: readonly Need[]): Promise<void> {
    const table = this.#db.tables.runtimeApprovals
    for (const { kind, item } of needs) {
      const which = and(eq(table.deployment, deployment), eq(table.kind, kind), eq(table.item, item))
      await this.#db.delete(table).where(which)
    }
  }
}
