import { expect } from 'bun:test'
import fc from 'fast-check'
import { Turns } from '../../../src/base/mod.ts'
import { buildSearches } from '../../../src/datasets/search/build.ts'
import { setSearch } from '../../../src/datasets/search/declare.ts'
import { cutOff } from '../../support/datasets/cut-off.ts'
import { TenantDatabase } from '../../support/datasets/tenant-database.ts'
import { slowTest } from '../../support/quick.ts'

const words = fc.constantFrom('', 'red', 'Red apple', 'green ÁPPLE', 'red red', '1-a', null)
const issue = fc.record({
  key: fc.integer({ min: 1, max: 6 }).map((n) => `A-${n}`),
  summary: words,
  description: words,
})
const act = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ take: fc.array(issue, { minLength: 1, maxLength: 5 }), isCutOff: fc.boolean() }),
  },
  { weight: 2, arbitrary: fc.record({ remove: fc.integer({ min: 1, max: 12 }) }) },
  { weight: 2, arbitrary: fc.record({ change: fc.integer({ min: 1, max: 12 }), to: words }) },
  { weight: 2, arbitrary: fc.record({ fill: fc.integer({ min: 1, max: 12 }), to: words }) },
  { weight: 3, arbitrary: fc.record({ build: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ fields: fc.constantFrom(['summary'], ['description', 'key'], []) }) },
)

/** Every word with its record, field and place, as a table of words has them. */
function instances({ db }: TenantDatabase, table: string): unknown[] {
  db.exec(`CREATE VIRTUAL TABLE temp.words USING fts5vocab(main, ${table}, instance)`)
  const all = db.all('SELECT term, doc, col, "offset" FROM temp.words ORDER BY 1, 2, 3, 4')
  db.exec('DROP TABLE temp.words')
  return all
}

slowTest(
  'the words are those of the records, whatever was written, replaced, changed, removed or cut off',
  async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(act, { minLength: 1, maxLength: 14 }), async (acts) => {
        using tenant = await TenantDatabase.open()
        const { db } = tenant
        const { id } = await tenant.createDataset('issues', 'issues')
        const turns = new Turns()
        for (const one of acts) {
          if ('take' in one) {
            const text = one.take.map((row) => JSON.stringify(row)).join('\n')
            const entry = await tenant.entry(id, { text, contentType: 'application/x-ndjson' })
            if (one.isCutOff) await cutOff(tenant, () => tenant.importEntries([entry]))
            await tenant.importEntries([entry])
          } else if ('remove' in one) db.run('DELETE FROM records_1 WHERE no >= ? AND no % 3 <> 0', [one.remove])
          else if ('change' in one) db.run('UPDATE records_1 SET c6 = ? WHERE no >= ?', [one.to, one.change])
          else if ('fill' in one) {
            // As what is read again comes back under its own number.
            const fill = `INSERT OR IGNORE INTO records_1 (no, import_no, line)
            SELECT ?, 1, 1 WHERE ? < (SELECT max(no) FROM records_1)`
            if (db.run(fill, [one.fill, one.fill]) > 0)
              db.run('UPDATE records_1 SET c5 = ?, c6 = ?, c1 = ? WHERE no = ?', [
                null,
                one.to,
                `B-${one.fill}`,
                one.fill,
              ])
          } else if ('fields' in one) await setSearch(db, id, one.fields)
          else if (one.build) await buildSearches({ db, turns })
          else await cutOff(tenant, () => buildSearches({ db, turns }))
        }
        db.run('UPDATE searches SET due = 1')
        await buildSearches({ db, turns })
        const row = db.row("SELECT no, fields, built_to FROM searches WHERE state = 'made'")
        if (!row) return
        const named = db.all(
          'SELECT "column" FROM dataset_fields WHERE name IN (SELECT value FROM json_each(?)) ORDER BY place',
          [row[1] as string],
        )
        const columns = named.flat().join(', ')
        db.exec(`CREATE VIRTUAL TABLE expected USING fts5(${columns}, tokenize = 'unicode61 remove_diacritics 2')`)
        db.exec(`INSERT INTO expected (rowid, ${columns}) SELECT no, ${columns} FROM records_1`)
        expect(instances(tenant, `search_${row[0]}`)).toEqual(instances(tenant, 'expected'))
        expect(row[2]).toBe(db.row('SELECT coalesce(max(no), 0) FROM records_1')?.[0] as number)
      }),
      { numRuns: 60 },
    )
  },
  60_000,
)
