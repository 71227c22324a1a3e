import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import type { TenantData } from '../../../src/datasets/mod.ts'
import { SQL_ANSWER_BYTES_MAX, SQL_ROWS_MAX } from '../../../src/datasets/sql/answer-sql.ts'
import type { DataProcess } from '../../../src/datasets/worker/data-process.ts'
import type { Dataset } from '../../../src/wire/mod.ts'
import { ManualClock } from '../../support/bridge/manual-clock.ts'
import { csv, DataHost, ended, valuesOf } from '../../support/datasets/data-host.ts'
import { slowTest } from '../../support/quick.ts'
import { refusalOf } from '../../support/refusal.ts'
import { until } from '../../support/until.ts'

setDefaultTimeout(60_000)

let host: DataHost
let acme: TenantData
let bolt: TenantData
let secrets: Dataset

async function filled(data: TenantData, name: string, text: string): Promise<Dataset> {
  const dataset = await data.createDataset({ name, shape: 'table' })
  await ended(data, dataset.id, (await data.take(dataset.id, csv(text))).import)
  return dataset
}

beforeAll(async () => {
  host = await DataHost.open()
  acme = (await host.tenant('acme')).data
  bolt = (await host.tenant('bolt')).data
  const rows = Array.from({ length: 12_000 }, (_, n) => `${n},"says ""x"" ${n}"`)
  await filled(acme, 'orders', `id,words\n${rows.join('\n')}\n`)
  secrets = await filled(bolt, 'secrets', 'text\ncanary-of-bolt\n')
})
afterAll(() => host[Symbol.asyncDispose]())

const ask = (sql: string, data = acme) => data.sql({ sql, clearance: 'restricted' })
const refused = (sql: string, data = acme) => refusalOf(() => ask(sql, data))

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

slowTest('never reaches another data tenant', async () => {
  expect((await ask('SELECT text FROM secrets', bolt)).rows).toEqual([['canary-of-bolt']])
  expect(await refused('SELECT text FROM secrets')).toBe('sql.invalid')
  expect(await refused('SELECT * FROM orders', bolt)).toBe('sql.invalid')
  expect(await refused("SELECT * FROM fsdir('.')", bolt)).toBe('sql.not_allowed')
})

slowTest('rows and bytes of an answer', async () => {
  const all = await ask('SELECT id FROM orders ORDER BY id DESC')
  expect([all.rows.length, all.more, all.rows[0]]).toEqual([SQL_ROWS_MAX, true, [11_999]])
  expect((await ask(`SELECT id FROM orders LIMIT ${SQL_ROWS_MAX}`)).more).toBe(false)
  const wide = Array.from({ length: 2_000 }, () => 'id').join(', ')
  const values = await ask(`SELECT ${wide} FROM orders`)
  expect([values.rows.length, values.rows[0]?.length, values.more]).toEqual([100, 2_000, true])
  const long = await ask("SELECT printf('%*c', 1000000, 'é') FROM orders")
  expect([long.rows.length > 0, long.more]).toEqual([true, true])
  expect(JSON.stringify(long.rows).length).toBeLessThan(SQL_ANSWER_BYTES_MAX + 4_096)
  expect(await refused(`SELECT printf('%*c', ${SQL_ANSWER_BYTES_MAX}, 'x')`)).toBe('sql.too_large')
  expect((await ask(`SELECT 1 AS "${'x'.repeat(10_000)}"`)).columns[0]?.name).toHaveLength(256)
})

slowTest('memory: of values, of what is gathered and of what is sorted', async () => {
  for (const sql of [
    "SELECT length(printf('%*c', 1000000000, 'x'))",
    "SELECT replace(printf('%*c', 1000000, 'x'), ' ', printf('%*c', 1000000, 'y'))",
    "SELECT length(group_concat(printf('%*c', 100000, 'x'))) FROM orders",
    "SELECT printf('%*c', 100000, id) AS x FROM orders ORDER BY x",
    "SELECT json_group_array(printf('%*c', 100000, 'x')) FROM orders",
  ])
    expect([sql, await refused(sql)]).toEqual([sql, 'sql.too_large'])
  for (const sql of ['SELECT randomblob(1000000000)', 'SELECT zeroblob(1000000000)'])
    expect(await refused(sql)).toBe('sql.not_allowed')
  expect(await valuesOf(bolt, secrets, 'text')).toEqual(['canary-of-bolt'])
})

test('each question has a process of its own, which ends with it', async () => {
  const before = new Set(host.pids)
  await Promise.all([ask('SELECT 1'), ask('SELECT 2'), ask('SELECT 3', bolt)])
  const own = host.pids.filter((pid) => !before.has(pid))
  expect(own).toHaveLength(3)
  expect(own.filter(alive)).toEqual([])
})

/** A question that never ends. */
const ENDLESS = 'WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT count(*) FROM c'

slowTest('time: one that takes too long is ended with its process, and holds up nobody meanwhile', async () => {
  const clock = new ManualClock()
  const asked: number[] = []
  const around = (made: DataProcess): DataProcess => ({
    ...made,
    ask(what, body) {
      if (what === 'sql') asked.push(made.pid)
      return made.ask(what, body)
    },
  })
  await using slowHost = await DataHost.open({ clock, around })
  const slow = (await slowHost.tenant('slow')).data
  const quick = (await slowHost.tenant('quick')).data
  const dataset = await filled(quick, 'rows', 'n\n1\n')
  const endless = refusalOf(() => ask(ENDLESS, slow))
  const another = ask('SELECT 2', slow)
  await until('it has begun', () => asked.length === 1)
  expect((await ask('SELECT n FROM rows', quick)).rows).toEqual([[1]])
  expect(await valuesOf(quick, dataset, 'n')).toEqual([1])
  // The tenant has one at a time: its next waits.
  expect(asked).toHaveLength(2)
  clock.advance(10_000)
  expect(await endless).toBe('query.too_slow')
  expect((await another).rows).toEqual([[2]])
  expect(asked.filter(alive)).toEqual([])
})

slowTest('memory of the process, whatever it is that holds it', async () => {
  const clock = new ManualClock()
  const held = 'const held = Buffer.alloc(450_000_000, 1); console.log(held.length); setInterval(() => held, 1_000)'
  const large = Bun.spawn([process.execPath, '-e', held], { stdout: 'pipe' })
  try {
    await large.stdout.getReader().read()
    let asked = false
    // The process that is looked at is one that holds too much.
    const around = (made: DataProcess): DataProcess => ({
      ...made,
      ask(what, body) {
        asked ||= what === 'sql'
        return made.ask(what, body)
      },
      pid: large.pid,
    })
    await using largeHost = await DataHost.open({ clock, around })
    const { data } = await largeHost.tenant()
    await data.createDataset({ name: 'rows', shape: 'table' })
    const endless = refusalOf(() => ask(ENDLESS, data))
    await until('it has begun', () => asked)
    clock.advance(50)
    expect(await endless).toBe('sql.too_large')
  } finally {
    large.kill()
    await large.exited
  }
})

slowTest('how many wait', async () => {
  const questions = Array.from({ length: 10 }, () => refusalOf(() => ask('SELECT 1')))
  expect((await Promise.all(questions)).filter((code) => code === 'query.too_many')).toHaveLength(1)
})
