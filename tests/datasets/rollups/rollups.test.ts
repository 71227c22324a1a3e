import { expect, test } from 'bun:test'
import * as v from 'valibot'
import { systemClock, systemRandom, Turns } from '../../../src/base/mod.ts'
import { buildRollups } from '../../../src/datasets/rollups/build.ts'
import { createRollup, listRollups, ROLLUPS_MAX, removeRollup } from '../../../src/datasets/rollups/declare.ts'
import { groupFromRecords, groupFromRollup } from '../../../src/datasets/rollups/group.ts'
import { GROUPS_MAX } from '../../../src/datasets/rollups/groups.ts'
import { GATHERED_MAX, ROLLUP_ROWS_MAX } from '../../../src/datasets/rollups/rollup-counts.ts'
import { GroupQuery } from '../../../src/wire/mod.ts'
import { csv, DataHost, ended } from '../../support/datasets/data-host.ts'
import { TenantDatabase } from '../../support/datasets/tenant-database.ts'
import { slowTest } from '../../support/quick.ts'
import { refusalOf } from '../../support/refusal.ts'
import { until } from '../../support/until.ts'

const asks = (given: v.InferInput<typeof GroupQuery>) => v.parse(GroupQuery, given)
const depsOf = ({ db }: TenantDatabase) => ({ db, clock: systemClock, random: systemRandom })

const RESULTS = `name,suite,status,duration_ms,flaky,started_at
a,cart,passed,100,false,2026-03-01T10:00:00Z
b,cart,failed,300,true,2026-03-02T23:59:59Z
c,login,passed,n/a,false,2026-03-09
d,login,skipped,,,soon
`
const results = { text: RESULTS, contentType: 'text/csv', attributes: { branch: 'main' } }

async function testResults(): Promise<{ tenant: TenantDatabase; id: string }> {
  const tenant = await TenantDatabase.open()
  const { id } = await tenant.createDataset('results', 'test-results')
  await tenant.import(id, results)
  return { tenant, id }
}

test('counts, sums and averages by fields and by weeks come from a rollup; what none has comes from the records', async () => {
  const { tenant, id } = await testResults()
  using _ = tenant
  const group = (given: v.InferInput<typeof GroupQuery>) => {
    const query = asks(given)
    return groupFromRollup(tenant.db, id, query, 'restricted') ?? groupFromRecords(tenant.db, id, query, 'restricted')
  }
  const week = { field: 'started_at', bucket: 'week' as const }
  const averages = [{ measure: 'count' as const }, { measure: 'avg' as const, field: 'duration_ms' }]
  expect(group({ by: [week], measures: averages })).toEqual({
    columns: [
      { name: 'week(started_at)', type: 'time' },
      { name: 'count', type: 'number' },
      { name: 'avg(duration_ms)', type: 'number' },
    ],
    rows: [
      [null, 1, null],
      ['2026-02-23', 1, 100],
      ['2026-03-02', 1, 300],
      ['2026-03-09', 1, null],
    ],
    ...{ more: false, from: 'rollup' },
  })
  const since = [{ field: 'started_at', is: 'ge' as const, value: '2026-03-02' }]
  const bySuite = group({ by: [{ field: 'suite' }], where: since, sort: [{ column: 'count', descending: true }] })
  expect([bySuite.rows, bySuite.from]).toEqual([
    [
      ['login', 2],
      ['cart', 1],
    ],
    'rollup',
  ])
  const slowest = group({ by: [{ field: 'branch' }], measures: [{ measure: 'max', field: 'duration_ms' }] })
  expect([slowest.rows, slowest.from]).toEqual([[['main', 300]], 'records'])
  const hours = group({ by: [{ field: 'started_at', bucket: 'hour' }], limit: 2 })
  expect([hours.rows, hours.more]).toEqual([
    [
      [null, 2],
      ['2026-03-01T10:00Z', 1],
    ],
    true,
  ])
  expect(group({ where: [{ field: 'name', is: 'eq', value: 'none' }] }).rows).toEqual([[0]])
})

test('an issue that takes the place of another gives its counts back, under each of its components', async () => {
  using tenant = await TenantDatabase.open()
  const { id } = await tenant.createDataset('issues', 'issues')
  const issue = (key: string, more: object) => JSON.stringify({ key, type: 'bug', ...more })
  const take = (...lines: string[]) =>
    tenant.import(id, { text: lines.join('\n'), contentType: 'application/x-ndjson' })
  await take(issue('A-1', { components: ['till', 'shop', 'till'], points: 3 }), issue('A-2', { components: [] }))
  await take(issue('A-1', { components: ['shop'], points: 5 }))
  const query = asks({
    by: [{ field: 'components' }],
    measures: [{ measure: 'count' }, { measure: 'sum', field: 'points' }],
  })
  const answer = groupFromRollup(tenant.db, id, query, 'restricted')
  expect([answer?.from, answer?.rows]).toEqual([
    'rollup',
    [
      [null, 1, null],
      ['shop', 1, 5],
    ],
  ])
  // By another field each counts once, however many components it has.
  await take(issue('A-3', { components: ['till', 'shop'] }))
  expect(groupFromRollup(tenant.db, id, asks({ by: [{ field: 'type' }] }), 'restricted')?.rows).toEqual([['bug', 3]])
  const wide = Array.from({ length: 33 }, (_, n) => `part ${n}`)
  await take(issue('A-4', { components: wide }))
  const parts = asks({ by: [{ field: 'components' }], limit: 100 })
  const counted = groupFromRollup(tenant.db, id, parts, 'restricted')?.rows
  expect(counted).toHaveLength(35)
  expect(groupFromRecords(tenant.db, id, parts, 'restricted').rows).toEqual(counted ?? [])
})

test('what a question may not name, and what makes no sense, is refused', async () => {
  const { tenant, id } = await testResults()
  using _ = tenant
  const refused = (given: v.InferInput<typeof GroupQuery>, clearance: 'public' | 'restricted' = 'restricted') =>
    refusalOf(() => groupFromRollup(tenant.db, id, asks(given), clearance))
  for (const given of [
    { by: [{ field: 'status' }] },
    { measures: [{ measure: 'sum' as const, field: 'duration_ms' }] },
    { where: [{ field: 'suite', is: 'eq' as const, value: 'cart' }] },
  ]) {
    expect(await refused(given, 'public')).toBe('query.field_restricted')
    expect(await refusalOf(() => groupFromRecords(tenant.db, id, asks(given), 'public'))).toBe('query.field_restricted')
  }
  expect(await refused({ by: [{ field: 'none' }] })).toBe('query.invalid')
  expect(await refused({ by: [{ field: 'started_at' }] })).toBe('query.invalid')
  expect(await refused({ by: [{ field: 'suite', bucket: 'day' }] })).toBe('query.invalid')
  expect(await refused({ measures: [{ measure: 'sum', field: 'suite' }] })).toBe('query.invalid')
  expect(await refused({ measures: [{ measure: 'count' }, { measure: 'count' }] })).toBe('query.invalid')
  expect(await refused({ by: [{ field: 'properties' }, { field: '_attributes' }] })).toBe('query.invalid')
  expect(await refused({ sort: [{ column: 'suite' }] })).toBe('query.invalid')
})

test('a rollup is declared, built of the records that are there, listed and removed; one of a shape stays', async () => {
  const { tenant, id } = await testResults()
  using _ = tenant
  const deps = depsOf(tenant)
  const query = asks({ by: [{ field: 'class' }, { field: 'file' }] })
  const { id: made, state } = await createRollup(
    deps,
    id,
    { by: [{ field: 'class' }, { field: 'file' }], sum: [] },
    'restricted',
  )
  expect(state).toBe('building')
  expect(groupFromRollup(tenant.db, id, query, 'restricted')).toBeUndefined()
  await buildRollups({ ...deps, turns: new Turns() })
  expect(groupFromRollup(tenant.db, id, query, 'restricted')?.rows).toEqual([[null, null, 4]])
  expect(listRollups(deps, id, 'restricted').map(({ preset, rows }) => [preset, rows])).toEqual([
    ['runs', 4],
    ['received', 3],
    ['suites', 4],
    [undefined, 1],
  ])
  await removeRollup(deps, id, made, 'restricted')
  expect(groupFromRollup(tenant.db, id, query, 'restricted')).toBeUndefined()
  expect(await refusalOf(() => removeRollup(deps, id, made, 'restricted'))).toBe('rollup.not_found')
  expect(
    await refusalOf(() => removeRollup(deps, id, listRollups(deps, id, 'restricted')[0]?.id ?? '', 'restricted')),
  ).toBe('rollup.of_shape')
  const fields = ['class', 'file', 'line', 'suite', 'name', 'message', 'retries', 'flaky', 'status']
  for (const field of fields.slice(0, ROLLUPS_MAX))
    await createRollup(deps, id, { by: [{ field }], sum: [] }, 'restricted')
  const one = { by: [{ field: fields[ROLLUPS_MAX] ?? '' }], sum: [] }
  expect(await refusalOf(() => createRollup(deps, id, one, 'restricted'))).toBe('rollup.too_many')
  for (const by of [[{ field: 'none' }], [{ field: 'started_at' }], [{ field: 'suite', bucket: 'day' as const }]]) {
    expect(await refusalOf(() => createRollup(deps, id, { by, sum: [] }, 'restricted'))).toBe('rollup.unfit')
  }
  expect(await refusalOf(() => createRollup(deps, id, { by: [{ field: 'suite' }], sum: ['name'] }, 'restricted'))).toBe(
    'rollup.unfit',
  )
})

test('a rollup that comes to more than a million rows ends, and its questions are answered from the records', async () => {
  const { tenant, id } = await testResults()
  using _ = tenant
  const query = asks({ by: [{ field: 'suite' }] })
  const rowsAre = (rows: number) => tenant.db.run(`UPDATE rollups SET "rows" = ? WHERE preset = 'suites'`, [rows])
  const rest = RESULTS.replaceAll('cart', 'other')
  rowsAre(ROLLUP_ROWS_MAX - 2)
  await tenant.import(id, { ...results, text: rest })
  expect(groupFromRollup(tenant.db, id, query, 'restricted')?.rows).toEqual([
    ['cart', 2],
    ['login', 4],
    ['other', 2],
  ])
  await tenant.import(id, { ...results, text: RESULTS.replace('cart', 'yet another') })
  expect(groupFromRollup(tenant.db, id, query, 'restricted')).toBeUndefined()
  expect(listRollups(depsOf(tenant), id, 'restricted').map(({ state, rows }) => [state, rows])[2]).toEqual(['ended', 0])
  expect(groupFromRecords(tenant.db, id, query, 'restricted').rows).toHaveLength(4)
})

slowTest(
  'an answer has at most 10,000 groups, and a question more than 100,000 is refused',
  async () => {
    using tenant = await TenantDatabase.open()
    const { id } = await tenant.createDataset('rows', 'table')
    const rows = Array.from({ length: GROUPS_MAX }, (_, n) => n)
    await tenant.import(id, { text: `n\n${rows.join('\n')}\n`, contentType: 'text/csv' })
    const query = asks({ by: [{ field: 'n' }], limit: 10_000, sort: [{ column: 'n', descending: true }] })
    const answer = groupFromRecords(tenant.db, id, query, 'restricted')
    expect([answer.rows.length, answer.rows[0], answer.more]).toEqual([10_000, [99_999, 1], true])
    await tenant.import(id, { text: 'n\none more\n', contentType: 'text/csv' })
    expect(await refusalOf(() => groupFromRecords(tenant.db, id, query, 'restricted'))).toBe('query.groups_too_many')
    expect(v.is(GroupQuery, { limit: 10_001 })).toBe(false)
    expect(v.is(GroupQuery, { by: Array.from({ length: 5 }, (_, n) => ({ field: `f${n}` })) })).toBe(false)
  },
  30_000,
)

slowTest(
  'a transaction of more groups than are gathered at once counts each',
  async () => {
    using tenant = await TenantDatabase.open()
    const { id } = await tenant.createDataset('rows', 'table')
    await tenant.import(id, { text: 'n\n0\n', contentType: 'text/csv' })
    const deps = depsOf(tenant)
    for (const sum of [[], ['n']]) await createRollup(deps, id, { by: [{ field: 'n' }], sum }, 'restricted')
    await buildRollups({ ...deps, turns: new Turns() })
    const rows = Array.from({ length: GATHERED_MAX / 2 + 100 }, (_, n) => n)
    await tenant.import(id, { text: `n\n${rows.join('\n')}\n`, contentType: 'text/csv' })
    expect(listRollups(deps, id, 'restricted').map((one) => one.rows)).toEqual([rows.length, rows.length])
    const total = asks({ measures: [{ measure: 'count' }, { measure: 'sum', field: 'n' }] })
    const answer = groupFromRollup(tenant.db, id, total, 'restricted')
    expect(answer?.rows).toEqual(groupFromRecords(tenant.db, id, total, 'restricted').rows)
    expect(answer?.rows[0]?.[0]).toBe(rows.length + 1)
  },
  30_000,
)

slowTest(
  'a rollup is built while others use the data, and after kill -9 amid it and amid an import it is right',
  async () => {
    await using host = await DataHost.open()
    const { data } = await host.tenant()
    const { id } = await data.createDataset({ name: 'orders', shape: 'table' })
    const rows = (from: number) =>
      Array.from(
        { length: 80_000 },
        (_, n) => `region ${n % 7},2026-01-${String(1 + (n % 28)).padStart(2, '0')},${from + n}`,
      )
    await ended(data, id, (await data.take(id, csv(`region,at,price\n${rows(0).join('\n')}\n`))).import)
    const writer = host.pids[0] ?? 0
    const by = [{ field: 'region' }, { field: 'at', bucket: 'day' as const }]
    const { state } = await data.createRollup(id, { by, sum: ['price'] }, 'restricted')
    expect(state).toBe('building')
    process.kill(writer, 'SIGKILL')
    const query = asks({
      by: [{ field: 'region' }],
      measures: [{ measure: 'count' }, { measure: 'sum', field: 'price' }],
    })
    expect((await data.group(id, query, 'restricted')).from).toBe('records')
    const { import: second } = await data.take(id, csv(`region,at,price\n${rows(80_000).join('\n')}\n`))
    await until('some of it is durable', async () => (await data.import(id, second, 'restricted')).rowsTaken > 0)
    process.kill(host.pids.at(-1) ?? 0, 'SIGKILL')
    await ended(data, id, second)
    await until('it is built', async () => (await data.rollups(id, 'restricted')).every((one) => one.state === 'ready'))
    const answer = await data.group(id, query, 'restricted')
    expect(answer.from).toBe('rollup')
    const most = asks({ ...query, measures: [...query.measures, { measure: 'max', field: 'price' }] })
    const records = await data.group(id, most, 'restricted')
    expect(records.from).toBe('records')
    expect(answer.rows).toEqual(records.rows.map((row) => row.slice(0, 3)))
    expect(answer.rows.reduce((sum, row) => sum + Number(row[1]), 0)).toBe(160_000)
  },
  60_000,
)
