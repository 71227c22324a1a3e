/** A deployment that keeps its worker busy with few rows, and whether any of them was lost or doubled. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createClient } from '@libsql/client/sqlite3'
import type { Assignment } from '../../../src/wire/mod.ts'
import { copyFlow } from './copy-flow.ts'

const ROWS_PER_FILE = 100_000

/** Files of ids from 0 on into a table, with a computation over each that costs some 40 µs. */
export function busyFlow(): Assignment {
  const numbers = Array.from({ length: 240 }, (_, i) => i + 1).join(', ')
  return copyFlow({
    components: [
      { name: 'orders', type: 'csv_file', from: [], config: { paths: ['in/*.csv'], columns: { id: 'int' } } },
      { name: 'sums', type: 'filter', from: ['orders'], config: { where: `[${numbers}].all(n, n * id % 7 + n > 0)` } },
      {
        ...{ name: 'warehouse', type: 'libsql_table', from: ['sums'] },
        config: { path: 'out.db', table: 'orders', create: true },
      },
    ],
  })
}

/** In as many files as it takes, which are read in the order of their names. */
export function writeIds(files: string, rows: number): void {
  const folder = join(files, 'in')
  mkdirSync(folder, { recursive: true })
  for (let first = 0; first < rows; first += ROWS_PER_FILE) {
    const lines = Array.from({ length: Math.min(ROWS_PER_FILE, rows - first) }, (_, i) => `${first + i},part`)
    writeFileSync(join(folder, `${String(first).padStart(9, '0')}.csv`), `id,name\n${lines.join('\n')}\n`)
  }
}

/** With none lost and none doubled so far, `count` is `last + 1`, and `sum` that of all ids up to `last`. */
export type CommittedRows = { count: number; last: number; sum: number }

export async function committedRows(table: string): Promise<CommittedRows> {
  const [count = 0, last = 0, sum = 0] = await figures(table, 'count(*), max(id), sum(id)')
  return { count, last, sum }
}

/** How many there have been; 0 while there is no table yet. */
export async function lastRowOf(table: string): Promise<number> {
  const [last = 0] = await figures(table, 'coalesce(max(rowid), 0)').catch(() => [])
  return last
}

async function figures(path: string, columns: string): Promise<number[]> {
  const client = createClient({ url: `file:${path}`, timeout: 5_000 })
  try {
    const { rows } = await client.execute(`SELECT ${columns} FROM orders`)
    return Object.values(rows[0] ?? {}).map(Number)
  } finally {
    client.close()
  }
}
