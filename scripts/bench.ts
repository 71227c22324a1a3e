/** `npm run bench -- NAME… [--json] [--quick | --long] [--rounds N]`: the one door to all measured figures. Ratios from one run on one machine; never a test. */
import { cpus, release, totalmem } from 'node:os'
import { parseArgs } from 'node:util'
import { nearestWord } from '../src/base/mod.ts'
import { bridgeBench } from './bench/bridge.ts'
import { datasetsBench } from './bench/datasets.ts'
import type { Bench, Figure } from './bench/figures.ts'
import { floodBench } from './bench/flood.ts'
import { flowBench } from './bench/flow.ts'
import { managementBench } from './bench/management.ts'
import { pipelineBench } from './bench/pipeline.ts'
import { startBench } from './bench/start.ts'

const BENCHES: readonly Bench[] = [
  startBench,
  flowBench,
  bridgeBench,
  pipelineBench,
  managementBench,
  floodBench,
  datasetsBench,
]

/** A bench that is not done by then is given up, and removes what it made. */
const BENCH_MS_MAX = 600_000

function benchNamed(name: string): Bench {
  const bench = BENCHES.find((candidate) => candidate.name === name)
  if (bench) return bench
  const known = BENCHES.map((candidate) => candidate.name)
  const near = nearestWord(name, known)
  console.error(`There is no bench ${name}${near ? `; did you mean ${near}?` : ''}. Benches:`)
  for (const candidate of BENCHES) console.error(`  ${candidate.name.padEnd(12)}${candidate.summary}`)
  process.exit(2)
}

function row(figure: Figure): string {
  const number = (value: number): string => value.toLocaleString('en-US', { maximumSignificantDigits: 4 })
  const cells = [
    figure.id.padEnd(28),
    `${number(figure.value)} ${figure.unit}`.padStart(18),
    (figure.yardstick ? `${number(figure.yardstick.value)} ${figure.yardstick.id}` : '').padStart(30),
    (figure.ratio === null ? '' : `${figure.ratio.toFixed(2)}×`).padStart(8),
    (figure.goal ?? '').padStart(24),
    figure.goal === null ? '' : figure.met ? 'met' : 'NOT MET',
  ]
  return cells.join('  ').trimEnd()
}

function signalOf(): AbortSignal {
  const stopping = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => stopping.abort(new Error(`got ${name}`)))
  return AbortSignal.any([stopping.signal, AbortSignal.timeout(BENCH_MS_MAX)])
}

const { values, positionals: names } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
    long: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '3' },
  },
})
const results: Figure[] = []
for (const bench of names.length > 0 ? names.map(benchNamed) : BENCHES) {
  console.error(`— ${bench.name}: ${bench.summary}`)
  const log = (line: string): void => console.error(`  ${line}`)
  const rounds = Math.max(1, Number(values.rounds))
  results.push(...(await bench.run({ log, quick: values.quick, long: values.long, rounds, signal: signalOf() })))
}
const [cpu] = cpus()
const machine = {
  cpu: cpu?.model ?? '',
  cores: cpus().length,
  memoryBytes: totalmem(),
  kernel: release(),
  bun: Bun.version,
}
if (values.json) console.log(JSON.stringify({ machine, results }))
else for (const figure of results) console.log(row(figure))
process.exit(0)
