import { expect, test } from 'bun:test'
import { readFileSync, writeFileSync } from 'node:fs'
import { utf8 } from '../../src/base/mod.ts'
import { ENTRIES_READ_MAX, LOGS_PAGE_MAX, LocalLogs } from '../../src/runtime/local-logs.ts'
import { openJournal } from '../../src/store/mod.ts'
import type { AuditLog } from '../../src/wire/mod.ts'
import { memoryFolder } from '../support/folder.ts'
import { DEPLOYMENT } from '../support/wire/parties.ts'

function entry(row: number, deployment: AuditLog['deployment'] = DEPLOYMENT): AuditLog {
  return { at: '2026-01-01T00:00:00Z', deployment, level: 'info', template: 'test.row', fields: { row } }
}

test('the newest entries come first to hand, and one can go on from where one was', async () => {
  using folder = memoryFolder()
  const logs = new LocalLogs(await openJournal({ folder: folder.path, key: new Uint8Array(32) }))
  for (let row = 1; row <= 10; row++) await logs.add(entry(row))
  const last = await logs.list({ limit: 3 })
  expect(last.entries.map(({ fields }) => fields['row'])).toEqual([8, 9, 10])
  await logs.add(entry(11))
  expect((await logs.list({ after: last.next, limit: 100 })).entries.map(({ fields }) => fields['row'])).toEqual([11])
  await logs.close()
})

test('the log of one deployment leaves the others out', async () => {
  using folder = memoryFolder()
  const logs = new LocalLogs(await openJournal({ folder: folder.path, key: new Uint8Array(32) }))
  const other = `${DEPLOYMENT.slice(0, -1)}9` as AuditLog['deployment']
  await logs.add(entry(1))
  await logs.add(entry(2, other))
  const { entries, next } = await logs.list({ limit: 10, deployment: DEPLOYMENT })
  expect(entries.map(({ fields }) => fields['row'])).toEqual([1])
  expect(next).toBe(2)
  await logs.close()
})

test('the newest entries of a quiet deployment are found behind those of a loud one', async () => {
  using folder = memoryFolder()
  const logs = new LocalLogs(await openJournal({ folder: folder.path, key: new Uint8Array(32) }))
  const loud = `${DEPLOYMENT.slice(0, -1)}9` as AuditLog['deployment']
  for (let row = 1; row <= 3; row++) await logs.add(entry(row))
  await Promise.all(Array.from({ length: LOGS_PAGE_MAX + 10 }, (_, row) => logs.add(entry(row, loud))))
  const { entries, next } = await logs.list({ limit: 2, deployment: DEPLOYMENT })
  expect(entries.map(({ fields }) => fields['row'])).toEqual([2, 3])
  expect(next).toBe(LOGS_PAGE_MAX + 13)
  await logs.close()
})

test('a full log drops its oldest entries and keeps the newest', async () => {
  using folder = memoryFolder()
  const logs = new LocalLogs(await openJournal({ folder: folder.path, key: new Uint8Array(32), bytesMax: 65_536 }))
  for (let row = 1; row <= 1_000; row++) await logs.add(entry(row))
  const { entries } = await logs.list({ limit: 1_000 })
  expect(entries.at(-1)?.fields['row']).toBe(1_000)
  expect(entries.length).toBeLessThan(1_000)
  await logs.close()
})

const D = (n: number) => `dep_01890000-0000-7000-8000-${String(n).padStart(12, '0')}` as AuditLog['deployment']

/** Ten lines a second; deployment 0 says one of them a thousand. */
function line(row: number): AuditLog {
  return {
    at: new Date(1_800_000_000_000 + row * 100).toISOString(),
    deployment: D(row % 1_000 === 7 ? 0 : 1 + (row % 9)),
    component: row % 2 === 0 ? 'orders' : 'warehouse',
    level: row % 100 === 7 ? 'warning' : 'info',
    template: 'test.row',
    fields: { row },
  }
}

async function filled(folder: string, rows: number): Promise<LocalLogs> {
  const journal = await openJournal({ folder, key: new Uint8Array(32) })
  for (let at = 0; at < rows; at += 1_000)
    await Promise.all(
      Array.from({ length: Math.min(1_000, rows - at) }, (_, i) =>
        journal.append([new TextEncoder().encode(JSON.stringify(line(at + i)))]),
      ),
    )
  return new LocalLogs(journal)
}

const rowsOf = ({ entries }: { entries: { fields: AuditLog['fields'] }[] }) =>
  entries.map(({ fields }) => fields['row'])

test('filters leave what they name, each by itself and together, and pages go back without a gap or a line twice', async () => {
  using folder = memoryFolder()
  const logs = await filled(folder.path, 2_000)
  const matching = (fits: (row: number) => boolean) => Array.from({ length: 2_000 }, (_, row) => row).filter(fits)
  const cases: [Parameters<typeof logs.list>[0], (row: number) => boolean][] = [
    [{ limit: 1_000, deployment: D(3) }, (row) => line(row).deployment === D(3)],
    [{ limit: 1_000, levels: ['warning', 'error'] }, (row) => row % 100 === 7],
    [{ limit: 1_000, component: 'orders', text: 'ROW=19' }, (row) => row % 2 === 0 && `${row}`.startsWith('19')],
    [{ limit: 1_000, sinceMs: 1_800_000_100_000, untilMs: 1_800_000_120_000 }, (row) => row >= 1_000 && row <= 1_200],
    [{ limit: 1_000, deployment: D(0), levels: ['info'] }, () => false],
  ]
  // Twice: what was read the first time is known the second.
  for (const [query, fits] of [...cases, ...cases]) expect(rowsOf(await logs.list(query))).toEqual(matching(fits))
  const paged: unknown[] = []
  for (let before: number | undefined; ; ) {
    const page = await logs.list({ limit: 7, deployment: D(4), ...(before !== undefined && { before }) })
    paged.unshift(...rowsOf(page))
    if (page.older === undefined) break
    before = page.older
  }
  expect(paged).toEqual(matching((row) => line(row).deployment === D(4)))
  const onwards: unknown[] = []
  for (let after = 0, more = true; more; ) {
    const page = await logs.list({ limit: 7, after, deployment: D(4) })
    onwards.push(...rowsOf(page))
    more = page.next > after
    after = page.next
  }
  expect(onwards).toEqual(paged)
  await logs.close()
})

test('one question looks through so many lines and says how far it came; what it has seen is not read again', async () => {
  using folder = memoryFolder()
  const rows = 3 * ENTRIES_READ_MAX
  const logs = await filled(folder.path, rows)
  const first = await logs.list({ limit: 1, text: 'nowhere' })
  expect(first.entries).toEqual([])
  const reached = rows - ENTRIES_READ_MAX
  expect(first.older).toBe(reached + 1)
  expect(first.reachedAt).toBe(line(reached).at)
  const quiet = await logs.list({ limit: 100, deployment: D(0) })
  expect(quiet.older).toBeLessThan(reached - ENTRIES_READ_MAX / 2)
  await logs.list({ limit: 100, deployment: D(0), before: quiet.older })
  const all = await logs.list({ limit: 100, deployment: D(0) })
  expect(all.older).toBeUndefined()
  expect(all.entries).toHaveLength(Math.ceil((rows - 7) / 1_000))
  await logs.close()
})

test('a line that comes is found at once by whose it is, and the text of a filter is not a pattern', async () => {
  using folder = memoryFolder()
  const logs = await filled(folder.path, 100)
  await logs.add({ ...line(0), deployment: D(77), fields: { reason: 'a.b' } })
  expect((await logs.list({ limit: 10, deployment: D(77) })).entries).toHaveLength(1)
  expect((await logs.list({ limit: 10, deployment: D(78) })).entries).toEqual([])
  expect((await logs.list({ limit: 10, text: 'reason=a.b' })).entries).toHaveLength(1)
  expect((await logs.list({ limit: 10, text: 'reason=.*' })).entries).toEqual([])
  await logs.close()
})

test('entries that cannot be read, or that no log line was, are passed over and counted; all others are there', async () => {
  using folder = memoryFolder()
  const key = new Uint8Array(32)
  const journal = await openJournal({ folder: folder.path, key })
  const before = new LocalLogs(journal)
  for (let row = 1; row <= 3; row++) await before.add(entry(row))
  await journal.append([utf8('not a log line'), utf8('{"at":1}')])
  await before.add(entry(6))
  await before.close()
  const path = folder.file('0000000000000001.journal')
  const file = readFileSync(path)
  // In the sealed bytes of the second group.
  const at = file.indexOf('SLJF', file.indexOf('SLJF') + 1) + 60
  file[at] = (file[at] ?? 0) ^ 1
  writeFileSync(path, file)
  const logs = new LocalLogs(await openJournal({ folder: folder.path, key, passOverDamage: true }))
  const rows = ({ entries }: { entries: { fields: Record<string, unknown> }[] }) =>
    entries.map(({ fields }) => fields['row'])
  const last = await logs.list({ limit: 10 })
  expect([rows(last), last.unreadable]).toEqual([[1, 3, 6], 3])
  const after = await logs.list({ after: 1, limit: 3 })
  expect([rows(after), after.unreadable, after.next]).toEqual([[3, 6], 3, 6])
  await logs.close()
})
