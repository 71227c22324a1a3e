import { expect, test } from 'bun:test'
import { beside, bounded, median } from '../../../scripts/bench/figures.ts'
import { csvLine, jsonLine, RECORD_BYTES } from '../../../scripts/bench/records.ts'
import { roundsWithin } from '../../../scripts/bench/rounds.ts'

test('a median is the middle one, or between the two in the middle', () => {
  expect(median([9, 1, 5])).toBe(5)
  expect(median([4, 1, 2, 9])).toBe(3)
  expect(median([])).toBeNaN()
})

test('a figure is met at its bound and not beyond', () => {
  expect(bounded('start.ready', [150], 'ms', 150)).toMatchObject({ met: true, goal: '≤ 150 ms', yardstick: null })
  expect(bounded('start.ready', [151], 'ms', 150).met).toBe(false)
})

test('a figure beside a yardstick is judged by the ratio of medians, and by nothing without a goal', () => {
  const yardstick = { id: 'ssh', values: [100, 50, 1_000] }
  const figure = beside('bridge.stream', [110, 1, 200], 'MB/s', yardstick, 1.1)
  expect(figure).toMatchObject({ value: 110, yardstick: { id: 'ssh', value: 100 }, ratio: 1.1, met: true })
  expect(figure.goal).toBe('≥ 1.1× ssh')
  expect(beside('x', [109], 'MB/s', yardstick, 1.1).met).toBe(false)
  expect(beside('x', [1], 'MB/s', yardstick, null)).toMatchObject({ goal: null, met: true })
})

test('every record has exactly its bytes, its own number, and the same values in both forms', () => {
  for (const i of [0, 1, 49, 9_972, 999_999]) {
    const [json, csv] = [jsonLine(i), csvLine(i)]
    expect([Buffer.byteLength(json), Buffer.byteLength(csv)]).toEqual([RECORD_BYTES, RECORD_BYTES])
    const row = JSON.parse(json) as Record<string, unknown>
    expect(row['id']).toBe(1_000_000_000 + i)
    const [id, at, site, price, quantity] = csv.split(',')
    expect([row['id'], row['at'], row['site'], row['price'], row['quantity']]).toEqual([
      ...[Number(id), at, site, Number(price), Number(quantity)],
    ])
  }
})

test('rounds stop where the next one would end too late, and there is always a first', () => {
  let now = 0
  const counted = (rounds: number, roundMs: number, msMax: number): number[] => {
    const done: number[] = []
    for (const round of roundsWithin(rounds, () => now, msMax)) {
      done.push(round)
      now += roundMs
    }
    return done
  }
  expect(counted(3, 10, 1_000)).toEqual([1, 2, 3])
  expect(counted(9, 10, 35)).toEqual([1, 2, 3])
  expect(counted(3, 10, 1)).toEqual([1])
})
