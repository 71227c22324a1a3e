import { expect, test } from 'bun:test'
import { isTimeZone, TimeZone } from '../../src/base/mod.ts'

const begins = (zone: string, day: string) => new Date(new TimeZone(zone).beginsMs(Date.parse(day))).toISOString()

test('a day begins when its zone says so, be it left out, or begun twice', () => {
  expect(begins('Europe/Berlin', '2026-03-29')).toBe('2026-03-28T23:00:00.000Z')
  expect(begins('Europe/Berlin', '2026-03-30')).toBe('2026-03-29T22:00:00.000Z')
  expect(begins('Asia/Kathmandu', '2026-01-02')).toBe('2026-01-01T18:15:00.000Z')
  expect(begins('America/St_Johns', '2010-11-07')).toBe('2010-11-07T02:30:00.000Z')
  expect(begins('America/Sao_Paulo', '2018-11-04')).toBe('2018-11-04T03:00:00.000Z')
  expect(begins('Pacific/Apia', '2011-12-29')).toBe('2011-12-29T10:00:00.000Z')
  expect(begins('Pacific/Apia', '2011-12-30')).toBe('2011-12-30T10:00:00.000Z')
  expect(begins('Pacific/Apia', '2011-12-31')).toBe('2011-12-30T10:00:00.000Z')
})

test('clocks change when they do, and before any did they go by the sun', () => {
  const berlin = new TimeZone('Europe/Berlin')
  expect(berlin.changes(Date.UTC(2026, 0, 1), Date.UTC(2027, 0, 1))).toEqual([
    Date.UTC(2026, 2, 29, 1),
    Date.UTC(2026, 9, 25, 1),
  ])
  expect(berlin.offsetMs(Date.UTC(1700, 0, 1))).toBe((53 * 60 + 28) * 1_000)
  expect(berlin.offsetMs(Date.UTC(2026, 6, 1) - 1)).toBe(7_200_000)
})

test('only names of zones are names of zones, and none is longer than 64 characters', () => {
  expect(['Europe/Berlin', 'UTC', 'Etc/GMT+5', 'America/Port-au-Prince'].every(isTimeZone)).toBe(true)
  expect(['', '+01:00', 'Europe/Atlantis', 'Europe/Berlin\n', "UTC'", 'x'.repeat(65)].some(isTimeZone)).toBe(false)
})
