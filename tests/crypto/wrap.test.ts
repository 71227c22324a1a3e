import { describe, expect, test } from 'bun:test'
import { systemRandom, utf8 } from '../../src/base/mod.ts'
import { importWrappingKey, rewrap, unwrap, wrap } from '../../src/crypto/mod.ts'
import { flipped } from '../support/p256.ts'
import { refusalOf } from '../support/refusal.ts'

const binding = { purpose: 'database-key', id: 'runtime.db' }
const secret = utf8('thirty-two bytes of some secret!')

test('unwrap() gives back what wrap() took; the wrap holds version, nonce and tag and never repeats', async () => {
  const key = await importWrappingKey(systemRandom(32))
  const [one, other] = [await wrap(key, binding, secret), await wrap(key, binding, secret)]
  expect(await unwrap(key, binding, one)).toEqual(secret)
  expect(one[0]).toBe(1)
  expect(one.byteLength).toBe(1 + 12 + secret.byteLength + 16)
  expect(one.subarray(1, 13)).not.toEqual(other.subarray(1, 13))
  expect(await unwrap(key, binding, await wrap(key, binding, new Uint8Array(0)))).toEqual(new Uint8Array(0))
})

test('unwrap() refuses another purpose, another id, and the same letters divided otherwise', async () => {
  const key = await importWrappingKey(systemRandom(32))
  const wrapped = await wrap(key, binding, secret)
  const others = [
    { purpose: 'vault-key', id: 'runtime.db' },
    { purpose: 'database-key', id: 'platform.db' },
    { purpose: 'database-ke', id: 'yruntime.db' },
    { purpose: 'database-keyruntime.db', id: '' },
    { purpose: 'runtime.db', id: 'database-key' },
  ]
  for (const other of others) expect(await refusalOf(() => unwrap(key, other, wrapped))).toBe('crypto.not_authentic')
})

test('unwrap() refuses another key, every changed byte, and every cut', async () => {
  const key = await importWrappingKey(systemRandom(32))
  const wrapped = await wrap(key, binding, secret)
  const stranger = await importWrappingKey(systemRandom(32))
  expect(await refusalOf(() => unwrap(stranger, binding, wrapped))).toBe('crypto.not_authentic')
  for (let at = 0; at < wrapped.byteLength; at++) {
    expect(await refusalOf(() => unwrap(key, binding, flipped(wrapped, at)))).toBe('crypto.not_authentic')
    expect(await refusalOf(() => unwrap(key, binding, wrapped.subarray(0, at)))).toBe('crypto.not_authentic')
  }
})

test('importWrappingKey() takes 32 bytes only, and gives a key that cannot be exported', async () => {
  const bytes = systemRandom(32)
  const key = await importWrappingKey(bytes)
  expect(Object.keys(key)).toEqual([])
  expect(Bun.inspect(key)).not.toContain(String(bytes))
  for (const length of [0, 16, 31, 33])
    expect(await refusalOf(() => importWrappingKey(new Uint8Array(length)))).toBe('crypto.key_malformed')
})

describe('a key that is rotated', () => {
  test('wraps under the new key, still opens what the former one wrapped, and moves that over', async () => {
    const [first, second] = [systemRandom(32), systemRandom(32)]
    const key = await importWrappingKey(first)
    const binding = { purpose: 'test', id: 'one' }
    const before = await wrap(key, binding, utf8('kept'))
    expect(await rewrap(key, binding, before)).toBeUndefined()
    await key.replace(second)
    expect(await unwrap(key, binding, before)).toEqual(utf8('kept'))
    const after = (await rewrap(key, binding, before)) ?? before
    const alone = await importWrappingKey(second)
    expect(await unwrap(alone, binding, after)).toEqual(utf8('kept'))
    expect(await refusalOf(() => unwrap(alone, binding, before))).toBe('crypto.not_authentic')
    expect(await rewrap(key, binding, after)).toBeUndefined()
    key.forgetFormer()
    expect(await refusalOf(() => unwrap(key, binding, before))).toBe('crypto.not_authentic')
    const both = await importWrappingKey(second, first)
    expect(await unwrap(both, binding, before)).toEqual(utf8('kept'))
  })

  test('binds as ever: a wrap of another object is not moved', async () => {
    const key = await importWrappingKey(systemRandom(32))
    const other = await wrap(key, { purpose: 'test', id: 'two' }, utf8('kept'))
    await key.replace(systemRandom(32))
    expect(await refusalOf(() => rewrap(key, { purpose: 'test', id: 'one' }, other))).toBe('crypto.not_authentic')
  })
})
