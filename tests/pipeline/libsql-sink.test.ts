import { expect, test } from 'bun:test'
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs'
import Database from 'libsql'
import {
  type Batch,
  type FieldTypes,
  type GroupingSink,
  libsqlTableSink,
  parseConfig,
  type Refusal,
  type Row,
} from '../../src/pipeline/mod.ts'
import { pathGate } from '../../src/runtime/deployments/own-files.ts'
import { temporaryFolder } from '../support/folder.ts'
import { batchOfRows, context } from '../support/pipeline/opened.ts'
import { slowTest } from '../support/quick.ts'
import { refusalOf } from '../support/refusal.ts'

async function openSink(config: Record<string, unknown>, more: Parameters<typeof context>[0] = {}) {
  const opened = context(more)
  const parsed = parseConfig(libsqlTableSink, config)
  const sink = (await libsqlTableSink.open(parsed as never, opened)) as GroupingSink
  return { sink, refused: opened.refused }
}

/** Opens, writes together, closes; returns what was refused. */
async function write(config: Record<string, unknown>, batches: readonly Batch[], more = {}): Promise<Refusal[]> {
  const { sink, refused } = await openSink(config, more)
  try {
    await sink.writeTogether(batches)
  } finally {
    await sink.close()
  }
  return refused
}

function query(path: string, sql: string, encryptionKey?: string): unknown[] {
  const options = { timeout: 1_000, ...(encryptionKey !== undefined && { encryptionKey }) }
  const database = new Database(path, options)
  try {
    return database.prepare(sql).all([])
  } finally {
    database.close()
  }
}

const ID: FieldTypes = { types: { id: 'int', name: 'string' }, complete: true }
const rows = (from: number, to: number): Row[] =>
  Array.from({ length: to - from }, (_, i) => ({ id: from + i, name: `n${from + i}` }))

test('libsql_table makes the table from the types of the first rows, strict, and stores every kind of value', async () => {
  using folder = temporaryFolder()
  const path = folder.file('a.db')
  const fields: FieldTypes = { types: { id: 'int', price: 'double', paid: 'bool', name: 'string' }, complete: false }
  const batch = batchOfRows(
    [
      { id: 1, price: 3, paid: true, name: 'é🙂"\'', tags: ['x', { y: null }], note: null, mixed: 1, '"; DROP': 'q' },
      { id: 2, price: null, paid: false, name: '', tags: null, note: null, mixed: 'one', '"; DROP': '' },
    ],
    fields,
  )
  expect(await write({ path, table: 'or"ders', create: true, key: ['id'] }, [batch])).toEqual([])
  expect(query(path, 'SELECT * FROM "or""ders" ORDER BY id')).toEqual([
    { id: 1, price: 3, paid: 1, name: 'é🙂"\'', tags: '["x",{"y":null}]', note: null, mixed: 1, '"; DROP': 'q' },
    { id: 2, price: null, paid: 0, name: '', tags: null, note: null, mixed: 'one', '"; DROP': '' },
  ])
  expect(query(path, `SELECT type FROM pragma_table_info('or"ders') ORDER BY cid`)).toEqual(
    ['INTEGER', 'REAL', 'INTEGER', 'TEXT', 'TEXT', 'ANY', 'ANY', 'TEXT'].map((type) => ({ type })),
  )
})

test('what is sent again after a crash, in batches cut elsewhere, is written once', async () => {
  using folder = temporaryFolder()
  const path = folder.file('a.db')
  const config = { path, table: 't', create: true }
  await write(config, [batchOfRows(rows(0, 1_200), ID, 'p', 0), batchOfRows(rows(1_200, 1_300), ID, 'p', 1_200)])
  await write(config, [
    batchOfRows(rows(1_000, 1_250), ID, 'p', 1_000),
    batchOfRows(rows(1_250, 1_400), ID, 'p', 1_250),
  ])
  expect(query(path, 'SELECT count(*) AS n, count(DISTINCT id) AS d, max(id) AS m FROM t')).toEqual([
    { n: 1_400, d: 1_400, m: 1_399 },
  ])
  expect(query(path, 'SELECT * FROM _sluice_positions')).toEqual([
    { deployment: 'dep_1', component: 'tested', partition: 'p', position: 1_400 },
  ])
  // Another partition, component or deployment has positions of its own.
  await write(config, [batchOfRows(rows(0, 1), ID, 'q')])
  await write(config, [batchOfRows(rows(0, 1), ID, 'p')], { deployment: 'dep_2' })
  expect(query(path, 'SELECT count(*) AS n FROM t')).toEqual([{ n: 1_402 }])
})

test('a row that the database complains about is refused alone, by the name of the complaint and without its values', async () => {
  using folder = temporaryFolder()
  const path = folder.file('a.db')
  new Database(path).exec(
    'CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE CHECK (length(name) < 20), price REAL) STRICT',
  )
  const good = rows(0, 1_000)
  const bad: [number, Row, string][] = [
    [3, { id: 5_003, name: null }, 'libsql_table.sqlite_constraint_notnull'],
    [4, { id: 0, name: 'canary' }, 'libsql_table.sqlite_constraint_primarykey'],
    [500, { id: 5_500, name: 'n0' }, 'libsql_table.sqlite_constraint_unique'],
    [501, { id: 5_501, name: 'canary-canary-canary-canary' }, 'libsql_table.sqlite_constraint_check'],
    [777, { id: 'canary', name: 'x' }, 'libsql_table.sqlite_mismatch'],
    [778, { id: 5_778, name: 'z', price: 'canary' }, 'libsql_table.sqlite_constraint_datatype'],
    [900, { id: 5_900, name: 'y', canary: 1 }, 'libsql_table.column_missing'],
    [901, {}, 'libsql_table.column_missing'],
  ]
  for (const [at, row] of bad) good.splice(at, 0, row)
  const refused = await write({ path, table: 't' }, [batchOfRows(good)])
  expect(refused.map(({ position, reason }) => [position, reason.code])).toEqual(bad.map(([at, , code]) => [at, code]))
  expect(JSON.stringify(refused.map(({ reason }) => reason))).not.toContain('canary')
  expect(query(path, 'SELECT count(*) AS n FROM t')).toEqual([{ n: 1_000 }])
})

test('refused rows are dead letters before the commit that moves past them: if those fail, nothing is committed', async () => {
  using folder = temporaryFolder()
  const path = folder.file('a.db')
  const { sink } = await openSink(
    { path, table: 't', create: true, key: ['id'] },
    { refuse: () => Promise.reject(new Error('no dead letters')) },
  )
  const batch = batchOfRows(
    [
      { id: 1, name: 'a' },
      { id: 1, name: 'b' },
    ],
    ID,
  )
  expect(await refusalOf(() => sink.write(batch))).toBe('libsql_table.failed')
  await sink.close()
  expect(query(path, "SELECT name FROM sqlite_schema WHERE name = 't'")).toEqual([])
  expect(query(path, 'SELECT * FROM _sluice_positions')).toEqual([])
})

test('upsert replaces the row with the same key, within one batch too', async () => {
  using folder = temporaryFolder()
  const path = folder.file('a.db')
  const config = { path, table: 't', mode: 'upsert', key: ['id'], create: true }
  await write(config, [
    batchOfRows(
      [
        { id: 1, name: 'a' },
        { id: 2, name: 'b' },
        { id: 1, name: 'c' },
      ],
      ID,
    ),
  ])
  await write(config, [batchOfRows([{ id: 2, name: 'd' }], ID, 'p2')])
  expect(query(path, 'SELECT * FROM t ORDER BY id')).toEqual([
    { id: 1, name: 'c' },
    { id: 2, name: 'd' },
  ])
  // Rows with nothing but their key are there once.
  await write({ ...config, table: 'keys' }, [
    batchOfRows([{ id: 1 }, { id: 1 }], { types: { id: 'int' }, complete: true }, 'p3'),
  ])
  expect(query(path, 'SELECT * FROM keys')).toEqual([{ id: 1 }])
})

test('a credential names an encrypted database by url and key, and its file is ciphertext', async () => {
  using folder = temporaryFolder()
  const path = folder.file('a.db')
  const withSecret = (secret: Record<string, string>) => ({
    secrets: {
      use: <T>(name: string, fn: (secret: Record<string, string>) => Promise<T>) =>
        fn(name === 'warehouse' ? secret : {}),
    },
  })
  const config = { credential: 'warehouse', table: 't', create: true }
  await write(config, [batchOfRows(rows(0, 3), ID)], withSecret({ url: `file:${path}`, encryptionKey: 'correct' }))
  expect(readFileSync(path).subarray(0, 15).toString()).not.toBe('SQLite format 3')
  expect(query(path, 'SELECT count(*) AS n FROM t', 'correct')).toEqual([{ n: 3 }])
  const open = (secret: Record<string, string>) => refusalOf(() => openSink(config, withSecret(secret)))
  expect(await open({ url: `file:${path}`, encryptionKey: 'wrong' })).toBe('libsql_table.wrong_key')
  expect(await open({ url: `file:${path}` })).toBe('libsql_table.wrong_key')
  expect(await open({ url: 'libsql://db.example.org' })).toBe('libsql_table.url_unsupported')
  expect(await open({ url: `file:${path}?cipher=aes256cbc` })).toBe('libsql_table.url_unsupported')
  expect(await open({})).toBe('libsql_table.url_unsupported')
})

test('without `create` a database, or a table, that is not there is refused and not made', async () => {
  using folder = temporaryFolder()
  const path = folder.file('a.db')
  expect(await refusalOf(() => openSink({ path, table: 't' }))).toBe('libsql_table.database_missing')
  new Database(path).exec('CREATE TABLE other (a)')
  expect(await refusalOf(() => openSink({ path, table: 't' }))).toBe('libsql_table.table_missing')
  expect(query(path, 'SELECT name FROM sqlite_schema')).toEqual([{ name: 'other' }])
})

test('with `create` the folder is made as well, never in a closed place; without it, or where none can be, nothing is', async () => {
  using folder = temporaryFolder()
  const path = folder.file('out/of/here/o.db')
  expect(await refusalOf(() => openSink({ path, table: 't' }))).toBe('libsql_table.database_missing')
  expect(existsSync(folder.file('out'))).toBe(false)
  await write({ path, table: 't', create: true }, [batchOfRows(rows(0, 2), ID)])
  expect(query(path, 'SELECT id FROM t')).toEqual([{ id: 0 }, { id: 1 }])
  const behind = folder.file('out/of/here/o.db/x/o.db')
  expect(await refusalOf(() => openSink({ path: behind, table: 't', create: true }))).toBe('host.path_unfit')
  mkdirSync(folder.file('data'))
  mkdirSync(folder.file('files'))
  symlinkSync(folder.file('data'), folder.file('files/link'))
  const admitPath = pathGate({ data: folder.file('data'), files: folder.file('files') })
  const closed = { path: folder.file('files/link/deep/o.db'), table: 't', create: true }
  expect(await refusalOf(() => openSink(closed, { admitPath }))).toBe('policy.path_forbidden')
  expect(readdirSync(folder.file('data'))).toEqual([])
})

test('an upsert whose key has no unique index fails with the name of the complaint', async () => {
  using folder = temporaryFolder()
  const path = folder.file('a.db')
  new Database(path).exec('CREATE TABLE t (id, name)')
  const failing = write({ path, table: 't', mode: 'upsert', key: ['id'] }, [batchOfRows(rows(0, 1), ID)])
  expect(await failing.catch((error: unknown) => error)).toMatchObject({
    code: 'libsql_table.failed',
    item: 'SQLITE_ERROR',
  })
})

test('a check opens the database and looks for the table, says what is wrong, and makes neither', async () => {
  using folder = temporaryFolder()
  const path = folder.file('orders.db')
  const secrets = { use: (_name: string, fn: (secret: Record<string, string>) => unknown) => fn(secret) as never }
  let secret: Record<string, string> = { url: `file:${path}`, encryptionKey: 'right' }
  const tried = (more: Record<string, unknown> = {}): Promise<string> => {
    const config = parseConfig(libsqlTableSink, { credential: 'warehouse', table: 'orders', ...more })
    return refusalOf(() => libsqlTableSink.check?.(config as never, context({ secrets })))
  }
  expect(await tried()).toBe('libsql_table.database_missing')
  expect(await tried({ create: true })).toBe('nothing')
  expect(existsSync(path)).toBe(false)
  const { sink } = await openSink({ credential: 'warehouse', table: 'orders', create: true }, { secrets })
  await sink.close()
  expect(await tried({ create: true })).toBe('nothing')
  expect(await tried()).toBe('libsql_table.table_missing')
  secret = { ...secret, encryptionKey: 'wrong' }
  expect(await tried({ create: true })).toBe('libsql_table.wrong_key')
  secret = { url: 'postgres://elsewhere/x' }
  expect(await tried()).toBe('libsql_table.url_unsupported')
})

slowTest('somebody else with the lock is waited for: the error is one that is tried again', async () => {
  using folder = temporaryFolder()
  const path = folder.file('a.db')
  const { sink } = await openSink({ path, table: 't', create: true })
  const other = new Database(path)
  other.exec('BEGIN IMMEDIATE')
  const failure = await sink.write(batchOfRows(rows(0, 1), ID)).catch((error: unknown) => error)
  expect(failure).toMatchObject({ code: 'libsql_table.unavailable', kind: 'unavailable', item: 'SQLITE_BUSY' })
  other.exec('COMMIT')
  await sink.write(batchOfRows(rows(0, 1), ID))
  await sink.close()
  other.close()
  expect(query(path, 'SELECT count(*) AS n FROM t')).toEqual([{ n: 1 }])
})

test('rows of different fields share a batch; a field that a row lacks is null in it', async () => {
  using folder = temporaryFolder()
  const path = folder.file('a.db')
  new Database(path).exec('CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b TEXT)')
  await write({ path, table: 't' }, [
    batchOfRows([
      { id: 1, a: 'x' },
      { b: 'y', id: 2 },
    ]),
  ])
  expect(query(path, 'SELECT * FROM t ORDER BY id')).toEqual([
    { id: 1, a: 'x', b: null },
    { id: 2, a: null, b: 'y' },
  ])
})

test('a config says what it touches, and cannot name both a credential and a path, or upsert without a key', async () => {
  const parsed = parseConfig(libsqlTableSink, { credential: 'warehouse', table: 't' })
  expect(libsqlTableSink.touches(parsed as never)).toEqual({ tables: ['warehouse/t'], credentials: ['warehouse'] })
  for (const config of [
    { table: 't' },
    { credential: 'a', path: 'b', table: 't' },
    { path: 'b', table: 't', mode: 'upsert' },
    { path: 'b', table: '_sluice_positions' },
    { path: 'b', table: 'sqlite_schema' },
  ]) {
    expect(await refusalOf(() => parseConfig(libsqlTableSink, config))).toBe('pipeline.config_invalid')
  }
})

test('a database in a closed place is neither opened nor made, whatever link or url leads to it', async () => {
  using folder = temporaryFolder()
  mkdirSync(folder.file('data'))
  mkdirSync(folder.file('files'))
  symlinkSync(folder.file('data'), folder.file('files/link'))
  const admitPath = pathGate({ data: folder.file('data'), files: folder.file('files') })
  const secrets = {
    use: (_name: string, fn: (secret: Record<string, string>) => unknown) =>
      fn({ url: `file:${folder.file('data/runtime.db')}` }) as never,
  }
  const configs = [
    { path: folder.file('files/link/out.db') },
    { path: folder.file('data/out.db') },
    { credential: 'own' },
  ]
  for (const config of configs) {
    const open = () => openSink({ ...config, table: 'orders', create: true }, { admitPath, secrets })
    expect(await refusalOf(open)).toBe('policy.path_forbidden')
  }
  expect(readdirSync(folder.file('data'))).toEqual([])
  await (
    await openSink({ path: folder.file('files/out.db'), table: 'orders', create: true }, { admitPath })
  ).sink.close()
})
