import { expect } from 'bun:test'
import fc from 'fast-check'
import { systemClock, systemRandom, Turns } from '../../../src/base/mod.ts'
import { buildIndexes } from '../../../src/datasets/indexes/build.ts'
import { createIndex } from '../../../src/datasets/indexes/declare.ts'
import { cutOff } from '../../support/datasets/cut-off.ts'
import { TenantDatabase } from '../../support/datasets/tenant-database.ts'
import { slowTest } from '../../support/quick.ts'

const value = fc.constantFrom('a', 'b', `${'x'.repeat(300)}1`, `${'x'.repeat(300)}2`, '', null)
const issue = fc.record({
  key: fc.integer({ min: 1, max: 6 }).map((n) => `A-${n}`),
  status: value,
  points: fc.constantFrom<unknown>(1, 2.5, 'many', null),
})
const number = fc.integer({ min: 1, max: 12 })
const act = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ take: fc.array(issue, { minLength: 1, maxLength: 5 }), isCutOff: fc.boolean() }),
  },
  { weight: 2, arbitrary: fc.record({ remove: number }) },
  { weight: 2, arbitrary: fc.record({ change: number, to: fc.oneof(value, fc.constant(7)) }) },
  { weight: 2, arbitrary: fc.record({ fill: number, to: value }) },
  { weight: 3, arbitrary: fc.record({ build: fc.boolean() }) },
)

slowTest(
  'the values are those of the records, whatever was written, replaced, changed, removed or cut off',
  async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(act, { minLength: 1, maxLength: 14 }), fc.nat({ max: 5 }), async (acts, declaredAt) => {
        using tenant = await TenantDatabase.open()
        const { db } = tenant
        const { id } = await tenant.createDataset('issues', 'issues')
        const turns = new Turns()
        for (const [at, one] of acts.entries()) {
          if (at === declaredAt)
            await createIndex({ db, clock: systemClock, random: systemRandom }, id, { fields: ['status', 'points'] })
          if ('take' in one) {
            const text = one.take.map((row) => JSON.stringify(row)).join('\n')
            const entry = await tenant.entry(id, { text, contentType: 'application/x-ndjson' })
            if (one.isCutOff) await cutOff(tenant, () => tenant.importEntries([entry]))
            await tenant.importEntries([entry])
          } else if ('remove' in one) db.run('DELETE FROM records_1 WHERE no >= ? AND no % 3 <> 0', [one.remove])
          else if ('change' in one) db.run('UPDATE records_1 SET c3 = ? WHERE no >= ?', [one.to, one.change])
          else if ('fill' in one) {
            // As what is read again comes back under its own number.
            const fill = `INSERT OR IGNORE INTO records_1 (no, import_no, line)
            SELECT ?, 1, 1 WHERE ? < (SELECT max(no) FROM records_1)`
            const filled = db.run(fill, [one.fill, one.fill])
            if (filled > 0) db.run('UPDATE records_1 SET c3 = ?, c18 = ? WHERE no = ?', [one.to, 7, one.fill])
          } else if (one.build) await buildIndexes({ db, turns })
          else await cutOff(tenant, () => buildIndexes({ db, turns }))
        }
        db.run('UPDATE dataset_indexes SET due = 1')
        await buildIndexes({ db, turns })
        if (declaredAt >= acts.length) return
        const columns = db
          .all("SELECT \"column\" FROM dataset_fields WHERE name IN ('status', 'points') ORDER BY place")
          .flat()
        expect(columns).toEqual(['c3', 'c18'])
        const cut = (one: unknown) => (typeof one === 'string' ? one.slice(0, 256) : one)
        const expected = db.all('SELECT no, c3, c18 FROM records_1 ORDER BY no').map((row) => row.map(cut))
        expect(db.all('SELECT no, f1, f2 FROM index_1 ORDER BY no') as unknown[]).toEqual(expected)
        expect(db.row('SELECT built_to FROM dataset_indexes')).toEqual(
          db.row('SELECT coalesce(max(no), 0) FROM records_1'),
        )
      }),
      { numRuns: 60 },
    )
  },
  60_000,
)
