/** Rows of CSV files into a table that only inserts, so that anything double would show; and what arrived. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { createClient } from '@libsql/client/sqlite3'
import { rfc3339 } from '../../../src/base/mod.ts'
import type { Assignment } from '../../../src/wire/mod.ts'
import type { TemporaryFolder } from '../folder.ts'
import { DEPLOYMENT, RUNTIME, T0, TENANT } from '../wire/parties.ts'

/** Paths are relative to the folder in which the workers run. */
export function copyFlow(changes: Partial<Assignment> = {}, paths: readonly string[] = ['in/*.csv']): Assignment {
  return {
    ...{ format: 1, tenant: TENANT, runtime: RUNTIME, deployment: DEPLOYMENT, version: 1 },
    ...{ blueprint: 'orders', system: 'factory', issuedAt: rfc3339(T0), bridges: [], classification: {} },
    components: [
      { name: 'orders', type: 'csv_file', from: [], config: { paths, columns: { id: 'int' } } },
      {
        ...{ name: 'warehouse', type: 'libsql_table', from: ['orders'] },
        config: { path: 'out.db', table: 'orders', create: true },
      },
    ],
    ...changes,
  }
}

export function writeRows(folder: TemporaryFolder, rows: number, files = 1): void {
  mkdirSync(folder.file('in'), { recursive: true })
  for (let file = 0; file < files; file++) {
    const lines = Array.from({ length: rows }, (_, row) => `${file * rows + row},part ${row}`)
    writeFileSync(folder.file(`in/orders-${file}.csv`), `id,name\n${lines.join('\n')}\n`)
  }
}

export async function arrived(folder: TemporaryFolder): Promise<{ rows: number; distinct: number }> {
  const client = createClient({ url: `file:${folder.file('out.db')}` })
  try {
    const found = await client.execute('SELECT count(*) AS rows, count(DISTINCT id) AS ids FROM orders')
    return { rows: Number(found.rows[0]?.['rows']), distinct: Number(found.rows[0]?.['ids']) }
  } finally {
    client.close()
  }
}

/** Whether anything has arrived; false while there is no table yet. */
export async function anyArrived(folder: TemporaryFolder): Promise<boolean> {
  return ((await arrived(folder).catch(() => undefined))?.rows ?? 0) > 0
}
