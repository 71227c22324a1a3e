import { expect, test } from 'bun:test'
import { formatAgo, formatCount, formatRate, shortId } from '../../src/web/format.ts'
import { formatBytes, formatDuration, formatInstant, grouped } from '../../src/web/mod.ts'

test('counts are exact below 10,000 and have three digits above', () => {
  expect([0, 9_999, 10_000, 12_345, 999_499, 999_500, 4_210_000].map(formatCount)).toEqual([
    '0',
    '9,999',
    '10.0 k',
    '12.3 k',
    '999 k',
    '1.00 M',
    '4.21 M',
  ])
  expect(grouped(1_234_567)).toBe('1,234,567')
})

test('bytes and rates come in units', () => {
  expect([0, 999, 1_000, 1_800_000_000, 5e15].map(formatBytes)).toEqual([
    '0 B',
    '999 B',
    '1.00 kB',
    '1.80 GB',
    '5.00 PB',
  ])
  expect([0, 0.4, 9.94, 9.96, 820, 1_170, 23_456].map(formatRate)).toEqual([
    '0 /s',
    '0.4 /s',
    '9.9 /s',
    '10 /s',
    '820 /s',
    '1,170 /s',
    '23.5 k /s',
  ])
})

test('durations and times are as coarse as they are long', () => {
  const s = 1_000
  expect(
    [0, 420, 9_940, 12_400, 59_999, 240 * s, 3 * 3_600 * s, 86_400 * s, 11 * 86_400 * s, -5].map(formatDuration),
  ).toEqual(['0 s', '0.4 s', '9.9 s', '12 s', '59 s', '4 min', '3 h', '1 day', '11 days', '0 s'])
  const now = 1_800_000_000_000
  expect([0, 999, 3_400, 720 * s, -3 * 3_600 * s].map((ms) => formatAgo(now - ms, now))).toEqual([
    'just now',
    'just now',
    '3 s ago',
    '12 min ago',
    'in 3 h',
  ])
  expect(formatInstant(Date.UTC(2026, 10, 24, 5, 44, 19, 500))).toBe('2026-11-24 05:44:19 UTC')
})

test('a short id keeps its noun, its beginning and its end', () => {
  expect(shortId('dep_0199aaaa-1111-7abc-8def-0123456789ab')).toBe('dep_0199…89ab')
  expect(shortId('0199aaaa-1111-7abc-8def-0123456789ab')).toBe('0199…89ab')
  expect(shortId('cred_short')).toBe('cred_short')
})
