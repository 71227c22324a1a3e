import { afterEach, beforeEach, expect, test } from 'bun:test'
import { readFileSync, writeFileSync } from 'node:fs'
import { logOf, systemRandom, utf8 } from '../../../src/base/mod.ts'
import { Owed, PENDING_MAX } from '../../../src/runtime/link/owed.ts'
import { openJournal } from '../../../src/store/mod.ts'
import { AuditLog } from '../../../src/wire/mod.ts'
import { ManualClock } from '../../support/bridge/manual-clock.ts'
import { memoryFolder, type TemporaryFolder } from '../../support/folder.ts'
import { settled } from '../../support/runtime/fake-worker.ts'
import { until } from '../../support/until.ts'
import { DEPLOYMENT } from '../../support/wire/parties.ts'

type Told = { first: number; rows: unknown[] }
let folder: TemporaryFolder
let acknowledged = 0
beforeEach(() => {
  folder = memoryFolder()
  acknowledged = 0
})
afterEach(() => folder[Symbol.dispose]())

function entry(row: number): AuditLog {
  return { at: '2026-01-01T00:00:00Z', deployment: DEPLOYMENT, level: 'info', template: 'test.row', fields: { row } }
}

async function open(clock = new ManualClock(), bytesMax?: number) {
  const key = new Uint8Array(32).fill(5)
  const journal = await openJournal({ folder: folder.file('owed'), key, ...(bytesMax !== undefined && { bytesMax }) })
  const owed = new Owed({
    ...{ journal, entry: AuditLog, tell: undefined, clock, random: systemRandom, log: logOf('test') },
    acknowledged: {
      load: async () => acknowledged,
      save: async (position) => {
        acknowledged = position
      },
    },
  })
  await owed.start()
  const close = async () => {
    await owed.stop()
    await journal.close()
  }
  return { owed, clock, close }
}

/** A Platform that keeps what it is told and acknowledges it, or fails as often as it is told to. */
function platform(failures = 0) {
  const told: Told[] = []
  let left = failures
  return {
    told,
    tell: async (first: number, entries: AuditLog[]) => {
      if (left-- > 0) throw new Error('unreachable')
      told.push({ first, rows: entries.map(({ fields }) => fields['row']) })
      return first + entries.length - 1
    },
  }
}

const rowsOf = (told: Told[]): unknown[] => told.flatMap(({ rows }) => rows)

test('entries are told in order under contiguous positions, and no more once they are acknowledged', async () => {
  const { owed, close } = await open()
  const { told, tell } = platform()
  owed.enrolled(tell)
  for (let row = 1; row <= 600; row++) await owed.add(entry(row))
  await until('all is told', () => owed.waiting === 0)
  expect(rowsOf(told)).toEqual(Array.from({ length: 600 }, (_, index) => index + 1))
  let next = 1
  for (const { first, rows } of told) {
    expect(first).toBe(next)
    next += rows.length
  }
  await close()
})

test('a Platform that acknowledges nothing of what it was told is told again with longer and longer waits', async () => {
  const { owed, clock, close } = await open()
  let asked = 0
  let through = 0
  const saved = acknowledged
  owed.enrolled(async () => {
    asked++
    return through
  })
  await owed.add(entry(1))
  await until('it was told once', () => asked === 1)
  await settled()
  expect([asked, owed.waiting, acknowledged]).toEqual([1, 1, saved])
  for (let times = 2; times <= 4; times++) {
    clock.advance(60_000)
    await until('it is told again', () => asked === times)
    await settled()
    expect(asked).toBe(times)
  }
  through = 1
  clock.advance(60_000)
  await until('it is acknowledged', () => owed.waiting === 0)
  expect(acknowledged).toBe(1)
  await close()
})

test('what was owed before a restart, and before there was a Platform at all, is told after it', async () => {
  const before = await open()
  for (let row = 1; row <= 10; row++) await before.owed.add(entry(row))
  expect(before.owed.waiting).toBe(10)
  await before.close()
  const after = await open()
  expect(after.owed.waiting).toBe(10)
  const { told, tell } = platform()
  after.owed.enrolled(tell)
  await until('all is told', () => after.owed.waiting === 0)
  expect(told).toEqual([{ first: 1, rows: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10] }])
  await after.close()
})

test('what was acknowledged before a restart is not told again', async () => {
  const before = await open()
  before.owed.enrolled(platform().tell)
  await before.owed.add(entry(1))
  await until('it is told', () => before.owed.waiting === 0)
  await before.close()
  const after = await open()
  const { told, tell } = platform()
  after.owed.enrolled(tell)
  await after.owed.add(entry(2))
  await until('it is told', () => after.owed.waiting === 0)
  expect(told).toEqual([{ first: 2, rows: [2] }])
  await after.close()
})

test('a Platform that fails is asked again, after a wait that grows', async () => {
  const { owed, clock, close } = await open()
  const { told, tell } = platform(2)
  owed.enrolled(tell)
  await owed.add(entry(1))
  await until('it waits', () => clock.sleeping === 1)
  clock.advance(1_000)
  await until('it waits again', () => clock.sleeping === 1)
  clock.advance(1_000)
  expect(told).toEqual([])
  clock.advance(1_000)
  await until('it is told', () => owed.waiting === 0)
  expect(told).toEqual([{ first: 1, rows: [1] }])
  await close()
})

test('a Platform that acknowledges more than there is does not make later entries vanish', async () => {
  const { owed, close } = await open()
  const told: number[] = []
  owed.enrolled(async (first) => {
    told.push(first)
    return 1_000_000
  })
  await owed.add(entry(1))
  await until('it is told', () => owed.waiting === 0)
  await owed.add(entry(2))
  await until('it is told', () => owed.waiting === 0)
  expect(told).toEqual([1, 2])
  await close()
})

test('a full journal drops what is new, counts it, and keeps what it has', async () => {
  const { owed, close } = await open(new ManualClock(), 65_536)
  const batch = Array.from({ length: 1_000 }, (_, row) => owed.add(entry(row)))
  await Promise.all(batch)
  expect(owed.dropped).toBeGreaterThan(0)
  expect(owed.waiting + owed.dropped).toBe(1_000)
  const { told, tell } = platform()
  owed.enrolled(tell)
  await until('all is told', () => owed.waiting === 0)
  expect(rowsOf(told)[0]).toBe(0)
  await close()
})

test(`more than ${PENDING_MAX} entries that wait for the disk are dropped and counted`, async () => {
  const { owed, close } = await open()
  await Promise.all(Array.from({ length: PENDING_MAX + 1 }, (_, row) => owed.add(entry(row))))
  expect(owed.dropped).toBe(1)
  await close()
})

/** Appends of one entry each, so that each is a group of its own. */
async function filled(texts: readonly string[]): Promise<void> {
  const journal = await openJournal({ folder: folder.file('owed'), key: new Uint8Array(32).fill(5) })
  for (const text of texts) await journal.append([utf8(text)])
  await journal.close()
}

test('entries that do not parse are passed over and counted; those around them are told under their own positions', async () => {
  const rows = Array.from({ length: 6 }, (_, at) => JSON.stringify(entry(at + 1)))
  await filled([rows[0] ?? '', '{"at": 1}', 'no JSON', rows[3] ?? '', rows[4] ?? '', '{}'])
  const { owed, close } = await open()
  const { told, tell } = platform()
  owed.enrolled(tell)
  await until('all is told', () => owed.waiting === 0)
  expect(told).toEqual([
    { first: 1, rows: [1] },
    { first: 4, rows: [4, 5] },
  ])
  expect([owed.lost, acknowledged]).toEqual([3, 6])
  await close()
})

test('a damaged group is passed over and counted, and what stands behind it is told', async () => {
  const rows = Array.from({ length: 40 }, (_, at) => at + 10)
  await filled(rows.map((row) => JSON.stringify(entry(row))))
  const { owed, close } = await open()
  // What the disk does while the Runtime runs; at opening the journal looks for itself.
  damageGroups([0, 9, 10], rows.length)
  const { told, tell } = platform()
  owed.enrolled(tell)
  await until('all is told', () => owed.waiting === 0)
  expect(rowsOf(told)).toEqual(rows.filter((_, at) => ![0, 9, 10].includes(at)))
  expect([owed.lost, acknowledged]).toEqual([3, 40])
  await close()
})

/** Turns one bit around in the middle of each, where all are of one size. */
function damageGroups(groups: readonly number[], count: number): void {
  const path = folder.file('owed/0000000000000001.journal')
  const bytes = readFileSync(path)
  const headBytes = 48
  const groupBytes = (bytes.byteLength - headBytes) / count
  for (const group of groups) {
    const at = headBytes + group * groupBytes + groupBytes / 2
    bytes[at] = (bytes[at] ?? 0) ^ 1
  }
  writeFileSync(path, bytes)
}

test('positions that a restored journal passes over are owed to nobody, and no message is told across them', async () => {
  const before = await open()
  for (let row = 1; row <= 3; row++) await before.owed.add(entry(row))
  await before.close()
  const journal = await openJournal({ folder: folder.file('owed'), key: new Uint8Array(32).fill(5) })
  await journal.skip(2_000_000_000)
  await journal.close()
  const after = await open()
  expect(after.owed.waiting).toBe(3)
  await after.owed.add(entry(4))
  expect(after.owed.waiting).toBe(4)
  const told: { first: number; rows: unknown[] }[] = []
  // The Platform was told more, before the backup was restored, than the backup knows.
  after.owed.enrolled(async (first, entries) => {
    told.push({ first, rows: entries.map(({ fields }) => fields['row']) })
    return Math.max(1_000, first + entries.length - 1)
  })
  await until('all is told', () => after.owed.waiting === 0)
  expect(told).toEqual([
    { first: 1, rows: [1, 2, 3] },
    { first: 2_000_000_004, rows: [4] },
  ])
  await after.close()
  const last = await open()
  expect(last.owed.waiting).toBe(0)
  await last.close()
})
