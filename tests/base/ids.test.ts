import { expect, test } from 'bun:test'
import { newId, systemClock, systemRandom, uuidV7 } from '../../src/base/mod.ts'

test('uuidV7() carries the clock in its first 48 bits, and version and variant', () => {
  const clock = { ...systemClock, now: () => 0x0199aabbccdd }
  const id = uuidV7(clock, (length) => new Uint8Array(length).fill(0xff))
  expect(id).toBe('0199aabb-ccdd-7fff-bfff-ffffffffffff')
})

test('newId() makes ids of a noun that sort by time', () => {
  const early = newId('rt', { ...systemClock, now: () => 1 }, systemRandom)
  const late = newId('rt', { ...systemClock, now: () => 2 }, systemRandom)
  expect(early).toMatch(/^rt_[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  expect(early < late).toBe(true)
})
