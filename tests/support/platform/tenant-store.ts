/** A tenant's real database in a folder of its own. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemRandom } from '../../../src/base/mod.ts'
import { type Database, type TenantSchema, tenantDatabase } from '../../../src/store/mod.ts'

export async function tenantStore(): Promise<{ db: Database<TenantSchema> } & AsyncDisposable> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-tenant-'))
  const db = await tenantDatabase(join(folder, 'tenant.db'), systemRandom(32))
  return {
    db,
    async [Symbol.asyncDispose]() {
      db.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
