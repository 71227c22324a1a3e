/**
 * Records of 300 bytes from file to file through a deployment's own worker process, its start included, beside rsyslog. Ours are
 * durable (fdatasync before every answer), rsyslog's are not; `bridged` is the like of what rsyslog does, over an encrypted connection.
 */
import { rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { alone, type Bench, type BenchOptions, beside, type Figure } from './figures.ts'
import { ensurePackages } from './packages.ts'
import { CSV_COLUMNS, csvLine, jsonLine, RECORD_BYTES, writeLines } from './records.ts'
import { roundsWithin } from './rounds.ts'
import { prepareRsyslog, RSYSLOG_NEEDS } from './rsyslog.ts'
import { type Scratch, withScratch } from './scratch.ts'
import { bundleWorker, prepareBridge, runBridged, startWorker } from './workers.ts'

const RECORDS = 1_000_000
const QUICK_RECORDS = 100_000

type Files = { json: string; csv: string; out: string }
/** Moves all records once and tells the milliseconds. */
type Way = { id: string; once: () => Promise<number>; perS: number[] }

function componentsOf({ json, csv, out }: Files) {
  const lines = { name: 'lines', type: 'json_lines_file', from: [], config: { paths: [json] } }
  const table = {
    ...{ name: 'lines', type: 'csv_file', from: [] },
    config: { paths: [csv], columns: { price: 'double', quantity: 'double' } },
  }
  const tidy = {
    ...{ name: 'tidy', type: 'map', from: ['lines'] },
    config: { set: { total: 'price * quantity', place: "site + '/' + id", large: 'quantity > 25.0' } },
  }
  const sink = (from: string) => ({ name: 'copy', type: 'json_lines_file', from: [from], config: { path: out } })
  return {
    untouched: [lines, sink('lines')],
    mapped: [table, tidy, sink('tidy')],
    source: [lines],
    sink: [sink('lines')],
  }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now()
  await work()
  return performance.now() - started
}

async function waysOf(scratch: Scratch, files: Files, count: number, log: BenchOptions['log']): Promise<Way[]> {
  const components = componentsOf(files)
  const entry = await bundleWorker(scratch, 'product')
  const ready = await prepareBridge('lines', 'copy')
  const alone = (flow: (typeof components)['untouched' | 'mapped']) => () =>
    timed(() => startWorker(scratch, { entry, components: flow }).ended)
  const bridged = () => timed(() => runBridged(scratch, ready, { entry, ...components }))
  const ways: Way[] = [
    { id: 'untouched', once: alone(components.untouched), perS: [] },
    { id: 'bridged', once: bridged, perS: [] },
    { id: 'csv_map', once: alone(components.mapped), perS: [] },
  ]
  if (ensurePackages(RSYSLOG_NEEDS, log)) {
    const carry = await prepareRsyslog(scratch)
    ways.push({ id: 'rsyslog', once: () => carry(files.json, files.out, count * RECORD_BYTES), perS: [] })
  }
  return ways
}

/** Refuses a run that lost something. `csv_map` has other fields, so only its lines are counted. */
async function check(scratch: Scratch, id: string, { json, out }: Files, count: number): Promise<void> {
  if (id !== 'csv_map') return scratch.run(['cmp', json, out])
  if (statSync(out).size < count * RECORD_BYTES) throw new Error(`${id} wrote too little`)
  await scratch.run(['sh', '-c', `test "$(wc -l < '${out}')" -eq ${count}`])
}

async function run({ log, quick, rounds, signal }: BenchOptions): Promise<Figure[]> {
  return await withScratch(tmpdir(), signal, async (scratch) => {
    const count = quick ? QUICK_RECORDS : RECORDS
    const [json, csv, out] = ['in.jsonl', 'in.csv', 'out.jsonl'].map((name) => join(scratch.folder, name))
    if (!json || !csv || !out) throw new Error('three names give three paths')
    const files = { json, csv, out }
    log(`writing ${count} records of ${RECORD_BYTES} bytes, twice`)
    writeLines(json, count, jsonLine)
    writeLines(csv, count, csvLine, `${CSV_COLUMNS.join(',')}\n`)
    const ways = await waysOf(scratch, files, count, log)
    for (const round of roundsWithin(rounds)) {
      for (const way of ways) {
        way.perS.push((count / (await way.once())) * 1_000)
        await check(scratch, way.id, files, count)
        rmSync(out)
        rmSync(`${out}.sluice-positions`, { force: true })
        log(`round ${round}: ${way.id} ${way.perS.at(-1)?.toFixed(0)} records/s`)
      }
    }
    return figuresOf(ways)
  })
}

function figuresOf(ways: Way[]): Figure[] {
  const yardstick = ways.find(({ id }) => id === 'rsyslog')
  return ways
    .filter((way) => way !== yardstick)
    .map(({ id, perS }) => {
      const name = `pipeline.${id}`
      if (!yardstick) return alone(name, perS, 'records/s')
      return beside(name, perS, 'records/s', { id: 'rsyslog', values: yardstick.perS }, null)
    })
}

export const pipelineBench: Bench = {
  name: 'pipeline',
  summary: 'records of 300 bytes from file to file, beside rsyslog over TLS',
  run,
}
