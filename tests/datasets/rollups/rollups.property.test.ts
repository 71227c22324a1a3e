import { expect } from 'bun:test'
import fc from 'fast-check'
import * as v from 'valibot'
import { systemClock, systemRandom, Turns } from '../../../src/base/mod.ts'
import { buildRollups } from '../../../src/datasets/rollups/build.ts'
import { createRollup, listRollups } from '../../../src/datasets/rollups/declare.ts'
import { groupFromRecords, groupFromRollup } from '../../../src/datasets/rollups/group.ts'
import { removeDataset } from '../../../src/datasets/tenant/removed-datasets.ts'
import { type GroupAnswer, GroupQuery } from '../../../src/wire/mod.ts'
import { TenantDatabase } from '../../support/datasets/tenant-database.ts'
import { slowTest } from '../../support/quick.ts'

const few = fc.constantFrom
const text = few('', 'a', 'b', 'ä', '😀'.repeat(200), 'x'.repeat(300), `${'x'.repeat(256)}y`, '2026-01-05')
const time = few('2026-01-04T23:59:59Z', '2026-01-05T00:00:00Z', '2026-01-05', '2026-02-28T10:00:00+14:00', 'soon', '')
const number = few<unknown>(0, 1, -2.5, 1e6, '3', 'n/a', '', null)

const issue = fc.record({
  key: fc.integer({ min: 1, max: 6 }).map((n) => `A-${n}`),
  status: text,
  type: few('bug', 'story', null),
  created_at: time,
  components: fc.oneof(
    fc.array(few<unknown>('a', 'b', 'b', 7, null, 'x'.repeat(300)), { maxLength: 4 }),
    few('none', null),
  ),
  points: number,
})
const result = fc.record({
  name: few('one', 'two', 'three'),
  suite: text,
  status: few('passed', 'failed'),
  started_at: time,
  duration_ms: number,
  flaky: few<unknown>(true, false, null, 'perhaps'),
})
const row = fc.record({ region: text, sold: few<unknown>(true, false, null), at: time, price: number })

const document = fc.record({
  records: fc.oneof(
    fc.record({ shape: few('issues' as const), rows: fc.array(issue, { minLength: 1, maxLength: 6 }) }),
    fc.record({ shape: few('test-results' as const), rows: fc.array(result, { minLength: 1, maxLength: 6 }) }),
    fc.record({ shape: few('table' as const), rows: fc.array(row, { minLength: 1, maxLength: 6 }) }),
  ),
  run: few('1', '2', undefined),
  branch: few('main', 'next', undefined),
})

const asks = (given: v.InferInput<typeof GroupQuery>) => v.parse(GroupQuery, given)
const count = { measure: 'count' as const }
const day = (field: string, bucket: 'day' | 'week' | 'month' = 'day') => ({ field, bucket })
const both = (field: string) => [count, { measure: 'sum' as const, field }, { measure: 'avg' as const, field }]

const QUESTIONS = {
  issues: [
    asks({ by: [{ field: 'status' }], measures: both('points') }),
    asks({ by: [day('created_at', 'week'), { field: 'type' }] }),
    asks({ by: [{ field: 'components' }], measures: both('points') }),
    asks({
      by: [{ field: 'components' }, day('created_at', 'month')],
      where: [{ field: 'type', is: 'eq', value: 'bug' }],
    }),
    asks({ where: [{ field: 'status', is: 'missing' }] }),
    asks({ by: [{ field: 'type' }], where: [{ field: 'status', is: 'ne', value: 'a' }] }),
  ],
  'test-results': [
    asks({ by: [{ field: 'status' }, { field: 'branch' }], measures: both('duration_ms') }),
    asks({ by: [{ field: 'suite' }], measures: both('flaky') }),
    asks({ by: [day('started_at')], where: [{ field: 'started_at', is: 'ge', value: '2026-01-05' }] }),
    asks({ by: [{ field: 'suite' }], where: [{ field: 'started_at', is: 'lt', value: '2026-01-05' }] }),
    asks({ by: [day('_received_at')], where: [{ field: 'branch', is: 'in', value: ['main', 'x'] }] }),
    asks({ by: [{ field: 'suite' }], where: [{ field: 'suite', is: 'ge', value: 'a' }] }),
  ],
  table: [
    asks({ by: [{ field: 'region' }, day('at')], measures: both('price') }),
    asks({ by: [{ field: 'sold' }], measures: both('price') }),
    asks({ measures: both('price'), where: [{ field: 'sold', is: 'eq', value: true }] }),
  ],
}
type Shape = keyof typeof QUESTIONS
const SHAPES_TRIED = Object.keys(QUESTIONS) as Shape[]

/** Sums of halves are exact in whatever order. */
function alike(answer: GroupAnswer): unknown {
  return { columns: answer.columns, rows: answer.rows }
}

const TABLE = { by: [{ field: 'region' }, { field: 'sold' }, day('at')], sum: ['price'] } as Parameters<
  typeof createRollup
>[2]

/** The machine goes in the middle of the transaction that imports. */
async function cutOff(
  tenant: TenantDatabase,
  id: string,
  given: Parameters<TenantDatabase['entry']>[1],
): Promise<void> {
  const { db } = tenant
  const commit = db.exec.bind(db)
  db.exec = (sql) => {
    if (sql === 'COMMIT') throw new Error('the machine is gone')
    commit(sql)
  }
  const entry = await tenant.entry(id, given)
  await tenant.importEntries([entry]).catch(() => undefined)
  db.exec = commit
  await tenant.importEntries([entry])
}

slowTest(
  'a rollup answers as the records do, whatever was written, replaced, cut off or removed',
  async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(document, { minLength: 1, maxLength: 8 }),
        fc.nat({ max: 7 }),
        fc.nat({ max: 15 }),
        fc.nat({ max: 15 }),
        async (documents, declaredAfter, cutOffAt, removedAt) => {
          using tenant = await TenantDatabase.open()
          const deps = { db: tenant.db, clock: systemClock, random: systemRandom }
          const ids = new Map<Shape, string>()
          const make = async (shape: Shape) => {
            const { id } = await tenant.createDataset(shape, shape)
            ids.set(shape, id)
            // So that the table has its fields.
            const text = JSON.stringify({ region: 'a', sold: true, at: '2026-01-01', price: 1 })
            if (shape === 'table') await tenant.import(id, { text, contentType: 'application/x-ndjson' })
          }
          for (const shape of SHAPES_TRIED) await make(shape)
          for (const [at, { records, run, branch }] of documents.entries()) {
            const id = ids.get(records.shape) ?? ''
            const attributes = { ...(run !== undefined && { run }), ...(branch !== undefined && { branch }) }
            const text = records.rows.map((one) => JSON.stringify(one)).join('\n')
            const given = { text, contentType: 'application/x-ndjson', attributes }
            if (at === cutOffAt) await cutOff(tenant, id, given)
            else await tenant.import(id, given)
            if (at === declaredAfter) {
              await createRollup(deps, ids.get('table') ?? '', TABLE, 'restricted')
              // Smaller than those of its shape, so that it answers once it is built.
              await createRollup(
                deps,
                ids.get('issues') ?? '',
                { by: [{ field: 'components' }], sum: ['points'] },
                'restricted',
              )
              await createRollup(
                deps,
                ids.get('test-results') ?? '',
                { by: [{ field: 'suite' }], sum: ['flaky'] },
                'restricted',
              )
            }
            if (at === declaredAfter + 1) await buildRollups({ ...deps, turns: new Turns() })
            if (at === removedAt) {
              await removeDataset(tenant.db, id)
              await make(records.shape)
            }
          }
          await buildRollups({ ...deps, turns: new Turns() })
          for (const [shape, id] of ids) {
            const counted = listRollups(deps, id, 'restricted').some(({ rows }) => rows > 0)
            for (const question of QUESTIONS[shape]) {
              if (!counted) continue
              const answer = groupFromRollup(tenant.db, id, question, 'restricted')
              expect(answer?.from).toBe('rollup')
              if (answer) expect(alike(answer)).toEqual(alike(groupFromRecords(tenant.db, id, question, 'restricted')))
            }
          }
        },
      ),
      { numRuns: 40 },
    )
  },
  60_000,
)
