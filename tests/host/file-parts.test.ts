import { describe, expect, test } from 'bun:test'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { concatBytes, systemRandom } from '../../src/base/mod.ts'
import { readParts, writeParts } from '../../src/host/mod.ts'
import { temporaryFolder } from '../support/folder.ts'
import { refusalOf } from '../support/refusal.ts'

const bytes = concatBytes(systemRandom(65_536), systemRandom(40_000))

async function* inParts(size: number, fails = false): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += size) {
    yield bytes.subarray(at, at + size)
    if (fails) throw new RangeError('the other side went away')
  }
}

describe('a file in parts', () => {
  test('is written whole, for its owner alone, and read back', async () => {
    using folder = temporaryFolder()
    expect(await writeParts(folder.file('a'), inParts(10_000))).toBe(bytes.byteLength)
    expect(statSync(folder.file('a')).mode & 0o777).toBe(0o600)
    expect(readdirSync(folder.path)).toEqual(['a'])
    const read: Uint8Array[] = []
    for await (const part of readParts(folder.file('a'))) read.push(part)
    expect(read.length).toBeGreaterThan(1)
    expect(concatBytes(...read)).toEqual(bytes)
  })

  test('of which the parts end early is not there, and nothing else either', async () => {
    using folder = temporaryFolder()
    expect(await refusalOf(() => writeParts(folder.file('a'), inParts(10_000, true)))).toBe('internal.unexpected')
    expect(readdirSync(folder.path)).toEqual([])
  })

  test('never takes the place of another', async () => {
    using folder = temporaryFolder()
    writeFileSync(folder.file('a'), 'mine')
    expect(await refusalOf(() => writeParts(folder.file('a'), inParts(10_000)))).toBe('host.path_unfit')
    expect(readFileSync(folder.file('a'), 'utf8')).toBe('mine')
    expect(readdirSync(folder.path)).toEqual(['a'])
    expect(await refusalOf(() => writeParts(folder.file('none/a'), inParts(10_000)))).toBe('host.file_missing')
  })

  test('that is not there is named', async () => {
    using folder = temporaryFolder()
    const read = async (): Promise<void> => {
      for await (const _part of readParts(folder.file('none')));
    }
    expect(await refusalOf(read)).toBe('host.file_missing')
  })
})
