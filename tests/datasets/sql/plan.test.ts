import { describe, expect, test } from 'bun:test'
import { FUNCTIONS, TABLES_OF_CALLS } from '../../../src/datasets/sql/harmless.ts'
import { oneQuestion } from '../../../src/datasets/sql/one-question.ts'
import { judgePlan } from '../../../src/datasets/sql/plan.ts'
import { type DataDatabase, emptyDatabase } from '../../../src/store/mod.ts'
import { slowTest } from '../../support/quick.ts'
import { refusalOf } from '../../support/refusal.ts'

const TEMP = 1

/** A database with a table that may be read, one that may not, and how a text is judged there. */
function judging(): { db: DataDatabase; judge: (sql: string) => Promise<string> } {
  const db = emptyDatabase()
  db.exec('CREATE TEMP TABLE open (a, b)')
  db.exec('CREATE TEMP TABLE hidden (a, b)')
  const root = Number(db.row("SELECT rootpage FROM temp.sqlite_schema WHERE name = 'open'")?.[0])
  const judge = (sql: string) => refusalOf(async () => judgePlan(db, sql, { database: TEMP, roots: new Set([root]) }))
  return { db, judge }
}

describe('judgePlan()', () => {
  test('lets on what only reads, whatever SQLite makes of it', async () => {
    const { judge } = judging()
    for (const sql of [
      'SELECT * FROM open WHERE a IN (SELECT max(b) FROM open GROUP BY a) OR b = 4 ORDER BY a DESC, b LIMIT 3 OFFSET 2',
      'SELECT a, row_number() OVER (PARTITION BY b ORDER BY a), sum(a) OVER (ROWS 3 PRECEDING) FROM open',
      'SELECT a FROM open UNION SELECT b FROM open EXCEPT SELECT 3 INTERSECT SELECT 5 UNION ALL VALUES (1)',
      'WITH RECURSIVE c (n) AS (SELECT 1 UNION SELECT n + 1 FROM c WHERE n < 9 ORDER BY 1) SELECT * FROM c, open x LEFT JOIN open y USING (a)',
      'SELECT count(DISTINCT a), group_concat(b, 1), avg(a) FILTER (WHERE b > 1) FROM open HAVING max(a) > 1',
      "SELECT CASE WHEN a LIKE 'x%' THEN a || b ELSE -a / 2 % 3 END, a -> '$.x', CAST(a AS TEXT) COLLATE NOCASE FROM open",
      "SELECT j.value, n.value FROM open, json_each(open.a) j, generate_series(1, 3) n, JSON_TREE('[1]')",
      'SELECT EXISTS (SELECT 1 FROM open o WHERE o.a = open.b), (a, b) = (1, 2), a BETWEEN 1 AND 2 FROM open',
    ])
      expect([sql, await judge(sql)]).toEqual([sql, 'nothing'])
  })

  test('refuses every table but those, and every virtual table of this build', async () => {
    const { db, judge } = judging()
    for (const sql of [
      'SELECT a FROM hidden',
      'SELECT open.a FROM open LEFT JOIN hidden ON hidden.a = open.a',
      'SELECT (SELECT max(a) FROM hidden)',
      'SELECT * FROM sqlite_schema',
      'SELECT * FROM temp.sqlite_master',
      'SELECT o.a, s.name FROM open o LEFT JOIN sqlite_schema s ON s.rowid = o.a',
    ])
      expect([sql, await judge(sql)]).toEqual([sql, 'sql.not_allowed'])
    const modules = db.all('PRAGMA module_list').map(([name]) => String(name))
    const pragmas = db.all('PRAGMA pragma_list').map(([name]) => `pragma_${name}`)
    expect(modules).toContain('fsdir')
    expect(pragmas.length).toBeGreaterThan(50)
    for (const name of [...modules, ...pragmas].filter((one) => !TABLES_OF_CALLS.has(one))) {
      for (const written of [name, `"${name.toUpperCase()}" AS json_each`, `'${name}' j, json_each('[]')`])
        expect([written, await judge(`SELECT * FROM ${written}`)]).toEqual([
          written,
          expect.stringMatching(/^(sql\.not_allowed|store\.statement_refused)$/),
        ])
    }
    expect(await judge("SELECT * FROM json_each('[1]'), pragma_table_list")).toBe('sql.not_allowed')
    expect(await judge("SELECT * FROM fsdir('/etc') AS generate_series")).toBe('sql.not_allowed')
  })

  test('refuses every function of this build but those that are known to be harmless', async () => {
    const { db, judge } = judging()
    const known = db
      .all('PRAGMA function_list')
      .map(([name, , , , count]) => ({ name: String(name), count: Math.max(0, Number(count)) }))
    const others = known.filter(({ name }) => !FUNCTIONS.has(name))
    for (const dangerous of [
      'load_extension',
      'readfile',
      'writefile',
      'fts3_tokenizer',
      'sha3_query',
      'sqlite3mc_config',
    ])
      expect(others.map(({ name }) => name)).toContain(dangerous)
    for (const { name, count } of others) {
      const words = Array.from({ length: count }, () => 'a').join(', ')
      const refusal = await judge(`SELECT "${name}"(${words}) FROM open`)
      expect([name, refusal]).toEqual([name, expect.stringMatching(/^(sql\.not_allowed|store\.statement_refused)$/)])
    }
    expect(await judge('SELECT * FROM open WHERE a OR LOAD_EXTENSION(b)')).toBe('sql.not_allowed')
    expect(await judge("SELECT sum(length(readfile('/etc/passwd'))) OVER () FROM open")).toBe('sql.not_allowed')
  })

  test('refuses what writes, makes, attaches, changes settings, or has parameters', async () => {
    const { db, judge } = judging()
    for (const sql of [
      ...[
        'INSERT INTO open VALUES (1, 2)',
        'UPDATE open SET a = 1',
        'DELETE FROM open',
        'REPLACE INTO open VALUES (1, 2)',
      ],
      ...['WITH x AS (SELECT 1) DELETE FROM open WHERE a = 1', 'WITH x AS (SELECT 1) INSERT INTO open SELECT 1, 2'],
      ...['INSERT INTO open VALUES (1, 2) RETURNING a', 'CREATE TABLE made (a)', 'CREATE TEMP VIEW made AS SELECT 1'],
      ...['DROP TABLE open', 'ALTER TABLE open RENAME TO closed', 'CREATE INDEX made ON open (a)', 'ANALYZE'],
      ...[
        "ATTACH ':memory:' AS other",
        "ATTACH ':memory:' AS other KEY 'x'",
        "VACUUM INTO '/tmp/never'",
        'VACUUM',
        'BEGIN',
      ],
      ...['PRAGMA user_version = 7', 'PRAGMA wal_checkpoint', 'PRAGMA integrity_check', 'SAVEPOINT here', 'ROLLBACK'],
      ...['CREATE VIRTUAL TABLE made USING fts5 (a)', 'SELECT ?', 'SELECT ?2, :name, @name, $name FROM open'],
    ])
      expect([sql, await judge(sql)]).toEqual([sql, 'sql.not_allowed'])
    expect(db.row('PRAGMA user_version')?.[0]).toBe(0)
    expect(db.all("SELECT name FROM temp.sqlite_schema WHERE name = 'made'")).toEqual([])
  })

  slowTest('refuses what comes to very many steps', async () => {
    const { judge } = judging()
    const doubled = Array.from(
      { length: 7 },
      (_, n) => `x${n + 1} AS (SELECT * FROM x${n} UNION ALL SELECT * FROM x${n} WHERE a > ${n})`,
    )
    const wide = `a, ${Array.from({ length: 300 }, (_, n) => `a + b * ${n}`).join(', ')}`
    const sql = `WITH x0 AS (SELECT ${wide} FROM open UNION ALL SELECT ${wide} FROM open), ${doubled.join(', ')}`
    expect(await judge(`${sql} SELECT * FROM x7`)).toBe('sql.too_large')
  })
})

describe('oneQuestion()', () => {
  test('gives the statement without what stands around it', () => {
    for (const [text, question] of [
      ['  SELECT 1 ; ', 'SELECT 1'],
      [
        '-- one; two\n/* SELECT 2; */ \ufeffselect \';\', "a;", [b;], `c;` ;; -- end; PRAGMA x',
        'select \';\', "a;", [b;], `c;`',
      ],
      ['VALUES (1)/* never closed; DROP', 'VALUES (1)'],
      ["WITH a AS (SELECT 'it''s; ' || 1) SELECT * FROM a", "WITH a AS (SELECT 'it''s; ' || 1) SELECT * FROM a"],
      ['SELECT "x"\';\'', 'SELECT "x"\';\''],
    ] as const)
      expect(oneQuestion(text)).toBe(question)
  })

  test('refuses several statements, other beginnings, bytes, NUL and nothing', async () => {
    const several = ['SELECT 1; SELECT 2', "SELECT 1;;\n/* */'x'", 'SELECT 1; --\rx\nPRAGMA x']
    const others = [
      'PRAGMA user_version',
      '-- SELECT\nATTACH x AS y',
      '/* /* */ DELETE FROM x',
      'EXPLAIN SELECT 1',
      ';SELECT 1',
    ]
    const odd = [
      'selected',
      'SELECT$1',
      '(SELECT 1)',
      '\u00a0SELECT 1',
      '--\rSELECT 1\nPRAGMA x',
      "SELECT x'00'",
      "SELECT 1,X''",
    ]
    const nothing = ['', ' \n', '-- nothing', '/* nothing', 'SELECT 1\0; DROP TABLE x']
    for (const text of [...several, ...others, ...odd])
      expect([text, await refusalOf(async () => oneQuestion(text))]).toEqual([text, 'sql.not_allowed'])
    for (const text of nothing)
      expect([text, await refusalOf(async () => oneQuestion(text))]).toEqual([text, 'sql.invalid'])
  })
})
