/** What arrived, counted from the files and the table themselves, by `row_id`: nothing here asks the pipeline. */
import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { createClient as openLibsql } from '@libsql/client/sqlite3'
import * as v from 'valibot'
import { fromBase64url } from '../../base/mod.ts'
import { LetterList, readAs } from '../answers.ts'
import { createRowHash } from './expected.ts'
import { RowIds } from './row-ids.ts'
import type { Demo } from './run.ts'
import type { Server } from './stage.ts'

export type Delivered = {
  rowsRead: number
  rowsWritten: number
  refused: number
  missing: number
  duplicates: number
  sha256In: string
  sha256Out: string
}

/** What is in the table, and how many rows the file beside it lacks. */
export type Counted = { delivered: Delivered; missingInFile: number }

const LETTERS_PAGE = 256
/** Rows looked at between two turns of the loop: with 5,000 the garbage of a million made this process 55 MB larger. */
const ROWS_PAGE = 500
const ROW_ID = /\d{4}-(?:airports|zip_codes)-\d{6}/
const ArchiveLine = v.object({ row_id: v.string() })

/** Row ids of all records that a Runtime's components refused. */
export async function refusedRowIds(runtime: Pick<Server, 'client'>, deployment: string): Promise<Set<string>> {
  const ids = new Set<string>()
  for (let from = 1; ; ) {
    const path = `/v1/deployments/${deployment}/dead-letters?from=${from}&limit=${LETTERS_PAGE}&records=true`
    const { letters } = readAs(LetterList, await runtime.client.get(path))
    for (const { record } of letters) {
      const id = ROW_ID.exec(Buffer.from(fromBase64url(record ?? '')).toString('utf8'))?.[0]
      if (id) ids.add(id)
    }
    const last = letters.at(-1)
    if (!last) return ids
    from = last.number + 1
  }
}

/** Rows of the warehouse's table: how many, and the hash over them in the order of `row_id`. */
export async function readTable(path: string, encryptionKey: string): Promise<{ rows: number; sha256: string }> {
  const database = openLibsql({ url: `file:${path}`, encryptionKey })
  const hash = createRowHash()
  let rows = 0
  try {
    for (let after = ''; ; ) {
      const page = await database.execute({
        sql: 'SELECT * FROM places WHERE row_id > ? ORDER BY row_id LIMIT ?',
        args: [after, ROWS_PAGE],
      })
      for (const row of page.rows) hash.add(Object.fromEntries(page.columns.map((column) => [column, row[column]])))
      rows += page.rows.length
      const last = page.rows.at(-1)?.['row_id']
      if (typeof last !== 'string') return { rows, sha256: hash.digestHex() }
      after = last
      // Native statements are finalised only when the loop turns.
      await new Promise((resolve) => setImmediate(resolve))
    }
  } finally {
    database.close()
  }
}

/** Rows of the archive: how many lines, and which rows are among them. */
export async function readArchive(path: string): Promise<{ lines: number; ids: RowIds }> {
  const ids = new RowIds()
  let lines = 0
  for await (const line of createInterface({ input: createReadStream(path) })) {
    if (line === '') continue
    lines++
    ids.add(v.parse(ArchiveLine, JSON.parse(line)).row_id)
  }
  return { lines, ids }
}

/** Puts the counts together: a row is missing if it neither is where it should be nor was refused on its way there. */
export function countRows(
  input: { rows: number; sha256: string },
  table: { rows: number; sha256: string },
  archive: { lines: number; ids: RowIds },
  refused: ReadonlySet<string>,
): Counted {
  // The table's driver refuses rows that the file takes.
  const refusedBefore = [...refused].filter((id) => !archive.ids.has(id)).length
  return {
    delivered: {
      rowsRead: input.rows,
      rowsWritten: table.rows,
      refused: refused.size,
      missing: input.rows - table.rows - refused.size,
      // The table's key is `row_id`: only in the file can a row stand twice.
      duplicates: archive.lines - archive.ids.size,
      sha256In: input.sha256,
      sha256Out: table.sha256,
    },
    missingInFile: input.rows - archive.ids.size - refusedBefore,
  }
}

/** Counts what arrived, from the table and the files themselves. */
export async function countDelivered(demo: Demo): Promise<Counted> {
  const files = join(demo.folder, 'cloud-01-files')
  const table = await readTable(join(files, 'warehouse.db'), demo.encryptionKey)
  const archive = await readArchive(join(files, 'out', 'places.jsonl'))
  const refused = new Set<string>()
  for (const runtime of [demo.factory, demo.cloud]) {
    for (const id of await refusedRowIds(runtime, demo.deployment)) refused.add(id)
  }
  return countRows({ rows: demo.rows, sha256: demo.sha256In }, table, archive, refused)
}
