import { expect, test } from 'bun:test'
import fc from 'fast-check'
import {
  base64url,
  canonicalJson,
  concatBytes,
  EncodingInvalid,
  equalBytes,
  fromBase64url,
  fromHex,
  fromUtf8,
  hex,
  utf8,
} from '../../src/base/mod.ts'

test('base64url and hex return every byte string unchanged', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      expect(Buffer.from(fromBase64url(base64url(bytes)))).toEqual(Buffer.from(bytes))
      expect(Buffer.from(fromHex(hex(bytes)))).toEqual(Buffer.from(bytes))
    }),
  )
})

test('fromBase64url() refuses padding, the other alphabet and loose final bits', () => {
  for (const text of ['YQ==', 'a+b/', 'YR', 'Y Q', 'YQ\n']) expect(() => fromBase64url(text)).toThrow(EncodingInvalid)
})

test('fromHex() refuses odd lengths and foreign characters', () => {
  for (const text of ['abc', 'zz', '0x10']) expect(() => fromHex(text)).toThrow(EncodingInvalid)
})

test('fromUtf8() refuses invalid sequences and keeps a byte order mark', () => {
  expect(() => fromUtf8(new Uint8Array([0xc3, 0x28]))).toThrow(EncodingInvalid)
  expect(fromUtf8(utf8('\uFEFFa'))).toBe('\uFEFFa')
})

test('canonicalJson() gives the RFC 8785 form whatever the order of the members', () => {
  expect(canonicalJson({ b: 1e21, a: ['€', 1.0, null] })).toBe('{"a":["€",1,null],"b":1e+21}')
  expect(() => canonicalJson(undefined)).toThrow(EncodingInvalid)
})

test('equalBytes() compares content and length', () => {
  expect(equalBytes(utf8('ab'), concatBytes(utf8('a'), utf8('b')))).toBe(true)
  expect(equalBytes(utf8('ab'), utf8('ac'))).toBe(false)
  expect(equalBytes(utf8('ab'), utf8('abc'))).toBe(false)
})
