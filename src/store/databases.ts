/** The kinds of database that servers have open themselves, each with its tables and its embedded migrations. */
import type { Bytes } from '../base/mod.ts'
import { type Database, openDatabase } from './database.ts'
import { registryMigrations } from './migrations/registry.ts'
import { runtimeMigrations } from './migrations/runtime.ts'
import { tenantMigrations } from './migrations/tenant.ts'
import { registrySchema, runtimeSchema, tenantSchema } from './schemas.ts'

/** The tables of a Runtime's database, by name. */
export type RuntimeSchema = typeof runtimeSchema
/** The tables of a Platform Tenant's database, by name. */
export type TenantSchema = typeof tenantSchema
/** The tables of the Platform's own database, by name. */
export type RegistrySchema = typeof registrySchema

/** Opens a Runtime's database. `key` is 32 random bytes; refuses as `openDatabase` does. */
export function runtimeDatabase(path: string, key: Bytes): Promise<Database<RuntimeSchema>> {
  return openDatabase({ path, key, schema: runtimeSchema, migrations: runtimeMigrations })
}

/** Opens the database of one Platform Tenant. `key` is 32 random bytes; refuses as `openDatabase` does. */
export function tenantDatabase(path: string, key: Bytes): Promise<Database<TenantSchema>> {
  return openDatabase({ path, key, schema: tenantSchema, migrations: tenantMigrations })
}

/** Opens the Platform's own database, the list of its tenants. `key` is 32 random bytes; refuses as `openDatabase` does. */
export function registryDatabase(path: string, key: Bytes): Promise<Database<RegistrySchema>> {
  return openDatabase({ path, key, schema: registrySchema, migrations: registryMigrations })
}
