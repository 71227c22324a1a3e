import { expect, test } from 'bun:test'
import { NONCES_PER_KEY_MAX, ReplayWindow } from '../../src/wire/mod.ts'
import { FakeClock, T0 } from '../support/wire/parties.ts'

test('a nonce is taken once for each key', () => {
  const window = new ReplayWindow(new FakeClock())
  expect(window.remember('a', 'n', T0 + 1_000)).toBe(true)
  expect(window.remember('a', 'n', T0 + 1_000)).toBe(false)
  expect(window.remember('b', 'n', T0 + 1_000)).toBe(true)
})

test('a key that used up its bound is refused rather than forgotten, and other keys are not touched', () => {
  const window = new ReplayWindow(new FakeClock())
  for (let i = 0; i < NONCES_PER_KEY_MAX; i++) expect(window.remember('a', `n${i}`, T0 + 60_000)).toBe(true)
  expect(window.remember('a', 'one more', T0 + 60_000)).toBe(false)
  expect(window.remember('a', 'n0', T0 + 60_000)).toBe(false)
  expect(window.remember('b', 'n0', T0 + 60_000)).toBe(true)
})

test('expired nonces make room, and a silent key costs nothing', () => {
  const clock = new FakeClock()
  const window = new ReplayWindow(clock, 2)
  window.remember('a', 'n1', T0 + 1_000)
  window.remember('a', 'n2', T0 + 50_000)
  clock.advance(1_000)
  expect(window.remember('a', 'n3', T0 + 60_000)).toBe(true)
  expect(window.remember('a', 'n4', T0 + 60_000)).toBe(false)
  clock.advance(120_000)
  window.remember('b', 'n', T0 + 200_000)
  expect(window.size).toBe(1)
})
