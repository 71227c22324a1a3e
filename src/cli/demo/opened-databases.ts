/** The Platform's databases, opened with its own keys and read row by row: what encryption on disk would hide from a search. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { sql } from 'drizzle-orm'
import { systemClock, systemRandom } from '../../base/mod.ts'
import { loadMasterKey, openKeyring } from '../../keys/mod.ts'
import { registryDatabase, tenantDatabase } from '../../store/mod.ts'

type Opened = Awaited<ReturnType<typeof registryDatabase>> | Awaited<ReturnType<typeof tenantDatabase>>

/** Every value of every row, as text: bytes as they are. */
async function contentOf(database: Opened): Promise<Buffer> {
  const parts: Buffer[] = []
  const tables = await database.all<{ name: string }>(sql`SELECT name FROM sqlite_master WHERE type = 'table'`)
  for (const { name } of tables) {
    const rows = await database.all<Record<string, unknown>>(sql`SELECT * FROM ${sql.identifier(name)}`)
    for (const value of rows.flatMap((row) => Object.values(row))) {
      parts.push(
        value instanceof ArrayBuffer || value instanceof Uint8Array
          ? Buffer.from(value as Uint8Array)
          : Buffer.from(String(value)),
      )
      parts.push(Buffer.from('\n'))
    }
  }
  return Buffer.concat(parts)
}

/** The content of every database of a Platform that has stopped. */
export async function openedDatabases(data: string): Promise<Buffer[]> {
  const master = await loadMasterKey({ kind: 'file', path: join(data, 'master.key') })
  const keyring = await openKeyring({
    path: join(data, 'keyring.json'),
    master,
    clock: systemClock,
    random: systemRandom,
  })
  const contents: Buffer[] = []
  const registry = await registryDatabase(join(data, 'platform.db'), await keyring.secretFor('database', 'platform'))
  contents.push(await contentOf(registry))
  registry.close()
  for (const name of readdirSync(join(data, 'tenants'), { encoding: 'utf8', recursive: true })) {
    const tenant = /(ten_[0-9a-f-]+)\.db$/.exec(name)?.[1]
    if (!tenant) continue
    const database = await tenantDatabase(join(data, 'tenants', name), await keyring.secretFor('database', tenant))
    contents.push(await contentOf(database))
    database.close()
  }
  return contents
}
