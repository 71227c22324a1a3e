/** The list of tenants. A tenant's id is random and is the only name of it in paths, logs and messages. */
import { asc } from 'drizzle-orm'
import { type Clock, newId, type Random } from '../base/mod.ts'
import type { Database, RegistrySchema } from '../store/mod.ts'
import type { TenantId } from '../wire/mod.ts'

export type Registry = Database<RegistrySchema>
export type TenantRow = { id: TenantId; name: string }

export async function listTenants(registry: Registry): Promise<TenantRow[]> {
  const table = registry.tables.tenants
  const rows = await registry.select().from(table).orderBy(asc(table.createdAtMs))
  return rows.map(({ id, name }) => ({ id: id as TenantId, name }))
}

export async function insertTenant(
  deps: { registry: Registry; clock: Clock; random: Random },
  name: string,
): Promise<TenantRow> {
  const { registry, clock, random } = deps
  const id = newId('ten', clock, random)
  await registry.insert(registry.tables.tenants).values({ id, name, createdAtMs: clock.now() })
  return { id, name }
}
