/** The data tenants of a Runtime: parties whose datasets are kept apart. Who may do what in one stands among the accounts. */
import { and, asc, eq, isNotNull, isNull } from 'drizzle-orm'
import { type Clock, newId, type Random } from '../base/mod.ts'
import { type Database, dataTenants, type RuntimeSchema } from '../store/mod.ts'
import type { DataTenantId } from '../wire/mod.ts'
import { DataTenantExists, DataTenantNotFound } from './errors.ts'

/** `createdAtMs`: milliseconds since 1970. */
export type DataTenant = { id: DataTenantId; name: string; createdAtMs: number }
export type DataTenantsDeps = { db: Database<Pick<RuntimeSchema, 'dataTenants'>> }

/** Refuses `data_tenant.exists`. */
export async function createDataTenant(
  { db, clock, random }: DataTenantsDeps & { clock: Clock; random: Random },
  { name }: { name: string },
): Promise<DataTenant> {
  const tenant = { id: newId('dt', clock, random), name, createdAtMs: clock.now() }
  // It has no dataset yet, and so none that is not kept for ever.
  const made = await db
    .insert(dataTenants)
    .values({ ...tenant, mayRetain: false })
    .onConflictDoNothing()
    .returning()
  if (made.length === 0) throw new DataTenantExists(`there is a data tenant ${name} already`)
  return tenant
}

/** By name. */
export async function listDataTenants({ db }: DataTenantsDeps): Promise<DataTenant[]> {
  const there = isNull(dataTenants.removingAtMs)
  return (await db.select().from(dataTenants).where(there).orderBy(asc(dataTenants.name))).map(tenantOf)
}

/** Those whose removal was begun and has not come to its end. */
export async function removingDataTenants({ db }: DataTenantsDeps): Promise<DataTenantId[]> {
  const removing = isNotNull(dataTenants.removingAtMs)
  return (await db.select().from(dataTenants).where(removing)).map(({ id }) => id as DataTenantId)
}

/** Refuses `data_tenant.not_found`. */
export async function dataTenant({ db }: DataTenantsDeps, id: string): Promise<DataTenant> {
  const row = await db
    .select()
    .from(dataTenants)
    .where(and(eq(dataTenants.id, id), isNull(dataTenants.removingAtMs)))
    .get()
  if (!row) throw new DataTenantNotFound('there is no such data tenant')
  return tenantOf(row)
}

/** From now on it is there for nobody; one that is being removed already stays so. Refuses `data_tenant.not_found`. */
export async function beginRemoval({ db }: DataTenantsDeps, id: string, nowMs: number): Promise<void> {
  const found = await db.update(dataTenants).set({ removingAtMs: nowMs }).where(eq(dataTenants.id, id)).returning()
  if (found.length === 0) throw new DataTenantNotFound('there is no such data tenant')
}

/** Refuses `data_tenant.not_found`. What it owned is removed by whoever asks: see `DataDesk`. */
export async function removeDataTenantRow({ db }: DataTenantsDeps, id: string): Promise<void> {
  const removed = await db.delete(dataTenants).where(eq(dataTenants.id, id)).returning()
  if (removed.length === 0) throw new DataTenantNotFound('there is no such data tenant')
}

function tenantOf({ id, name, createdAtMs }: typeof dataTenants.$inferSelect): DataTenant {
  return { id: id as DataTenantId, name, createdAtMs }
}
