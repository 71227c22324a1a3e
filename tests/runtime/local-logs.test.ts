import { expect, test } from 'bun:test'
import { LOGS_PAGE_MAX, LocalLogs } from '../../src/runtime/local-logs.ts'
import { openJournal } from '../../src/store/mod.ts'
import type { AuditLog } from '../../src/wire/mod.ts'
import { temporaryFolder } from '../support/folder.ts'
import { DEPLOYMENT } from '../support/wire/parties.ts'

function entry(row: number, deployment: AuditLog['deployment'] = DEPLOYMENT): AuditLog {
  return { at: '2026-01-01T00:00:00Z', deployment, level: 'info', template: 'test.row', fields: { row } }
}

test('the newest entries come first to hand, and one can go on from where one was', async () => {
  using folder = temporaryFolder()
  const logs = new LocalLogs(await openJournal({ folder: folder.path, key: new Uint8Array(32) }))
  for (let row = 1; row <= 10; row++) await logs.add(entry(row))
  const last = await logs.list({ limit: 3 })
  expect(last.entries.map(({ fields }) => fields['row'])).toEqual([8, 9, 10])
  await logs.add(entry(11))
  expect((await logs.list({ after: last.next, limit: 100 })).entries.map(({ fields }) => fields['row'])).toEqual([11])
  await logs.close()
})

test('the log of one deployment leaves the others out', async () => {
  using folder = temporaryFolder()
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
  using folder = temporaryFolder()
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
  using folder = temporaryFolder()
  const logs = new LocalLogs(await openJournal({ folder: folder.path, key: new Uint8Array(32), bytesMax: 65_536 }))
  for (let row = 1; row <= 1_000; row++) await logs.add(entry(row))
  const { entries } = await logs.list({ limit: 1_000 })
  expect(entries.at(-1)?.fields['row']).toBe(1_000)
  expect(entries.length).toBeLessThan(1_000)
  await logs.close()
})
