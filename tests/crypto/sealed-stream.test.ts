import { describe, expect, test } from 'bun:test'
import { type Bytes, concatBytes, systemRandom, utf8 } from '../../src/base/mod.ts'
import { openStream, sealStream } from '../../src/crypto/mod.ts'
import { refusalOf } from '../support/refusal.ts'

const SEALED = 65_536 + 16
const key = systemRandom(32)
const context = utf8('what it belongs to')

async function* chunks(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += size) yield bytes.subarray(at, at + size)
}

async function all(source: AsyncIterable<Uint8Array>): Promise<Bytes> {
  const parts: Uint8Array[] = []
  for await (const part of source) parts.push(part)
  return concatBytes(...parts)
}

const random = (length: number): Bytes => {
  const bytes = new Uint8Array(length)
  for (let at = 0; at < length; at += 65_536) bytes.set(systemRandom(Math.min(65_536, length - at)), at)
  return bytes
}
const sealed = (plain: Uint8Array): Promise<Bytes> => all(sealStream(key, context, chunks(plain, 50_000)))
const open = (bytes: Uint8Array, under = key, about = context): Promise<Bytes> =>
  all(openStream(under, about, chunks(bytes, 70_001)))

describe('a sealed stream', () => {
  test('opens to what was sealed, of any length and however it is cut on the way', async () => {
    for (const length of [0, 1, 65_535, 65_536, 65_537, 131_072, 200_000]) {
      const plain = random(length)
      const bytes = await sealed(plain)
      expect(bytes.byteLength).toBe(length + 16 * Math.max(1, Math.ceil(length / 65_536)))
      expect(await open(bytes)).toEqual(plain)
      expect(await all(openStream(key, context, chunks(bytes, 999)))).toEqual(plain)
    }
  })

  test('is refused when cut anywhere, at the end of a segment too, or when something follows', async () => {
    for (const length of [0, 10, 65_536, 200_000]) {
      const bytes = await sealed(random(length))
      const cuts = [0, 1, bytes.byteLength - 1, SEALED, 2 * SEALED].filter((at) => at < bytes.byteLength)
      for (const at of cuts) expect(await refusalOf(() => open(bytes.subarray(0, at)))).toBe('crypto.not_authentic')
      for (const more of [new Uint8Array(1), bytes]) {
        expect(await refusalOf(() => open(concatBytes(bytes, more)))).toBe('crypto.not_authentic')
      }
    }
  })

  test('is refused when a bit is changed, two segments change places, or one comes twice', async () => {
    const bytes = await sealed(random(200_000))
    const segment = (n: number): Bytes => bytes.slice(n * SEALED, (n + 1) * SEALED)
    const flipped = bytes.slice()
    flipped[SEALED + 7] = (flipped[SEALED + 7] ?? 0) ^ 1
    for (const wrong of [
      flipped,
      concatBytes(segment(1), segment(0), segment(2), segment(3)),
      concatBytes(segment(0), segment(0), segment(1), segment(2), segment(3)),
      concatBytes(segment(0), segment(2), segment(3)),
      concatBytes(segment(0), segment(1), segment(3)),
    ]) {
      expect(await refusalOf(() => open(wrong))).toBe('crypto.not_authentic')
    }
  })

  test('is refused under another key and for another context', async () => {
    const bytes = await sealed(random(100))
    expect(await refusalOf(() => open(bytes, systemRandom(32)))).toBe('crypto.not_authentic')
    expect(await refusalOf(() => open(bytes, key, utf8('something else')))).toBe('crypto.not_authentic')
  })

  test('gives nothing of a segment before all of it was checked', async () => {
    const bytes = await sealed(random(100_000))
    bytes[SEALED + 20] = (bytes[SEALED + 20] ?? 0) ^ 1
    let seen = 0
    const reading = (async () => {
      for await (const part of openStream(key, context, chunks(bytes, 1_000))) seen += part.byteLength
    })()
    expect(await refusalOf(() => reading)).toBe('crypto.not_authentic')
    expect(seen).toBe(65_536)
  })
})
