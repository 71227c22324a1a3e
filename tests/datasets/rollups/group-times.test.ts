import { expect, test } from 'bun:test'
import fc from 'fast-check'
import * as v from 'valibot'
import { systemClock, systemRandom, TimeZone, Turns } from '../../../src/base/mod.ts'
import { buildRollups } from '../../../src/datasets/rollups/build.ts'
import { createRollup } from '../../../src/datasets/rollups/declare.ts'
import { groupFromRecords, groupFromRollup } from '../../../src/datasets/rollups/group.ts'
import { type Bucket, GroupQuery } from '../../../src/wire/mod.ts'
import { TenantDatabase } from '../../support/datasets/tenant-database.ts'
import { slowTest } from '../../support/quick.ts'
import { refusalOf } from '../../support/refusal.ts'

const HOUR_MS = 3_600_000

async function tableOf(times: readonly string[]) {
  const tenant = await TenantDatabase.open()
  const { id } = await tenant.createDataset('visits', 'table')
  const text = times.map((at) => JSON.stringify({ at, shop: 'north' })).join('\n')
  // So that the field is one of times, whatever the others are.
  const first = JSON.stringify({ at: '2026-06-15T12:00:00Z', shop: 'south' })
  await tenant.import(id, { text: first, contentType: 'application/x-ndjson' })
  if (text !== '') await tenant.import(id, { text, contentType: 'application/x-ndjson' })
  const where = [{ field: 'shop', is: 'eq' as const, value: 'north' }]
  const group = (bucket: Bucket, timeZone?: string) => {
    const given = { by: [{ field: 'at', bucket }], where, limit: 10_000, ...(timeZone !== undefined && { timeZone }) }
    return groupFromRecords(tenant.db, id, v.parse(GroupQuery, given), 'restricted').rows
  }
  return { tenant, id, group }
}

/** The middle of each quarter of an hour. */
function quarters(from: string, to: string): string[] {
  const begun = Date.parse(from)
  return Array.from({ length: (Date.parse(to) - begun) / (HOUR_MS / 4) }, (_, n) =>
    new Date(begun + (n * HOUR_MS) / 4 + 450_000).toISOString(),
  )
}

test('days of 23 and of 25 hours are right in Europe/Berlin, and an hour that comes twice is told apart', async () => {
  const { tenant, group } = await tableOf([
    ...quarters('2026-03-28T00:00:00Z', '2026-03-31T00:00:00Z'),
    ...quarters('2026-10-24T00:00:00Z', '2026-10-27T00:00:00Z'),
  ])
  using _ = tenant
  expect(group('day', 'Europe/Berlin')).toEqual([
    ...[
      ['2026-03-28', 92],
      ['2026-03-29', 92],
      ['2026-03-30', 96],
      ['2026-03-31', 8],
    ],
    ...[
      ['2026-10-24', 88],
      ['2026-10-25', 100],
      ['2026-10-26', 96],
      ['2026-10-27', 4],
    ],
  ])
  const hours = group('hour', 'Europe/Berlin')
  const twice = hours.findIndex(([hour]) => hour === '2026-10-25T02:00+02:00')
  expect(hours.slice(twice - 1, twice + 3)).toEqual([
    ['2026-10-25T01:00+02:00', 4],
    ['2026-10-25T02:00+02:00', 4],
    ['2026-10-25T02:00+01:00', 4],
    ['2026-10-25T03:00+01:00', 4],
  ])
  expect(hours.some(([hour]) => String(hour).startsWith('2026-03-29T02'))).toBe(false)
  expect(group('month', 'Europe/Berlin')).toEqual([
    ['2026-03-01', 288],
    ['2026-10-01', 288],
  ])
  expect(group('week', 'Europe/Berlin').map(([week]) => week)).toEqual([
    '2026-03-23',
    '2026-03-30',
    '2026-10-19',
    '2026-10-26',
  ])
})

test('America/St_Johns changes its clocks a minute after midnight: the minute of the new day counts to it', async () => {
  const { tenant, group } = await tableOf([
    '2010-11-07T02:29:59Z',
    '2010-11-07T02:30:30Z',
    '2010-11-07T02:31:30Z',
    '2010-11-07T03:29:59Z',
    '2010-11-07T03:30:00Z',
  ])
  using _ = tenant
  expect(group('day', 'America/St_Johns')).toEqual([
    ['2010-11-06', 3],
    ['2010-11-07', 2],
  ])
  expect(group('hour', 'America/St_Johns')).toEqual([
    ['2010-11-06T23:00-02:30', 1],
    ['2010-11-06T23:00-03:30', 2],
    ['2010-11-07T00:00-02:30', 1],
    ['2010-11-07T00:00-03:30', 1],
  ])
})

test('Asia/Kathmandu is five and three quarter hours ahead, and Pacific/Apia had no 30 December 2011', async () => {
  const { tenant, group } = await tableOf(['2026-01-01T18:14:59Z', '2026-01-01T18:15:00Z', '2026-01-01T18:15:00.000Z'])
  using _ = tenant
  expect(group('day', 'Asia/Kathmandu')).toEqual([
    ['2026-01-01', 1],
    ['2026-01-02', 2],
  ])
  expect(group('hour', 'Asia/Kathmandu')).toEqual([
    ['2026-01-01T23:00+05:45', 1],
    ['2026-01-02T00:00+05:45', 2],
  ])
  const apia = await tableOf(quarters('2011-12-29T10:00:00Z', '2012-01-01T10:00:00Z'))
  using __ = apia.tenant
  expect(apia.group('day', 'Pacific/Apia')).toEqual([
    ['2011-12-29', 96],
    ['2011-12-31', 96],
    ['2012-01-01', 96],
  ])
})

test('a date alone is that date in every zone, what is no time is in none, and each bucket is as the calendar of the zone has it', async () => {
  const { tenant, group } = await tableOf(['2026-03-09', 'soon', '2026-03-09T23:30:00Z'])
  using _ = tenant
  for (const zone of ['Europe/Berlin', 'America/New_York']) {
    const berlin = zone === 'Europe/Berlin'
    expect(group('day', zone)).toEqual([
      [null, 1],
      ...(berlin
        ? [
            ['2026-03-09', 1],
            ['2026-03-10', 1],
          ]
        : [['2026-03-09', 2]]),
    ])
  }
  expect(group('hour', 'Europe/Berlin')).toEqual([
    [null, 2],
    ['2026-03-10T00:00+01:00', 1],
  ])
  expect(group('hour', 'UTC')).toEqual(group('hour'))
})

slowTest(
  'any time is in the day and the hour that a calendar of the zone shows',
  async () => {
    const zones = [
      'Europe/Berlin',
      'America/St_Johns',
      'Asia/Kathmandu',
      'Pacific/Apia',
      'Africa/Casablanca',
      'Australia/Lord_Howe',
    ]
    const instant = fc.integer({ min: Date.UTC(1935, 0, 1), max: Date.UTC(2040, 0, 1) })
    await fc.assert(
      fc.asyncProperty(
        fc.array(instant, { minLength: 1, maxLength: 60 }),
        fc.constantFrom(...zones),
        async (at, zone) => {
          const near = new TimeZone(zone).changes(Date.UTC(2009, 0, 1), Date.UTC(2012, 0, 1))
          const all = [...at, ...near.flatMap((ms) => [ms - 1_000, ms, ms + 3_599_000])]
          const { tenant, group } = await tableOf(all.map((ms) => new Date(ms).toISOString()))
          using _ = tenant
          const shown = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'medium' })
          const counts = new Map<string, number>()
          for (const ms of all) {
            const day = shown.format(ms).slice(0, 10)
            counts.set(day, (counts.get(day) ?? 0) + 1)
          }
          expect(group('day', zone)).toEqual([...counts].sort())
        },
      ),
      { numRuns: 25 },
    )
  },
  60_000,
)

test('a rollup, kept by days of UTC, answers for no other zone but where no time is asked for; a zone that is none is refused', async () => {
  const { tenant, id } = await tableOf([])
  using _ = tenant
  const deps = { db: tenant.db, clock: systemClock, random: systemRandom }
  await createRollup(deps, id, { by: [{ field: 'at', bucket: 'day' }, { field: 'shop' }], sum: [] }, 'restricted')
  await buildRollups({ ...deps, turns: new Turns() })
  const from = (field: 'at' | 'shop', timeZone?: string) =>
    groupFromRollup(
      tenant.db,
      id,
      v.parse(GroupQuery, {
        by: [field === 'at' ? { field, bucket: 'day' } : { field }],
        ...(timeZone && { timeZone }),
      }),
      'restricted',
    )?.from
  const asked = [from('at'), from('at', 'UTC'), from('at', 'Europe/Berlin'), from('shop', 'Europe/Berlin')]
  expect(asked).toEqual(['rollup', 'rollup', undefined, 'rollup'])
  for (const zone of ['Europe/Atlantis', '+01:00', "UTC'; --"])
    expect(await refusalOf(() => from('at', zone))).toBe('query.invalid')
  const query = (length: number) => v.safeParse(GroupQuery, { timeZone: 'x'.repeat(length) }).success
  expect([query(64), query(65), query(0)]).toEqual([true, false, false])
})
