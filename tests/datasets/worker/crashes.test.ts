import { expect, test } from 'bun:test'
import { spawn } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { utf8 } from '../../../src/base/mod.ts'
import type { DataProcess } from '../../../src/datasets/worker/data-process.ts'
import { csv, DataHost, ended, inChunks, valuesOf } from '../../support/datasets/data-host.ts'
import { slowTest } from '../../support/quick.ts'
import { until } from '../../support/until.ts'

const deskEntry = fileURLToPath(new URL('../../support/datasets/desk-entry.ts', import.meta.url))

slowTest(
  'a data worker that is killed amid an import has lost nothing and doubles nothing',
  async () => {
    await using host = await DataHost.open()
    const { data } = await host.tenant()
    const { id } = await data.createDataset({ name: 'rows', shape: 'table' })
    const rows = Array.from({ length: 160_000 }, (_, n) => `${n},text of row ${n}`)
    const { import: upload } = await data.take(id, csv(`n,text\n${rows.join('\n')}\n`))
    // The one that writes is started first; another reads.
    let pid = host.pids[0] ?? 0
    for (const least of [1, 60_000]) {
      const started = host.pids.length
      await until('some of it is durable', async () => (await data.import(id, upload, 'restricted')).rowsTaken >= least)
      process.kill(pid, 'SIGKILL')
      pid = await until('another process has begun', () => host.pids[started])
    }
    expect(await ended(data, id, upload)).toMatchObject({ state: 'done', rowsTaken: 160_000 })
    const { rows: last } = await data.query(id, { sort: [{ field: 'n' }], limit: 2, fields: ['n'] }, 'restricted')
    expect(last).toEqual([[0], [1]])
    expect(await data.dataset(id)).toMatchObject({ records: 160_000, imports: 1 })
  },
  60_000,
)

slowTest(
  'whatever was acknowledged before its process was killed is imported once by the next',
  async () => {
    await using host = await DataHost.open()
    const { data } = await host.tenant()
    const { id } = await data.createDataset({ name: 'rows', shape: 'table' })
    await host.close()
    let said = ''
    const acknowledged = (): string[] => said.split('\n').slice(0, -1)
    for (const enough of [30, 60]) {
      const child = spawn(process.execPath, [deskEntry, host.folder.path, host.masterHex], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      const gone = new Promise((resolve) => child.once('close', resolve))
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        said += text
      })
      await until('enough is acknowledged', () => acknowledged().length >= enough)
      child.kill('SIGKILL')
      await gone
    }
    await host.reopen()
    const again = host.desk.of((await host.tenants())[0] ?? 'dt_')
    await until(
      'all of it is imported',
      async () =>
        (await again.imports(id, { limit: 1_000, viewer: 'restricted' })).imports.every((one) => one.endedAtMs) &&
        (await again.dataset(id)).imports >= acknowledged().length,
    )
    const where = [{ field: 'n', is: 'gt' as const, value: 0 }]
    const { rows } = await again.query(id, { where, fields: ['_import'], limit: 1_000 }, 'restricted')
    const imports = rows.map(([one]) => String(one)).sort()
    expect(imports).toEqual([...new Set(imports)])
    expect(acknowledged().filter((one) => !imports.includes(one))).toEqual([])
    // What was under way at either kill, four at a time, may be there without having been acknowledged.
    expect(imports.length - acknowledged().length).toBeWithin(0, 9)
  },
  60_000,
)

test('a document that ends every process that imports it is passed over and told; those around it are imported', async () => {
  const killing = (made: DataProcess): DataProcess => ({
    ...made,
    ask(what, body) {
      const asked = made.ask(what, body)
      if (what === 'import' && JSON.stringify(body).includes(POISON)) made.kill()
      return asked
    },
  })
  await using host = await DataHost.open({ around: killing })
  const { data } = await host.tenant()
  const { id } = await data.createDataset({ name: 'rows', shape: 'table' })
  const uploads = await Promise.all(
    [1, 2, 3].map((n) => data.take(id, csv(`n\n${n}\n`, n === 2 ? { fileName: POISON } : {}))),
  )
  const reports = []
  for (const { import: upload } of uploads) reports.push(await ended(data, id, upload))
  expect(reports.map(({ state }) => state)).toEqual(['done', 'refused', 'done'])
  expect(reports[1]?.reason?.code).toBe('import.crashed')
  expect(await valuesOf(data, { id }, 'n')).toEqual([3, 1])
}, 30_000)
const POISON = 'poison.csv'

test('a large document is a sealed file, nothing of a tenant is readable on the disk, and files that nobody was told of are removed', async () => {
  await using host = await DataHost.open()
  const { id: tenant, data } = await host.tenant()
  const { id } = await data.createDataset({ name: 'rows', shape: 'table' })
  const text = `n,text\n${Array.from({ length: 9_000 }, (_, n) => `${n},canary${Math.random()}`).join('\n')}\n`
  const { import: plain } = await data.take(id, csv(text))
  const zipped = { content: inChunks(gzipSync(utf8(text)), 1_000), encoding: 'gzip' as const }
  const { import: packed } = await data.take(id, csv('', { ...zipped }))
  expect(await ended(data, id, plain)).toMatchObject({ rowsTaken: 9_000, state: 'done', bytes: text.length })
  expect(await ended(data, id, packed)).toMatchObject({ rowsTaken: 9_000, state: 'done' })
  const raw = host.folder.file(`data/${tenant}/raw`)
  const { import: small } = await data.take(id, csv('n,text\n1,canary\n'))
  await ended(data, id, small)
  const folder = host.folder.file('data')
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  const holding = files.filter((entry) => readFileSync(`${entry.parentPath}/${entry.name}`).includes('canary'))
  expect(files.length).toBeGreaterThan(4)
  expect(holding).toEqual([])
  const left = 'imp_01a20da1-3cb4-71ab-8695-46f457191765'
  writeFileSync(`${raw}/${left}`, 'written, and never acknowledged')
  writeFileSync(`${raw}/${left}.0123456789ab.tmp`, 'half-written')
  await host.restart()
  const { import: next } = await host.desk.of(tenant).take(id, csv('n\n1\n'))
  await ended(host.desk.of(tenant), id, next)
  expect(readdirSync(raw).sort()).toEqual([plain, packed].sort())
})

test('what was acknowledged and not imported when all was closed is imported after the next start', async () => {
  await using host = await DataHost.open()
  const { id: tenant, data } = await host.tenant()
  const { id } = await data.createDataset({ name: 'rows', shape: 'table' })
  for (const round of [0, 1, 2]) {
    const numbers = Array.from({ length: 50 }, (_, n) => round * 50 + n)
    const now = host.desk.of(tenant)
    await Promise.all(numbers.map((n) => now.take(id, csv(`n\n${n}\n`))))
    await host.restart()
  }
  const again = host.desk.of(tenant)
  await until('all are imported', async () => (await again.dataset(id)).records === 150)
  const found = (await valuesOf(again, { id }, 'n')).map(Number).sort((a, b) => a - b)
  expect(found).toEqual(Array.from({ length: 150 }, (_, n) => n))
})
