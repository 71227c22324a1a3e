/** Compressed documents: read as they stream by; bombs, cut ones and those that are none are refused. */
import { expect, test } from 'bun:test'
import { randomBytes } from 'node:crypto'
import * as zlib from 'node:zlib'
import { codeOf } from '../../../src/base/mod.ts'
import {
  DECODING_BOUNDS,
  type DecodingBounds,
  decoded,
  type Encoding,
  readDocument,
} from '../../../src/datasets/formats/reading.ts'
import { piecesOf } from '../../support/datasets/documents.ts'
import { describeSlow } from '../../support/quick.ts'

/** How many bytes came out and how it ended: `whole`, or the failure. */
async function outcome(
  encoding: Encoding,
  bytes: Uint8Array | AsyncIterable<Uint8Array>,
  options: { pieceBytes?: number; bounds?: DecodingBounds } = {},
): Promise<{ bytes: Buffer; end: string }> {
  const parts: Uint8Array[] = []
  const pieces = bytes instanceof Uint8Array ? piecesOf(bytes, options.pieceBytes) : bytes
  try {
    for await (const part of decoded(encoding, pieces, options.bounds)) parts.push(part)
    return { bytes: Buffer.concat(parts), end: 'whole' }
  } catch (error) {
    return { bytes: Buffer.concat(parts), end: `${codeOf(error)}: ${error instanceof Error ? error.message : ''}` }
  }
}

const text = Buffer.from(Array.from({ length: 20_000 }, (_, i) => `${i},Customer ${i * 7_919}\n`).join(''))
const noise = randomBytes(300_000)

const COMPRESSORS: [Exclude<Encoding, 'identity'>, string, (bytes: Uint8Array) => Buffer][] = [
  ['gzip', 'gzip', (bytes) => zlib.gzipSync(bytes)],
  ['zstd', 'zstd', (bytes) => zlib.zstdCompressSync(bytes)],
  [
    'zstd',
    'zstd with checksums',
    (bytes) => zlib.zstdCompressSync(bytes, { params: { [zlib.constants.ZSTD_c_checksumFlag]: 1 } }),
  ],
]

for (const [encoding, name, compress] of COMPRESSORS) {
  test(`${name}: the document comes out, whatever the pieces, of one compressed part or several`, async () => {
    for (const document of [text, noise, Buffer.from('a')]) {
      const compressed = compress(document)
      for (const pieceBytes of [7, 1_000, 1 << 20])
        if (pieceBytes > 7 || compressed.length < 100_000)
          expect((await outcome(encoding, compressed, { pieceBytes })).bytes.equals(document)).toBe(true)
      const twice = await outcome(encoding, Buffer.concat([compressed, compressed]))
      expect(twice.bytes.equals(Buffer.concat([document, document]))).toBe(true)
    }
  })

  test(`${name}: cut off anywhere it is told as truncated, and what came before it is given`, async () => {
    const compressed = compress(noise)
    for (const left of [
      0,
      1,
      4,
      5,
      6,
      9,
      1_000,
      150_000,
      compressed.length - 5,
      compressed.length - 4,
      compressed.length - 1,
    ]) {
      const { end, bytes } = await outcome(encoding, compressed.subarray(0, left))
      expect([left, end]).toEqual([left, `document.truncated: the document ends in the middle of its ${encoding} form`])
      expect(noise.subarray(0, bytes.length).equals(bytes)).toBe(true)
    }
  })

  test(`${name}: what is not compressed so, or has something behind it, is refused`, async () => {
    const malformed = `document.malformed: the bytes are not ${encoding}; expected what its content encoding says`
    expect((await outcome(encoding, text)).end).toBe(malformed)
    const behind = await outcome(encoding, Buffer.concat([compress(text), Buffer.from('something else')]))
    expect(behind.end).toBe(malformed)
  })

  test(`${name}: a bomb is stopped by how much it grows, however small it is, long before it is whole`, async () => {
    const bomb = compress(Buffer.alloc(200_000_000))
    const { end, bytes } = await outcome(encoding, bomb)
    expect(end).toBe('document.too_large: the document grows to more than 250 times its compressed length')
    const allowed = Math.max(DECODING_BOUNDS.ratioFromBytes, bomb.length * DECODING_BOUNDS.ratioMax)
    expect(bytes.length).toBeLessThan(allowed + 1_000_000)
  })

  test(`${name}: a small document may shrink as far as it likes`, async () => {
    const zeros = Buffer.alloc(10_000_000)
    expect((await outcome(encoding, compress(zeros))).end).toBe('whole')
  })
}

test('a document may have so many bytes, and not one more', async () => {
  const bounds = { bytesMax: text.length, ratioMax: 250, ratioFromBytes: 1 << 20 }
  for (const [encoding, bytes, longer] of [
    ['identity', text, Buffer.concat([text, Buffer.from('x')])],
    ['gzip', zlib.gzipSync(text), zlib.gzipSync(Buffer.concat([text, Buffer.from('x')]))],
  ] as const) {
    expect((await outcome(encoding, bytes, { bounds })).end).toBe('whole')
    expect((await outcome(encoding, longer, { bounds })).end).toBe(
      `document.too_large: the document is larger than ${text.length} bytes, as many as one may have`,
    )
  }
})

test('zstd with a window that HTTP does not allow is refused as such', async () => {
  const wide = zlib.zstdCompressSync(randomBytes(20_000_000), { params: { [zlib.constants.ZSTD_c_windowLog]: 24 } })
  expect((await outcome('zstd', wide)).end).toBe(
    'document.encoding_unsupported: a zstd window of more than 8 MiB; expected one that RFC 9659 allows',
  )
})

test('frames of zstd that hold nothing are passed over', async () => {
  const skippable = Buffer.from([0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3])
  const some = text.subarray(0, 5_000)
  const document = Buffer.concat([skippable, zlib.zstdCompressSync(some), skippable])
  for (const pieceBytes of [1, 13, 1 << 20]) {
    const { bytes, end } = await outcome('zstd', document, { pieceBytes })
    expect([end, bytes.equals(some)]).toEqual(['whole', true])
  }
})

test('a failure of where the bytes come from comes through as it is', async () => {
  async function* failing(): AsyncGenerator<Uint8Array> {
    yield zlib.gzipSync(text).subarray(0, 1_000)
    throw new RangeError('the disk is gone')
  }
  expect((await outcome('gzip', failing())).end).toBe('internal.unexpected: the disk is gone')
})

test('a compressed document that ends early gives its whole records first', async () => {
  const compressed = zlib.gzipSync(Buffer.concat([Buffer.from('id,name\n'), text]))
  const items: number[] = []
  const work = (async () => {
    const bytes = decoded('gzip', piecesOf(compressed.subarray(0, compressed.length / 2), 4_096))
    for await (const batch of readDocument('csv', bytes)) items.push(batch.length)
  })()
  await expect(work).rejects.toThrow('the document ends in the middle of its gzip form')
  expect(items.reduce((sum, count) => sum + count, 0)).toBeGreaterThan(5_000)
})

describeSlow('bytes that are no compression', () => {
  test('whatever they are, decoding ends with what it could read or a named refusal', async () => {
    for (let round = 0; round < 300; round++) {
      for (const [encoding, , compress] of COMPRESSORS) {
        const bytes = compress(text.subarray(0, 2_000))
        for (let flips = 0; flips < 3; flips++)
          bytes[(round * 31 + flips * 977) % bytes.length] = (round * 7 + flips) & 0xff
        expect((await outcome(encoding, bytes)).end).toMatch(/^(whole|document\.[a-z_]+: )/)
      }
    }
  })
})
