import { expect, test } from 'bun:test'
import { RefusalLog } from '../../src/pipeline/refusal-log.ts'
import { ManualClock } from '../support/bridge/manual-clock.ts'

const refusal = (code: string) => ({ partition: 'p', position: 0, reason: { code }, record: new Uint8Array(0) })

test('refusals are told at once, then every ten seconds with their counts, and what is left at the end', () => {
  const clock = new ManualClock()
  const told: unknown[] = []
  const log = new RefusalLog((level, template, fields) => told.push([level, template, fields]), clock)
  const refused = (...codes: string[]): void => log.refused(codes.map(refusal))
  refused('a.b', 'a.b')
  expect(told).toEqual([['warning', 'records.refused', { reason: 'a.b', count: 2 }]])
  for (let i = 0; i < 1_000; i++) refused('a.b')
  expect(told).toHaveLength(1)
  clock.advance(10_000)
  refused('c.d')
  expect(told.slice(1)).toEqual([
    ['warning', 'records.refused', { reason: 'a.b', count: 1_000 }],
    ['warning', 'records.refused', { reason: 'c.d', count: 1 }],
  ])
  refused('e.f')
  log.tell()
  log.tell()
  expect(told.slice(3)).toEqual([['warning', 'records.refused', { reason: 'e.f', count: 1 }]])
})

test('more reasons than are counted apart are counted together', () => {
  const clock = new ManualClock()
  const told: { reason?: unknown; count?: unknown }[] = []
  const log = new RefusalLog((_level, _template, fields) => told.push({ ...fields }), clock)
  log.refused(Array.from({ length: 20 }, (_, i) => refusal(`reason.n${i}`)))
  expect(told).toHaveLength(17)
  expect(told.at(-1)).toEqual({ reason: 'other', count: 4 })
})
