import { describe, expect, test } from 'bun:test'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { type Bytes, fromUtf8, hex, systemRandom, utf8 } from '../../../src/base/mod.ts'
import { type Journal, type JournalEntry, openJournal } from '../../../src/store/mod.ts'
import { memoryFolder } from '../../support/folder.ts'
import { canMount, onSmallDisk } from '../../support/full-disk.ts'
import { entryAt } from '../../support/journal-appender.ts'
import { slowTest } from '../../support/quick.ts'
import { refusalOf } from '../../support/refusal.ts'

const ALL = { countMax: 1_000_000, bytesMax: 1_000_000_000 }
const key = systemRandom(32)
const appender = new URL('../../support/journal-appender.ts', import.meta.url).pathname
const fullDisk = new URL('../../support/journal-on-full-disk.ts', import.meta.url).pathname

const texts = (entries: JournalEntry[]): string[] => entries.map(({ entry }) => fromUtf8(entry))
const numbered = (from: number, count: number): Bytes[] =>
  Array.from({ length: count }, (_, at) => utf8(entryAt(from + at)))

async function filled(folder: string, count: number, segmentBytesMax = 20_000): Promise<Journal> {
  const journal = await openJournal({ folder, key, segmentBytesMax })
  for (let position = 1; position <= count; position += 5) await journal.append(numbered(position, 5))
  return journal
}

describe('append and read', () => {
  test('entries come back in order under contiguous positions from 1, across segments and restarts', async () => {
    using folder = memoryFolder()
    const journal = await filled(folder.path, 100)
    expect(await journal.append([utf8('last')])).toEqual({ first: 101, last: 101 })
    await journal.close()
    expect(readdirSync(folder.path).length).toBeGreaterThan(3)
    const again = await openJournal({ folder: folder.path, key, segmentBytesMax: 20_000 })
    const read = await again.read(1, ALL)
    expect(read.map(({ position }) => position)).toEqual(Array.from({ length: 101 }, (_, at) => at + 1))
    expect(texts(read)).toEqual([...numbered(1, 100).map(fromUtf8), 'last'])
    expect([again.firstPosition, again.nextPosition, again.tornBytes]).toEqual([1, 102, 0])
    await again.close()
  })

  test('read() starts anywhere, in any order, and keeps both bounds but gives at least one entry', async () => {
    using folder = memoryFolder()
    const journal = await filled(folder.path, 100)
    for (const from of [100, 1, 57, 58, 3, 99, 31]) {
      expect(texts(await journal.read(from, { countMax: 1, bytesMax: 1 }))).toEqual([entryAt(from)])
    }
    expect(await journal.read(20, { countMax: 7, bytesMax: 1e9 })).toHaveLength(7)
    const two = entryAt(20).length + entryAt(21).length
    expect(await journal.read(20, { countMax: 100, bytesMax: two })).toHaveLength(2)
    expect(await journal.read(101, ALL)).toEqual([])
    await journal.close()
  })

  test('appends made at once are grouped under one frame and keep their order', async () => {
    using folder = memoryFolder()
    const journal = await openJournal({ folder: folder.path, key })
    const appended = await Promise.all(numbered(1, 50).map((entry) => journal.append([entry])))
    expect(appended.map(({ first }) => first)).toEqual(Array.from({ length: 50 }, (_, at) => at + 1))
    const [segment = ''] = readdirSync(folder.path).sort()
    const file = readFileSync(folder.file(segment))
    expect(file.toString('latin1').split('SLJF').length - 1).toBeLessThanOrEqual(2)
    expect(texts(await journal.read(1, ALL))).toEqual(numbered(1, 50).map(fromUtf8))
    await journal.close()
  })

  test('entries may be empty, and so may an append', async () => {
    using folder = memoryFolder()
    const journal = await openJournal({ folder: folder.path, key })
    await journal.append([])
    await journal.append([utf8(''), utf8('b'), utf8('')])
    expect(texts(await journal.read(1, ALL))).toEqual(['', 'b', ''])
    await journal.close()
  })

  test('an append of more than 8 MiB is refused, one of exactly 8 MiB is kept', async () => {
    using folder = memoryFolder()
    const journal = await openJournal({ folder: folder.path, key })
    const most = new Uint8Array(8 * 1_024 * 1_024 - 4)
    expect(await refusalOf(() => journal.append([new Uint8Array(most.byteLength + 1)]))).toBe(
      'journal.append_too_large',
    )
    await journal.append([most])
    expect((await journal.read(1, ALL))[0]?.entry.byteLength).toBe(most.byteLength)
    await journal.close()
  })

  test('a journal that was closed has written what it had taken, and takes no more', async () => {
    using folder = memoryFolder()
    const journal = await openJournal({ folder: folder.path, key })
    const appends = numbered(1, 20).map((entry) => journal.append([entry]))
    await journal.close()
    expect((await Promise.all(appends)).at(-1)?.last).toBe(20)
    expect(await refusalOf(() => journal.append([utf8('late')]))).toBe('journal.closed')
    // Its key is gone: what it holds is not damaged for that.
    expect(await refusalOf(() => journal.read(1, ALL))).toBe('journal.closed')
    const again = await openJournal({ folder: folder.path, key })
    expect(again.nextPosition).toBe(21)
    await again.close()
  })

  test('nothing of an entry stands on the disk in the clear', async () => {
    using folder = memoryFolder()
    const journal = await openJournal({ folder: folder.path, key })
    await journal.append([utf8('marker-of-the-canary')])
    await journal.close()
    const files = readdirSync(folder.path).map((name) => readFileSync(folder.file(name)))
    expect(files.some((file) => file.includes('marker-of'))).toBe(false)
  })
})

describe('trim and bounds', () => {
  test('trim() drops whole segments only, and what is left is read as before', async () => {
    using folder = memoryFolder()
    const journal = await filled(folder.path, 100)
    const before = journal.bytes
    await journal.trim(50)
    expect(journal.firstPosition).toBeGreaterThan(1)
    expect(journal.firstPosition).toBeLessThanOrEqual(51)
    expect(journal.bytes).toBeLessThan(before)
    expect(texts(await journal.read(51, ALL))).toEqual(numbered(51, 50).map(fromUtf8))
    const [first] = await journal.read(1, ALL)
    expect(first?.position).toBe(journal.firstPosition)
    await journal.close()
  })

  test('a journal trimmed to nothing goes on counting, after a restart too', async () => {
    using folder = memoryFolder()
    const journal = await filled(folder.path, 100)
    await journal.trim(100)
    expect([journal.firstPosition, journal.nextPosition]).toEqual([101, 101])
    expect(journal.bytes).toBeLessThan(100)
    await journal.close()
    const again = await openJournal({ folder: folder.path, key })
    expect((await again.append([utf8('next')])).first).toBe(101)
    await again.close()
  })

  test('an append beyond bytesMax is refused whole, and taken once there is room', async () => {
    using folder = memoryFolder()
    const journal = await openJournal({ folder: folder.path, key, bytesMax: 10_000 })
    const entry = new Uint8Array(1_000)
    const outcomes = await Promise.all(Array.from({ length: 12 }, () => refusalOf(() => journal.append([entry]))))
    expect(outcomes.filter((outcome) => outcome === 'nothing')).toHaveLength(9)
    expect(outcomes.at(-1)).toBe('journal.full')
    expect(journal.bytes).toBeLessThanOrEqual(10_000)
    await journal.trim(9)
    expect(await journal.append([entry])).toEqual({ first: 10, last: 10 })
    await journal.close()
  })
})

describe('one opening at a time', () => {
  test('a journal that is open is refused, in this process and from another; a closed one opens', async () => {
    using folder = memoryFolder()
    const journal = await openJournal({ folder: folder.path, key })
    expect(await refusalOf(() => openJournal({ folder: folder.path, key }))).toBe('journal.in_use')
    const other = Bun.spawnSync([process.execPath, appender, folder.path, hex(key)])
    expect(other.stderr.toString()).toContain('journal.in_use')
    await journal.close()
    await (await openJournal({ folder: folder.path, key })).close()
    expect(readdirSync(folder.path)).not.toContain('lock')
  })

  test('a lock whose holder is gone, or whose process id another has by now, holds nobody up', async () => {
    for (const holder of ['', '999999999 1 boot', `${process.pid} 1 an-earlier-boot`]) {
      using folder = memoryFolder()
      writeFileSync(folder.file('lock'), holder)
      const journal = await openJournal({ folder: folder.path, key })
      await journal.close()
    }
  })

  test('a journal that could not be opened leaves no lock', async () => {
    using folder = memoryFolder()
    await (await openJournal({ folder: folder.path, key })).close()
    const other = (): Promise<Journal> => openJournal({ folder: folder.path, key: systemRandom(32) })
    expect(await refusalOf(other)).toBe('journal.wrong_key')
    expect(await refusalOf(other)).toBe('journal.wrong_key')
  })
})

describe('what disks and crashes do', () => {
  slowTest('kill -9 at any moment loses nothing that was acknowledged', async () => {
    using folder = memoryFolder()
    let acknowledged = 0
    for (const afterPositions of [20, 300, 41]) {
      const child = Bun.spawn([process.execPath, appender, folder.path, hex(key)], { stdout: 'pipe' })
      const enough = acknowledged + afterPositions
      let tail = ''
      for await (const chunk of child.stdout) {
        const lines = (tail + fromUtf8(new Uint8Array(chunk))).split('\n')
        tail = lines.pop() ?? ''
        acknowledged = Math.max(acknowledged, ...lines.map(Number))
        if (acknowledged >= enough) child.kill('SIGKILL')
      }
      const journal = await openJournal({ folder: folder.path, key, segmentBytesMax: 65_536 })
      expect(journal.nextPosition).toBeGreaterThan(acknowledged)
      const read = await journal.read(1, ALL)
      expect(read).toHaveLength(journal.nextPosition - 1)
      expect(read.every(({ position, entry }) => fromUtf8(entry) === entryAt(position))).toBe(true)
      await journal.close()
    }
  })

  test.skipIf(!canMount())(
    'a full disk leaves nothing half-written, and the journal goes on once there is room',
    () => {
      using folder = memoryFolder()
      expect(onSmallDisk(fullDisk, folder.path)).toEqual({
        refused: 'host.disk_full',
        refusedAgain: 'host.disk_full',
        acknowledged: true,
        nextWhenFull: true,
        after: true,
        kept: true,
        tornBytes: 0,
      })
    },
  )
})
