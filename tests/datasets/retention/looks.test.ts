import { expect, test } from 'bun:test'
import { logOf } from '../../../src/base/mod.ts'
import { RetentionLooks } from '../../../src/datasets/mod.ts'
import type { DataTenantId } from '../../../src/wire/mod.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const TENANT = 'dt_00000000-0000-7000-8000-000000000001' as DataTenantId
const OTHER = 'dt_00000000-0000-7000-8000-000000000002' as DataTenantId

function looking({ failing }: { failing?: DataTenantId } = {}) {
  const at = { ms: Date.UTC(2026, 0, 1) }
  const looks: { tenant: DataTenantId; atMs: number }[] = []
  let kept: unknown
  const make = () =>
    new RetentionLooks({
      kept: {
        get: async () => kept,
        set: async (value) => {
          kept = structuredClone(value)
        },
      },
      datasets: {
        retained: async () => [TENANT, OTHER],
        async retain(tenant, nowMs) {
          if (tenant === failing) throw new Error('it cannot be opened')
          looks.push({ tenant, atMs: nowMs })
          return { records: 0, documents: 0 }
        },
      },
      clock: { now: () => at.ms },
      log: logOf('test'),
      signal: new AbortController().signal,
    })
  let one = make()
  return {
    looks,
    /** As the hours go by. */
    async hours(count: number) {
      for (let hour = 0; hour < count; hour++) {
        at.ms += HOUR_MS
        await one.look()
      }
    },
    leap: (ms: number) => {
      at.ms += ms
    },
    restart: () => {
      one = make()
    },
  }
}

test('a look removes once a day, the first time a day after the first', async () => {
  const world = looking()
  await world.hours(24)
  expect(world.looks).toEqual([])
  await world.hours(1)
  expect(world.looks.map(({ tenant }) => tenant)).toEqual([TENANT, OTHER])
  world.restart()
  await world.hours(23)
  expect(world.looks).toHaveLength(2)
  await world.hours(1)
  expect(world.looks).toHaveLength(4)
})

test('after a leap of the clock nothing is removed until it was steady for a day, forwards or back, with a restart between', async () => {
  for (const leapMs of [DAY_MS + HOUR_MS, 3_650 * DAY_MS, -2 * HOUR_MS]) {
    const world = looking()
    await world.hours(25)
    expect(world.looks).toHaveLength(2)
    world.leap(leapMs)
    world.restart()
    await world.hours(24)
    expect(world.looks).toHaveLength(2)
    await world.hours(1)
    expect(world.looks).toHaveLength(4)
  }
})

test('a clock that leaps ahead and is put right again has removed nothing', async () => {
  const world = looking()
  await world.hours(30)
  const before = world.looks.length
  world.leap(3_650 * DAY_MS)
  await world.hours(20)
  world.leap(-3_650 * DAY_MS)
  await world.hours(24)
  expect(world.looks).toHaveLength(before)
  await world.hours(1)
  expect(world.looks).toHaveLength(before + 2)
})

test('what cannot be opened of one data tenant keeps nobody else’s', async () => {
  const world = looking({ failing: TENANT })
  await world.hours(25)
  expect(world.looks.map(({ tenant }) => tenant)).toEqual([OTHER])
})
