import { afterAll, beforeAll, expect, setDefaultTimeout } from 'bun:test'
import fc from 'fast-check'
import { codeOf, systemClock } from '../../../src/base/mod.ts'
import { answerSql } from '../../../src/datasets/sql/answer-sql.ts'
import type { DataDatabase } from '../../../src/store/mod.ts'
import { TenantDatabase } from '../../support/datasets/tenant-database.ts'
import { slowTest } from '../../support/quick.ts'

setDefaultTimeout(120_000)

/** Stands in all that the uncleared may not see, and in tables of ours. */
const CANARY = 'canary'

let tenant: TenantDatabase
let tables: string[]
beforeAll(async () => {
  tenant = await TenantDatabase.open()
  for (const [name, shape] of [
    ['orders', 'table'],
    ['imports', 'table'],
    ['documents', 'table'],
    ['main', 'table'],
    ['nightly-tests', 'test-results'],
  ] as const) {
    const { id } = await tenant.createDataset(name, shape)
    const text = `name,status,note,no,id,object_key\n${CANARY},passed,${CANARY},1,${CANARY},${CANARY}\n`
    const said = { fileName: CANARY, idempotencyKey: `${CANARY}-${name}`, token: CANARY, run: CANARY, branch: CANARY }
    const { run, branch, ...header } = said
    await tenant.import(id, { text, contentType: 'text/csv', ...header, attributes: { run, branch, note: CANARY } })
  }
  tables = tenant.db.all('SELECT name FROM sqlite_schema').map(([name]) => String(name))
})
afterAll(() => tenant[Symbol.dispose]())

async function readBy<T>(work: (db: DataDatabase) => T): Promise<T> {
  const db = await tenant.reader()
  try {
    return work(db)
  } finally {
    db.close()
  }
}

const QUOTES = [
  ['', ''],
  ['"', '"'],
  ['[', ']'],
  ['`', '`'],
  ["'", "'"],
] as const

/** A name as SQL may write it. */
function written(names: readonly string[]): fc.Arbitrary<string> {
  const prefix = fc.constantFrom('', '', '', 'main.', 'temp.', '"main" . ', 'MAIN/**/.', 'orders.', 't.')
  return fc
    .tuple(prefix, fc.constantFrom(...names), fc.constantFrom(...QUOTES), fc.boolean())
    .map(([before, name, [open, close], upper]) => `${before}${open}${upper ? name.toUpperCase() : name}${close}`)
}

const COLUMNS = [
  '*',
  't.*',
  'c1',
  'c3',
  'note',
  'no',
  'id',
  'object_key',
  'file_name',
  'token',
  'rowid',
  'oid',
  '_record',
]
const MORE = [
  '_attributes',
  'hex(content)',
  'content',
  'name',
  'sql',
  'value',
  'key',
  'run',
  'branch',
  'attributes',
  'count(*)',
]
const column = fc.oneof(
  { arbitrary: fc.constantFrom('*', '1', 'count(*)', '_record', '_import, _line', 'max(_received_at)'), weight: 3 },
  {
    arbitrary: fc.constantFrom(...COLUMNS, ...MORE, 'i.object_key', 'r.c1', 'main.no', "group_concat(note, ';')"),
    weight: 1,
  },
)

function questions(): fc.Arbitrary<string> {
  const own = ['orders', 'imports', 'documents', 'main', 'nightly-tests', 'x', 't', 'r', 'i']
  const others = [
    'sqlite_schema',
    'sqlite_temp_master',
    'pragma_table_list',
    'dbstat',
    'json_each',
    'sqlite_stmt',
    'the answer',
  ]
  const source = fc.oneof(
    {
      arbitrary: fc.constantFrom('orders', 'imports', 'documents', 'main', '"nightly-tests"', 'temp.imports'),
      weight: 3,
    },
    { arbitrary: fc.constantFrom('main.imports', 'records_1', 'main.records_1 t', 'MAIN."Records_2"'), weight: 1 },
    { arbitrary: written([...own, ...tables, ...others]), weight: 1 },
  )
  const { question } = fc.letrec<{ question: string; from: string }>((tie) => ({
    from: fc.oneof(
      { maxDepth: 4, depthIdentifier: 'sql' },
      source,
      source.map((name) => `${name} AS t`),
      tie('question').map((inner) => `(${inner}) t`),
      fc.tuple(source, source).map(([one, two]) => `${one} t LEFT JOIN ${two} x ON 1`),
      source.map((name) => `${name} t, json_each('[1]')`),
    ),
    question: fc.oneof(
      { maxDepth: 4, depthIdentifier: 'sql' },
      fc.tuple(column, tie('from')).map(([what, from]) => `SELECT ${what} FROM ${from}`),
      fc
        .tuple(column, source, tie('from'))
        .map(([what, name, from]) => `SELECT ${what} FROM ${from} WHERE 1 NOT IN ${name}`),
      fc.tuple(column, tie('question')).map(([what, inner]) => `SELECT ${what}, (${inner}) FROM orders t`),
      fc
        .tuple(fc.constantFrom(...own, 'records_1', 'main'), tie('question'), tie('question'))
        .map(([name, one, two]) => `WITH "${name}" AS (${one}) ${two}`),
      fc.tuple(tie('question'), tie('question')).map(([one, two]) => `${one} UNION ALL ${two}`),
    ),
  }))
  return question
}

slowTest(
  'answerSql() gives the uncleared nothing that is restricted, and nobody a table of ours, however a question names them',
  async () => {
    let answered = 0
    const asked = async (sql: string): Promise<void> => {
      try {
        const answer = await readBy((db) => answerSql({ db, clock: systemClock }, { sql, clearance: 'public' }))
        answered++
        expect([sql, JSON.stringify(answer)]).toEqual([sql, expect.not.stringContaining(CANARY)])
      } catch (error) {
        expect([sql, codeOf(error), String(error)]).toEqual([
          ...[sql, expect.stringMatching(/^sql\./), expect.not.stringContaining(CANARY)],
        ])
      }
    }
    const { rows } = await readBy((db) =>
      answerSql({ db, clock: systemClock }, { sql: 'SELECT * FROM imports', clearance: 'restricted' }),
    )
    expect(JSON.stringify(rows)).toContain(CANARY)
    await fc.assert(fc.asyncProperty(questions(), asked), { numRuns: 1_500 })
    // Not all were refused for their form.
    expect(answered).toBeGreaterThan(100)
  },
)
