import { describe, expect, test } from 'bun:test'
import { copyFileSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { fromUtf8, systemRandom, utf8 } from '../../../src/base/mod.ts'
import { JournalDamaged, type JournalEntry, openJournal } from '../../../src/store/mod.ts'
import { memoryFolder, type TemporaryFolder } from '../../support/folder.ts'
import { refusalOf } from '../../support/refusal.ts'

const ALL = { countMax: 1_000_000, bytesMax: 1_000_000_000 }
const HEAD_BYTES = 48
const key = systemRandom(32)

/** Three segments of three frames of one entry each, all of one size: 1..3, 4..6, 7..9. */
const FRAME_BYTES = 40 + 4 + 100 + 16
const SEGMENT_BYTES = HEAD_BYTES + 3 * FRAME_BYTES

async function nine(): Promise<TemporaryFolder> {
  const folder = memoryFolder()
  const journal = await openJournal({ folder: folder.path, key, segmentBytesMax: SEGMENT_BYTES })
  for (let n = 1; n <= 9; n++) await journal.append([utf8(String(n).repeat(100))])
  await journal.close()
  expect(segments(folder)).toHaveLength(3)
  return folder
}

function segments(folder: TemporaryFolder): string[] {
  return readdirSync(folder.path).sort().map(folder.file)
}

function segment(folder: TemporaryFolder, at: number): string {
  return segments(folder)[at] ?? ''
}

function change(path: string, edit: (file: Buffer) => Buffer | undefined): void {
  const file = readFileSync(path)
  writeFileSync(path, edit(file) ?? file)
}

const flip =
  (at: number) =>
  (file: Buffer): undefined => {
    file[at] = (file[at] ?? 0) ^ 0x10
  }

async function damage(work: () => Promise<unknown>): Promise<{ segment: string; position: number } | string> {
  try {
    await work()
  } catch (error) {
    return error instanceof JournalDamaged ? { segment: error.segment, position: error.position } : String(error)
  }
  return 'not noticed'
}

async function readAll(folder: TemporaryFolder): Promise<JournalEntry[]> {
  const journal = await openJournal({ folder: folder.path, key })
  const entries: JournalEntry[] = []
  try {
    while (entries.length + 1 < journal.nextPosition) entries.push(...(await journal.read(entries.length + 1, ALL)))
    return entries
  } finally {
    await journal.close()
  }
}

describe('a torn tail', () => {
  test('is cut at opening wherever it was torn, and the journal goes on behind it', async () => {
    for (const missing of [1, 16, 100, FRAME_BYTES - 40, FRAME_BYTES - 1]) {
      using folder = await nine()
      truncateSync(segment(folder, 2), SEGMENT_BYTES - missing)
      const journal = await openJournal({ folder: folder.path, key })
      expect([journal.nextPosition, journal.tornBytes]).toEqual([9, FRAME_BYTES - missing])
      await journal.append([utf8('anew')])
      await journal.close()
      expect((await readAll(folder)).map(({ entry }) => fromUtf8(entry)).slice(7)).toEqual(['8'.repeat(100), 'anew'])
    }
  })

  test('is cut when its pages came to the disk in another order', async () => {
    using folder = await nine()
    change(segment(folder, 2), (file) => file.fill(0, SEGMENT_BYTES - FRAME_BYTES, SEGMENT_BYTES - FRAME_BYTES + 50))
    const journal = await openJournal({ folder: folder.path, key })
    expect(journal.nextPosition).toBe(9)
    await journal.close()
    expect(readFileSync(segment(folder, 2)).byteLength).toBe(SEGMENT_BYTES - FRAME_BYTES)
  })
})

describe('a damaged middle', () => {
  test('in the last segment is named at opening, and nothing is cut', async () => {
    for (const at of [0, 5, 10, 25, 38, 60, FRAME_BYTES - 1]) {
      using folder = await nine()
      change(segment(folder, 2), flip(HEAD_BYTES + FRAME_BYTES + at))
      const before = readFileSync(segment(folder, 2))
      expect(await damage(() => readAll(folder))).toEqual({ segment: '0000000000000007.journal', position: 8 })
      expect(readFileSync(segment(folder, 2))).toEqual(before)
    }
  })

  test('in an earlier segment is named when it is read; what stands before and behind it is readable', async () => {
    for (const at of [0, 25, 60, FRAME_BYTES - 1]) {
      using folder = await nine()
      change(segment(folder, 1), flip(HEAD_BYTES + FRAME_BYTES + at))
      const journal = await openJournal({ folder: folder.path, key })
      expect(await damage(() => journal.read(5, ALL))).toEqual({ segment: '0000000000000004.journal', position: 5 })
      expect(await journal.read(1, { countMax: 4, bytesMax: 1e6 })).toHaveLength(4)
      expect(await journal.read(7, ALL)).toHaveLength(3)
      await journal.close()
    }
  })

  test('an earlier segment that was cut or is missing is named', async () => {
    using cut = await nine()
    truncateSync(segment(cut, 1), SEGMENT_BYTES - FRAME_BYTES)
    expect(await damage(() => readAll(cut))).toEqual({ segment: '0000000000000004.journal', position: 6 })
    using missing = await nine()
    rmSync(segment(missing, 1))
    expect(await damage(() => readAll(missing))).toEqual({ segment: '0000000000000001.journal', position: 4 })
  })

  test('a damaged head of a segment is named', async () => {
    using folder = await nine()
    change(segment(folder, 1), flip(20))
    expect(await damage(() => readAll(folder))).toEqual({ segment: '0000000000000004.journal', position: 4 })
  })
})

describe('a forger who mends checksums', () => {
  test('cannot swap two groups, though both are authentic', async () => {
    using folder = await nine()
    change(segment(folder, 0), (file) => {
      const [a, b] = [0, 1].map((n) => file.subarray(HEAD_BYTES + n * FRAME_BYTES, HEAD_BYTES + (n + 1) * FRAME_BYTES))
      return Buffer.concat([
        file.subarray(0, HEAD_BYTES),
        b ?? a ?? file,
        a ?? file,
        file.subarray(HEAD_BYTES + 2 * FRAME_BYTES),
      ])
    })
    expect(await damage(() => readAll(folder))).toEqual({ segment: '0000000000000001.journal', position: 1 })
  })

  test('cannot move a group to another position or segment under a head that says so', async () => {
    using folder = await nine()
    // The head of position 1 over the body of position 2: lengths and nonces fit, the seal does not.
    change(segment(folder, 0), (file) => {
      const body = (n: number): Buffer =>
        file.subarray(HEAD_BYTES + n * FRAME_BYTES + 40, HEAD_BYTES + (n + 1) * FRAME_BYTES)
      const frame = Buffer.from(file.subarray(HEAD_BYTES + FRAME_BYTES, HEAD_BYTES + 2 * FRAME_BYTES))
      frame.writeBigUInt64BE(1n, 8)
      frame.writeUInt32BE(Bun.hash.crc32(frame.subarray(0, 36)), 36)
      return Buffer.concat([
        file.subarray(0, HEAD_BYTES),
        frame.subarray(0, 40),
        body(1),
        file.subarray(HEAD_BYTES + FRAME_BYTES),
      ])
    })
    expect(await damage(() => readAll(folder))).toEqual({ segment: '0000000000000001.journal', position: 1 })
  })

  test('cannot put one segment in the place of another', async () => {
    using folder = await nine()
    copyFileSync(segment(folder, 0), segment(folder, 1))
    expect(await damage(() => readAll(folder))).toEqual({ segment: '0000000000000004.journal', position: 4 })
    // With the position in its head changed as well, the head is no longer authentic.
    change(segment(folder, 1), (file) => {
      file.writeBigUInt64BE(4n, 20)
      file.writeUInt32BE(Bun.hash.crc32(file.subarray(0, 44)), 44)
      return undefined
    })
    expect(await refusalOf(() => readAll(folder))).toBe('journal.wrong_key')
  })

  test('openJournal() refuses another key', async () => {
    using folder = await nine()
    const open = (): Promise<unknown> => openJournal({ folder: folder.path, key: systemRandom(32) })
    expect(await refusalOf(open)).toBe('journal.wrong_key')
  })
})
