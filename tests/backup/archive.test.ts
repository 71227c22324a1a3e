import { describe, expect, test } from 'bun:test'
import { type ArchiveEntry, packEntries, unpackEntries } from '../../src/backup/archive.ts'
import { concatBytes, fromUtf8, utf8 } from '../../src/base/mod.ts'
import { refusalOf } from '../support/refusal.ts'

async function* content(...parts: string[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield utf8(part)
}

async function packed(...entries: ArchiveEntry[]): Promise<Uint8Array> {
  async function* each(): AsyncGenerator<ArchiveEntry> {
    yield* entries
  }
  const parts: Uint8Array[] = []
  for await (const part of packEntries(each())) parts.push(part)
  return concatBytes(...parts)
}

async function unpacked(bytes: Uint8Array, size = 3): Promise<Record<string, string>> {
  async function* chunks(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.byteLength; at += size) yield bytes.subarray(at, at + size)
  }
  const found: Record<string, string> = {}
  for await (const entry of unpackEntries(chunks())) {
    const parts: Uint8Array[] = []
    for await (const part of entry.content) parts.push(part)
    found[entry.path] = fromUtf8(concatBytes(...parts))
  }
  return found
}

describe('an archive', () => {
  test('gives back what was put in, however it is cut on the way', async () => {
    const bytes = await packed(
      { path: 'a/b.db', bytes: 6, content: content('one', 'two') },
      { path: 'empty', bytes: 0, content: content() },
      { path: 'c', bytes: 3, content: content('end') },
    )
    for (const size of [1, 7, 10_000]) {
      expect(await unpacked(bytes, size)).toEqual({ 'a/b.db': 'onetwo', empty: '', c: 'end' })
    }
  })

  test('is refused when it is cut within an entry', async () => {
    const bytes = await packed({ path: 'a', bytes: 5, content: content('12345') })
    for (const at of [2, 4, 20, bytes.byteLength - 1]) {
      expect(await refusalOf(() => unpacked(bytes.subarray(0, at)))).toBe('backup.damaged')
    }
  })

  test('leads to no place outside of the folder, and to nothing hidden in it', async () => {
    for (const path of [
      '../a',
      'a/../../b',
      '/etc/passwd',
      'a//b',
      '.restoring',
      'a/.hidden',
      'a\\b',
      'a\0',
      '',
      'ä',
    ]) {
      const bytes = await packed({ path, bytes: 1, content: content('x') })
      expect(await refusalOf(() => unpacked(bytes))).toBe('backup.damaged')
    }
  })

  test('of a file that gave other bytes than it promised is not written to its end', async () => {
    for (const bytes of [2, 4]) {
      expect(await refusalOf(() => packed({ path: 'a', bytes, content: content('123') }))).toBe('backup.interrupted')
    }
  })
})
