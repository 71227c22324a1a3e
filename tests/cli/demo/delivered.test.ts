import { expect, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { createClient as openLibsql } from '@libsql/client/sqlite3'
import { base64url, utf8 } from '../../../src/base/mod.ts'
import { countRows, readArchive, readTable, refusedRowIds } from '../../../src/cli/demo/delivered.ts'
import { createRowHash } from '../../../src/cli/demo/expected.ts'
import { RowIds } from '../../../src/cli/demo/row-ids.ts'
import { temporaryFolder } from '../../support/folder.ts'

const idOf = (line: number): string => `0001-airports-${String(line).padStart(6, '0')}`

function archiveOf(...lines: number[]) {
  const ids = new RowIds()
  for (const line of lines) ids.add(idOf(line))
  return { lines: lines.length, ids }
}

const input = { rows: 5, sha256: 'in' }

test('countRows(): all five rows there, or refused on their way, is nothing missing and nothing double', () => {
  const whole = countRows(input, { rows: 5, sha256: 'in' }, archiveOf(1, 2, 3, 4, 5), new Set())
  expect(whole).toMatchObject({
    delivered: { rowsRead: 5, rowsWritten: 5, missing: 0, duplicates: 0 },
    missingInFile: 0,
  })
  // Row 4 was refused before both sinks, row 5 by the table alone.
  const refused = countRows(input, { rows: 3, sha256: 'out' }, archiveOf(1, 2, 3, 5), new Set([idOf(4), idOf(5)]))
  expect(refused.delivered).toMatchObject({ rowsWritten: 3, refused: 2, missing: 0, duplicates: 0, sha256Out: 'out' })
  expect(refused.missingInFile).toBe(0)
})

test('countRows() finds what is missing in the table, missing in the file, and double in the file', () => {
  const table = countRows(input, { rows: 4, sha256: '' }, archiveOf(1, 2, 3, 4, 5), new Set())
  expect([table.delivered.missing, table.missingInFile]).toEqual([1, 0])
  const file = countRows(input, { rows: 5, sha256: '' }, archiveOf(1, 2, 3, 3, 4), new Set())
  expect([file.delivered.missing, file.delivered.duplicates, file.missingInFile]).toEqual([0, 1, 1])
})

test('readArchive() counts lines and different ids, and passes over the end of the file', async () => {
  using folder = temporaryFolder()
  const lines = [2, 3, 3].map((line) => JSON.stringify({ row_id: idOf(line), name: 'x' }))
  writeFileSync(folder.file('a.jsonl'), `${lines.join('\n')}\n`)
  const { lines: count, ids } = await readArchive(folder.file('a.jsonl'))
  expect([count, ids.size, ids.has(idOf(3))]).toEqual([3, 2, true])
})

test('readTable() counts an encrypted table page by page and hashes its rows in the order of row_id', async () => {
  using folder = temporaryFolder()
  const encryptionKey = base64url(new Uint8Array(32).fill(5))
  const database = openLibsql({ url: `file:${folder.file('w.db')}`, encryptionKey })
  await database.execute('CREATE TABLE places (row_id TEXT PRIMARY KEY, region INTEGER)')
  // One more than a page, written backwards.
  const statements = Array.from({ length: 5_001 }, (_, i) => ({
    sql: 'INSERT INTO places VALUES (?, ?)',
    args: [idOf(5_000 - i), (i + 1) % 2 ? i + 1 : null],
  }))
  await database.batch(statements)
  database.close()
  const hash = createRowHash()
  for (let line = 0; line <= 5_000; line++) {
    const value = 5_001 - line
    hash.add({ row_id: idOf(line), ...(value % 2 ? { region: value } : {}) })
  }
  expect(await readTable(folder.file('w.db'), encryptionKey)).toEqual({ rows: 5_001, sha256: hash.digestHex() })
})

test('refusedRowIds() goes through all pages and counts a record that two components refused once', async () => {
  const letters = [...Array.from({ length: 600 }, (_, i) => i), 7].map((line, i) => ({
    ...{ number: i + 1, component: 'c', partition: 'p', position: line, reason: { code: 'x' } },
    record: base64url(utf8(`${idOf(line)},JFK,…`)),
  }))
  const asked: string[] = []
  const client = {
    request: () => Promise.reject(new Error('not asked for')),
    stream: () => Promise.reject(new Error('not asked for')),
    async get(path: string) {
      asked.push(path)
      const from = Number(new URLSearchParams(path.split('?')[1]).get('from'))
      return { letters: letters.slice(from - 1, from + 255) }
    },
  }
  expect((await refusedRowIds({ client }, 'dep_1')).size).toBe(600)
  expect(asked[0]).toBe('/v1/deployments/dep_1/dead-letters?from=1&limit=256&records=true')
  expect(asked.length).toBeLessThan(6)
})
