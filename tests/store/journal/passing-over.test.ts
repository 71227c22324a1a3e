import { describe, expect, test } from 'bun:test'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fromUtf8, systemRandom, utf8 } from '../../../src/base/mod.ts'
import { type Journal, JournalDamaged, openJournal } from '../../../src/store/mod.ts'
import { memoryFolder, type TemporaryFolder } from '../../support/folder.ts'

const ALL = { countMax: 1_000_000, bytesMax: 1_000_000_000 }
const HEAD_BYTES = 48
/** One entry of 100 bytes a frame, three frames a segment: 1..3, 4..6, 7..9. */
const FRAME_BYTES = 40 + 4 + 100 + 16
const SEGMENT_BYTES = HEAD_BYTES + 3 * FRAME_BYTES
const key = systemRandom(32)

async function nine(): Promise<TemporaryFolder> {
  const folder = memoryFolder()
  const journal = await openJournal({ folder: folder.path, key, segmentBytesMax: SEGMENT_BYTES })
  for (let n = 1; n <= 9; n++) await journal.append([utf8(String(n).repeat(100))])
  await journal.close()
  return folder
}

const open = (folder: TemporaryFolder, passOverDamage = true): Promise<Journal> =>
  openJournal({ folder: folder.path, key, segmentBytesMax: SEGMENT_BYTES, passOverDamage })

function flip(folder: TemporaryFolder, segment: number, at: number): void {
  const path = folder.file(`${String(segment).padStart(16, '0')}.journal`)
  const file = readFileSync(path)
  file[at] = (file[at] ?? 0) ^ 0x10
  writeFileSync(path, file)
}

/** Everything that can be read, position by position. */
async function readable(journal: Journal): Promise<Record<number, string>> {
  const found: Record<number, string> = {}
  for (let position = journal.firstPosition; position < journal.nextPosition; position++) {
    try {
      const [one] = await journal.read(position, { countMax: 1, bytesMax: 1 })
      if (one?.position === position) found[position] = fromUtf8(one.entry).slice(0, 5)
    } catch (error) {
      if (!(error instanceof JournalDamaged)) throw error
    }
  }
  return found
}

const without = (...lost: number[]) =>
  Object.fromEntries([1, 2, 3, 4, 5, 6, 7, 8, 9].filter((n) => !lost.includes(n)).map((n) => [n, String(n).repeat(5)]))

describe('a journal that passes damage over', () => {
  test('tells what the last segment lost, keeps all else, and gives no position twice', async () => {
    for (const at of [0, 5, 25, 60, FRAME_BYTES - 1]) {
      using folder = await nine()
      flip(folder, 7, HEAD_BYTES + FRAME_BYTES + at)
      const journal = await open(folder)
      expect(journal.damage).toEqual([{ segment: '0000000000000007.journal', position: 8, lost: 1 }])
      expect(await journal.append([utf8('later')])).toEqual({ first: 10, last: 10 })
      expect(await readable(journal)).toEqual({ ...without(8), 10: 'later' })
      await journal.close()
      const again = await open(folder)
      expect(again.damage).toEqual([])
      expect(await readable(again)).toEqual({ ...without(8), 10: 'later' })
      await again.close()
    }
  })

  test('tells of a damaged last group that was written whole, and gives its positions to nothing else', async () => {
    using folder = await nine()
    flip(folder, 7, SEGMENT_BYTES - 1)
    const journal = await open(folder)
    expect(journal.damage).toEqual([{ segment: '0000000000000007.journal', position: 9, lost: 1 }])
    expect(await journal.append([utf8('later')])).toEqual({ first: 10, last: 10 })
    expect(await readable(journal)).toEqual({ ...without(9), 10: 'later' })
    await journal.close()
  })

  test('puts a segment whose head is damaged aside, and goes on behind it, whichever it is', async () => {
    for (const [segment, lost] of [
      [1, [1, 2, 3]],
      [4, [4, 5, 6]],
      [7, [7, 8, 9]],
    ] as const) {
      using folder = await nine()
      flip(folder, segment, 20)
      const journal = await open(folder)
      const name = `${String(segment).padStart(16, '0')}.journal`
      expect(journal.damage).toEqual([{ segment: name, position: segment, lost: 3 }])
      expect(readdirSync(folder.path)).toContain(`${name}.damaged`)
      expect(await journal.append([utf8('later')])).toEqual({ first: 10, last: 10 })
      expect(await readable(journal)).toEqual({ ...without(...lost), 10: 'later' })
      await journal.close()
    }
  })

  test('reads on behind a damaged head of a group in an earlier segment', async () => {
    using folder = await nine()
    flip(folder, 4, HEAD_BYTES)
    const journal = await open(folder)
    expect(journal.damage).toEqual([])
    expect(await readable(journal)).toEqual(without(4))
    await journal.close()
  })

  test('has nothing to tell of a journal that is whole', async () => {
    using folder = await nine()
    const journal = await open(folder)
    expect(journal.damage).toEqual([])
    expect(await readable(journal)).toEqual(without())
    await journal.close()
  })
})

describe('skip()', () => {
  test('leaves positions that no entry ever gets, over restarts, and reading goes from before to behind them', async () => {
    using folder = await nine()
    const journal = await open(folder)
    await journal.skip(2_000_000_000)
    expect(await journal.append([utf8('behind')])).toEqual({ first: 2_000_000_010, last: 2_000_000_010 })
    await journal.close()
    const again = await open(folder)
    const texts = (await again.read(8, ALL)).map(({ position, entry }) => [position, fromUtf8(entry).slice(0, 6)])
    expect(texts).toEqual([
      [8, '888888'],
      [9, '999999'],
      [2_000_000_010, 'behind'],
    ])
    expect((await again.read(1_000_000, ALL)).map(({ position }) => position)).toEqual([2_000_000_010])
    expect([again.skippedFrom(1), again.skippedFrom(2_000_000_000), again.skippedFrom(2_000_000_010)]).toEqual([
      2_000_000_000, 10, 0,
    ])
    await again.trim(2_000_000_010)
    expect(again.skippedFrom(1)).toBe(0)
    await again.close()
  })

  test('of an empty journal moves its beginning', async () => {
    using folder = memoryFolder()
    const journal = await open(folder)
    await journal.skip(5)
    await journal.append([utf8('first')])
    expect((await journal.read(1, ALL)).map(({ position }) => position)).toEqual([6])
    await journal.close()
  })
})
