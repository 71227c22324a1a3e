import { expect, test } from 'bun:test'
import { fromHex, hex, utf8 } from '../../src/base/mod.ts'
import { createSha256, hkdf, hmacSha256, sha256, sha256Hex } from '../../src/crypto/mod.ts'
import { refusalOf } from '../support/refusal.ts'

const NOTHING = new Uint8Array(0)
// FIPS 180-4 examples.
const ABC = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'
const OF_NOTHING = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'

test('sha256() gives the published digests, as bytes and as hex', async () => {
  expect(await sha256Hex(utf8('abc'))).toBe(ABC)
  expect(hex(await sha256(NOTHING))).toBe(OF_NOTHING)
})

test('createSha256() gives the same digest however the stream is cut, and ends with it', async () => {
  for (const cuts of [['abc'], ['a', '', 'bc'], ['a', 'b', 'c']]) {
    const digest = createSha256()
    for (const part of cuts) digest.update(utf8(part))
    expect(digest.digestHex()).toBe(ABC)
    expect(() => digest.update(utf8('d'))).toThrow()
  }
  expect(createSha256().digestHex()).toBe(OF_NOTHING)
})

// RFC 5869, appendix A.1, A.2 and A.3.
const sequence = (from: number, to: number): Uint8Array<ArrayBuffer> =>
  new Uint8Array(to - from + 1).map((_, at) => from + at)
const RFC_5869 = [
  {
    name: 'A.1',
    input: {
      secret: new Uint8Array(22).fill(0x0b),
      salt: sequence(0, 0x0c),
      context: sequence(0xf0, 0xf9),
      length: 42,
    },
    okm: '3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865',
  },
  {
    name: 'A.2',
    input: { secret: sequence(0, 0x4f), salt: sequence(0x60, 0xaf), context: sequence(0xb0, 0xff), length: 82 },
    okm: 'b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87',
  },
  {
    name: 'A.3',
    input: { secret: new Uint8Array(22).fill(0x0b), salt: NOTHING, context: NOTHING, length: 42 },
    okm: '8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8',
  },
]

test.each(RFC_5869)('hkdf() gives the output of RFC 5869 $name', async ({ input, okm }) => {
  expect(hex(await hkdf(input))).toBe(okm)
})

test('hkdf() gives up to 8,160 bytes and refuses one more, none, and fractions', async () => {
  const input = { secret: utf8('secret'), salt: NOTHING, context: NOTHING }
  expect((await hkdf({ ...input, length: 8160 })).byteLength).toBe(8160)
  for (const length of [8161, 0, -1, 1.5, Number.NaN])
    expect(await refusalOf(() => hkdf({ ...input, length }))).toBe('crypto.input_malformed')
})

test('hmacSha256() gives the outputs of RFC 4231 §4.2, §4.3 and §4.7, and refuses an empty key', async () => {
  const long = utf8('Test Using Larger Than Block-Size Key - Hash Key First')
  expect(hex(await hmacSha256(new Uint8Array(20).fill(0x0b), utf8('Hi There')))).toBe(
    'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7',
  )
  expect(hex(await hmacSha256(utf8('Jefe'), utf8('what do ya want for nothing?')))).toBe(
    '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
  )
  expect(hex(await hmacSha256(new Uint8Array(131).fill(0xaa), long))).toBe(
    '60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54',
  )
  expect(await hmacSha256(fromHex('00'), NOTHING)).toHaveLength(32)
  expect(await refusalOf(() => hmacSha256(NOTHING, long))).toBe('crypto.input_malformed')
})
