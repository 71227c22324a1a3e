import { expect, test } from 'bun:test'
import { ownValue } from '../../src/base/mod.ts'

test('what every object inherits is not taken for a value of its own', () => {
  for (const name of ['constructor', 'toString', '__proto__', 'hasOwnProperty']) {
    expect(ownValue({}, name)).toBeUndefined()
    expect(ownValue(Object.fromEntries([[name, 7]]), name)).toBe(7)
  }
})
