import { describe, expect, test } from 'bun:test'
import { hashRaw } from '@node-rs/argon2'
import { hex } from '../../src/base/mod.ts'
import { keyOfPassphrase } from '../../src/crypto/mod.ts'
import { refusalOf } from '../support/refusal.ts'

const salt = new Uint8Array(16).fill(1)
const cheap = { memoryKiB: 64, passes: 1 }

describe('keyOfPassphrase()', () => {
  test('is argon2id as another implementation has it', async () => {
    const other = await hashRaw('correct horse', {
      ...{ salt, outputLen: 32, parallelism: 1, memoryCost: 256, timeCost: 2, algorithm: 2 },
    })
    expect(hex(await keyOfPassphrase('correct horse', salt, { memoryKiB: 256, passes: 2 }))).toBe(other.toString('hex'))
  })

  test('depends on passphrase, salt and cost, and not on how the keyboard composes letters', async () => {
    const keys = await Promise.all([
      keyOfPassphrase('é', salt, cheap),
      keyOfPassphrase('e', salt, cheap),
      keyOfPassphrase('é', new Uint8Array(16), cheap),
      keyOfPassphrase('é', salt, { ...cheap, passes: 2 }),
    ])
    expect(new Set(keys.map(hex)).size).toBe(4)
    expect(await keyOfPassphrase('e\u0301', salt, cheap)).toEqual(keys[0] ?? salt)
  })

  test('refuses a cost beyond its bounds, which strangers may write, and another salt', async () => {
    for (const cost of [
      { memoryKiB: 1_048_577, passes: 1 },
      { memoryKiB: 64, passes: 17 },
      { memoryKiB: 7, passes: 1 },
      { memoryKiB: 64, passes: 0 },
      { memoryKiB: Number.NaN, passes: 1 },
    ]) {
      expect(await refusalOf(() => keyOfPassphrase('x', salt, cost))).toBe('crypto.input_malformed')
    }
    expect(await refusalOf(() => keyOfPassphrase('x', new Uint8Array(15), cheap))).toBe('crypto.input_malformed')
  })
})
