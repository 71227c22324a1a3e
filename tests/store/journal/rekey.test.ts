import { describe, expect, test } from 'bun:test'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fromUtf8, systemRandom, utf8 } from '../../../src/base/mod.ts'
import { type Journal, openJournal } from '../../../src/store/mod.ts'
import { memoryFolder, type TemporaryFolder } from '../../support/folder.ts'
import { refusalOf } from '../../support/refusal.ts'

const ALL = { countMax: 1_000_000, bytesMax: 1_000_000_000 }
const SEGMENT_BYTES = 1_000

type Keys = { key: Uint8Array<ArrayBuffer>; nextKey?: Uint8Array<ArrayBuffer> }
const open = (folder: TemporaryFolder, keys: Keys): Promise<Journal> =>
  openJournal({ folder: folder.path, ...keys, segmentBytesMax: SEGMENT_BYTES })

async function append(journal: Journal, from: number, through: number): Promise<void> {
  for (let n = from; n <= through; n++) await journal.append([utf8(`${n} ${'x'.repeat(100)}`)])
}

async function numbers(journal: Journal): Promise<number[]> {
  const read = await journal.read(1, ALL)
  for (const { position, entry } of read) expect(Number(fromUtf8(entry).split(' ')[0])).toBe(position)
  return read.map(({ position }) => position)
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, at) => at + 1)

describe('rekey()', () => {
  test('re-seals every segment: all entries open by the new key alone, and by the old one nothing does', async () => {
    using folder = memoryFolder()
    const [key, next] = [systemRandom(32), systemRandom(32)]
    const journal = await open(folder, { key })
    await append(journal, 1, 30)
    const told: [number, number][] = []
    await journal.rekey(next, (done, of) => told.push([done, of]))
    expect(told.at(-1)?.[0]).toBe(told.at(-1)?.[1] ?? -1)
    expect(told.length).toBeGreaterThan(3)
    await append(journal, 31, 40)
    expect(await numbers(journal)).toEqual(upTo(40))
    await journal.close()
    expect(await refusalOf(() => open(folder, { key }))).toBe('journal.wrong_key')
    const again = await open(folder, { key: next })
    expect(await numbers(again)).toEqual(upTo(40))
    await again.close()
  })

  test('of a journal without entries keeps the count of positions', async () => {
    using folder = memoryFolder()
    const [key, next] = [systemRandom(32), systemRandom(32)]
    const journal = await open(folder, { key })
    await append(journal, 1, 9)
    await journal.trim(9)
    await journal.rekey(next)
    await journal.close()
    const again = await open(folder, { key: next })
    expect(again.nextPosition).toBe(10)
    await again.close()
  })

  test('appends and reads go on meanwhile', async () => {
    using folder = memoryFolder()
    const [key, next] = [systemRandom(32), systemRandom(32)]
    const journal = await open(folder, { key })
    await append(journal, 1, 30)
    const [, , read] = await Promise.all([journal.rekey(next), append(journal, 31, 40), numbers(journal)])
    expect(read.slice(0, 30)).toEqual(upTo(30))
    expect(await numbers(journal)).toEqual(upTo(40))
    await journal.close()
    const again = await open(folder, { key: next })
    expect(await numbers(again)).toEqual(upTo(40))
    await again.close()
  })

  test('cut off after any segment, opens by both keys with all entries, takes more, and is brought to its end', async () => {
    for (let cut = 0; cut <= 6; cut++) {
      using folder = memoryFolder()
      const [key, next] = [systemRandom(32), systemRandom(32)]
      const journal = await open(folder, { key })
      await append(journal, 1, 30)
      const stop = new AbortController()
      const cutting = journal.rekey(next, (done) => done === cut && stop.abort(), stop.signal)
      expect(await refusalOf(() => cutting)).toBe(cut < 5 ? 'internal.cancelled' : 'nothing')
      await journal.close()
      // What a power cut in the middle of a segment leaves beside it.
      const [first = ''] = readdirSync(folder.path).sort()
      writeFileSync(folder.file(`${first}.resealed`), readFileSync(folder.file(first)).subarray(0, 60))
      const halfway = await open(folder, { key, nextKey: next })
      expect(readdirSync(folder.path).filter((name) => name.endsWith('.resealed'))).toEqual([])
      await append(halfway, 31, 35)
      expect(await numbers(halfway)).toEqual(upTo(35))
      await halfway.rekey(next)
      await halfway.close()
      const done = await open(folder, { key: next })
      expect(await numbers(done)).toEqual(upTo(35))
      await done.close()
    }
  })

  test('a rotation whose new key was only just made opens by both', async () => {
    using folder = memoryFolder()
    const [key, next] = [systemRandom(32), systemRandom(32)]
    const journal = await open(folder, { key })
    await append(journal, 1, 5)
    await journal.close()
    const halfway = await open(folder, { key, nextKey: next })
    await append(halfway, 6, 7)
    expect(await numbers(halfway)).toEqual(upTo(7))
    await halfway.close()
    expect(await refusalOf(() => open(folder, { key }))).toBe('journal.wrong_key')
  })

  test('leaves out what cannot be read any more, and keeps the positions of all else', async () => {
    using folder = memoryFolder()
    const [key, next] = [systemRandom(32), systemRandom(32)]
    const journal = await open(folder, { key })
    await append(journal, 1, 12)
    await journal.close()
    const [first = ''] = readdirSync(folder.path).sort()
    const file = readFileSync(folder.file(first))
    // In the sealed bytes of the second group.
    const at = file.indexOf('SLJF', 60) + 60
    file[at] = (file[at] ?? 0) ^ 1
    writeFileSync(folder.file(first), file)
    const damaged = await open(folder, { key })
    await damaged.rekey(next)
    expect((await damaged.read(1, ALL)).map(({ position }) => position)).toEqual([1])
    expect((await damaged.read(3, ALL)).map(({ position }) => position)).toEqual(upTo(12).slice(2))
    await damaged.close()
  })
})
