/** Datasets: how soon a document is queryable, and how long figures over many records take, ready and not. */
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as v from 'valibot'
import { newId, systemClock, systemRandom, Turns, utf8 } from '../../src/base/mod.ts'
import { sha256Hex } from '../../src/crypto/mod.ts'
import { groupFromRecords, groupFromRollup } from '../../src/datasets/rollups/group.ts'
import { RollupCounts } from '../../src/datasets/rollups/rollup-counts.ts'
import { createDataset, datasetRow } from '../../src/datasets/tenant/dataset-rows.ts'
import { importEntries } from '../../src/datasets/tenant/import-entries.ts'
import { beginImport } from '../../src/datasets/tenant/import-rows.ts'
import { RecordWriter } from '../../src/datasets/tenant/record-writer.ts'
import { Totals } from '../../src/datasets/tenant/totals.ts'
import { type DataDatabase, dataDatabase } from '../../src/store/mod.ts'
import { GroupQuery, type Shape, type TakenHeader } from '../../src/wire/mod.ts'
import { alone, type Bench, type BenchOptions, bounded, type Figure, median } from './figures.ts'
import { roundsWithin } from './rounds.ts'
import { withScratch } from './scratch.ts'

/** 10,000,000 narrow records are ~1.5 GB of disk and some three minutes of writing: only with `--long`. */
const RECORDS = { long: 10_000_000, usual: 1_000_000, quick: 50_000 }
/** Results of one run, of which there are so many a day. */
const RUN_RECORDS = 5_000
const RUNS_A_DAY = 10
const ASKED = 20
const CASES = 100_000
const ROWS = 500_000
const DASHBOARD_MS_MAX = 50
const GROUP_S_MAX = 5
const JUNIT_S_MAX = 2
const CSV_ROWS_MIN = 100_000
const PRICES = { rows: 40, regions: 12 }

const FIRST_DAY_MS = Date.UTC(2026, 0, 1)
const DAY_MS = 86_400_000
const STATUSES = ['passed', 'passed', 'passed', 'passed', 'passed', 'passed', 'failed', 'skipped'] as const

type Place = { path: string; key: Uint8Array<ArrayBuffer>; db: DataDatabase }

function headerOf(dataset: string, more: Partial<TakenHeader>): TakenHeader {
  return {
    ...{ import: newId('imp', systemClock, systemRandom), dataset: dataset as TakenHeader['dataset'] },
    ...{ receivedAtMs: FIRST_DAY_MS, encoding: 'identity', attributes: {}, bytes: 0, sha256: '', ...more },
  }
}

function make({ db }: Place, name: string, shape: Shape): Promise<{ id: string }> {
  return createDataset({ db, clock: systemClock, random: systemRandom }, { name, shape })
}

/** Results of 40 suites on 5 branches, run after run, as their import writes them. */
async function fill({ db }: Place, id: string, records: number, signal: AbortSignal): Promise<void> {
  for (let run = 0; run * RUN_RECORDS < records; run++) {
    signal.throwIfAborted()
    await db.transaction(() => {
      const [totals, rollups] = [new Totals(), new RollupCounts(db)]
      const dataset = datasetRow(db, id)
      const atMs = FIRST_DAY_MS + Math.floor(run / RUNS_A_DAY) * DAY_MS
      const attributes = { run: String(run), branch: `branch-${run % 5}`, environment: run % 2 ? 'linux' : 'windows' }
      const begun = beginImport(
        { db, totals },
        dataset.no,
        { header: headerOf(id, { receivedAtMs: atMs, attributes }) },
        atMs,
      )
      const startedAt = new Date(atMs).toISOString()
      const items = Array.from({ length: RUN_RECORDS }, (_, n) => ({
        ...{ kind: 'record' as const, line: n + 1 },
        record: {
          ...{ suite: `suite ${n % 40}`, name: `test ${n}`, status: STATUSES[(n + run) % STATUSES.length] ?? '' },
          ...{ duration_ms: (n * 7) % 1_000, started_at: startedAt, flaky: n % 97 === 0 },
        },
      }))
      const { taken } = new RecordWriter(db, dataset, { importNo: begun.no, runNo: begun.runNo, fresh: true }).write(
        items,
        rollups,
      )
      totals.add(dataset.no, { records: taken })
      totals.write(db)
      rollups.write()
    })
  }
}

const day = (bucket: 'day' | 'week' | 'month') => ({ field: 'started_at', bucket })
const figures = [
  { measure: 'count' as const },
  { measure: 'avg' as const, field: 'duration_ms' },
  { measure: 'sum' as const, field: 'flaky' },
]
const asks = (given: v.InferInput<typeof GroupQuery>) => v.parse(GroupQuery, given)

/** What a dashboard of test results shows. */
function dashboard(lastDay: string): GroupQuery[] {
  const recent = [{ field: 'started_at', is: 'ge' as const, value: lastDay }]
  const main = { field: 'branch', is: 'eq' as const, value: 'branch-1' }
  return [
    asks({ by: [day('day'), { field: 'status' }], measures: figures, where: recent }),
    asks({ by: [day('week'), { field: 'status' }], measures: figures, where: [main] }),
    asks({ by: [day('month'), { field: 'branch' }], measures: figures }),
    asks({ by: [{ field: 'suite' }, { field: 'status' }], measures: figures, where: recent }),
    asks({ by: [{ field: 'suite' }], where: [...recent, main, { field: 'status', is: 'eq', value: 'failed' }] }),
    asks({ by: [{ field: 'environment' }, { field: 'status' }] }),
  ]
}

const BY_NAME = asks({ by: [{ field: 'name' }], measures: figures, sort: [{ column: 'count', descending: true }] })
const BY_STATUS = asks({ by: [{ field: 'status' }], measures: [{ measure: 'max', field: 'duration_ms' }] })

function timed(work: () => unknown): number {
  const started = performance.now()
  work()
  return performance.now() - started
}

/** From a document in hand to its records answered of. */
async function imported(
  place: Place,
  id: string,
  position: number,
  text: string,
  more: Partial<TakenHeader>,
): Promise<number> {
  const content = utf8(text)
  const header = headerOf(id, { bytes: content.byteLength, sha256: await sha256Hex(content), ...more })
  const started = performance.now()
  await importEntries({ db: place.db, clock: systemClock, turns: new Turns() }, [{ position, header, content }])
  return (performance.now() - started) / 1_000
}

function junitOf(cases: number): string {
  const each = Array.from(
    { length: cases },
    (_, n) => `<testcase classname="shop.Cart${n % 100}" name="adds ${n}" time="0.${n % 997}"/>`,
  )
  return `<testsuites><testsuite name="shop" timestamp="2026-01-01T10:00:00">${each.join('\n')}</testsuite></testsuites>`
}

function csvOf(rows: number): string {
  const each = Array.from(
    { length: rows },
    (_, n) =>
      `${n},region ${n % PRICES.regions},2026-01-01T10:00:00Z,${(n % 1_000) / 10},text of row ${n % PRICES.rows}`,
  )
  return `no,region,ordered_at,price,text\n${each.join('\n')}\n`
}

async function run({ log, quick, long = false, rounds, signal }: BenchOptions): Promise<Figure[]> {
  return withScratch(tmpdir(), signal, async ({ folder, lifetime }) => {
    const key = systemRandom(32)
    const path = join(folder, 'dt.db')
    const db = lifetime.use(await dataDatabase(path, key.slice(), 'writer'), async (opened) => opened.close())
    const place = { path, key, db }
    const [junit, csv] = [junitOf(quick ? 1_000 : CASES), csvOf(quick ? 5_000 : ROWS)]
    const times = { junit: [] as number[], rows: [] as number[] }
    let position = 0
    for (const round of roundsWithin(rounds)) {
      const results = await make(place, `results-${round}`, 'test-results')
      const table = await make(place, `rows-${round}`, 'table')
      times.junit.push(await imported(place, results.id, ++position, junit, { contentType: 'application/xml' }))
      times.rows.push(
        (quick ? 5_000 : ROWS) / (await imported(place, table.id, ++position, csv, { contentType: 'text/csv' })),
      )
    }
    const records = quick ? RECORDS.quick : long ? RECORDS.long : RECORDS.usual
    const { id } = await make(place, 'many', 'test-results')
    const wrote = performance.now()
    await fill(place, id, records, signal)
    const seconds = (performance.now() - wrote) / 1_000
    log(`${records} records written in ${seconds.toFixed(0)} s, ${Math.round(records / seconds)} a second`)
    const reader = lifetime.use(await dataDatabase(path, key.slice(), 'reader'), async (opened) => opened.close())
    const lastDayMs = FIRST_DAY_MS + Math.floor(records / RUN_RECORDS / RUNS_A_DAY) * DAY_MS - 30 * DAY_MS
    const asked = dashboard(new Date(lastDayMs).toISOString().slice(0, 10))
    const ready: number[] = []
    for (let n = 0; n < ASKED; n++) {
      for (const [at, query] of asked.entries()) {
        const ms = timed(() => {
          if (!groupFromRollup(reader, id, query, 'restricted')) throw new Error(`no rollup serves question ${at}`)
        })
        ready.push(ms)
        if (n === 0) log(`dashboard question ${at}: ${ms.toFixed(1)} ms the first time`)
      }
    }
    ready.sort((one, other) => one - other)
    const p95 = ready[Math.floor(ready.length * 0.95)] ?? Number.NaN
    const scans = { status: [] as number[], name: [] as number[] }
    for (const _ of roundsWithin(rounds)) {
      scans.status.push(timed(() => groupFromRecords(reader, id, BY_STATUS, 'restricted')) / 1_000)
      scans.name.push(timed(() => groupFromRecords(reader, id, BY_NAME, 'restricted')) / 1_000)
    }
    const rows = median(times.rows)
    return [
      bounded('datasets.junit', times.junit, 's', JUNIT_S_MAX),
      {
        ...{ id: 'datasets.csv', value: rows, unit: 'rows/s', yardstick: null, ratio: null },
        ...{ goal: `≥ ${CSV_ROWS_MIN} rows/s`, met: rows >= CSV_ROWS_MIN },
      },
      bounded('datasets.dashboard', [p95], 'ms p95', DASHBOARD_MS_MAX),
      bounded('datasets.groupby', scans.status, 's', GROUP_S_MAX),
      alone('datasets.groupby-names', scans.name, 's'),
    ]
  })
}

export const datasetsBench: Bench = {
  name: 'datasets',
  summary: 'documents to queryable records, figures over a million records (--long: ten million), ready and looked for',
  run,
}
