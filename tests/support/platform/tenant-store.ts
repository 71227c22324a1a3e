/** A tenant's real database in a folder of its own. */
import { systemRandom } from '../../../src/base/mod.ts'
import { type Database, type TenantSchema, tenantDatabase } from '../../../src/store/mod.ts'
import { memoryFolder } from '../folder.ts'

export async function tenantStore(): Promise<{ db: Database<TenantSchema> } & AsyncDisposable> {
  const folder = memoryFolder()
  const db = await tenantDatabase(folder.file('tenant.db'), systemRandom(32))
  return {
    db,
    async [Symbol.asyncDispose]() {
      db.close()
      folder[Symbol.dispose]()
    },
  }
}
