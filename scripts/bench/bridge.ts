/**
 * A file in memory through a Secure Bridge, worker to worker, beside ssh and socat: start of the processes and handshake included,
 * every way writes in place, and every copy is compared with the original afterwards.
 */
import { closeSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { alone, type Bench, type BenchOptions, beside, type Figure } from './figures.ts'
import { ensurePackages } from './packages.ts'
import { jsonLine, RECORD_BYTES, writeLines } from './records.ts'
import { roundsWithin } from './rounds.ts'
import { type Scratch, withScratch } from './scratch.ts'
import { prepareSocat, SOCAT_NEEDS } from './socat.ts'
import { SSH_NEEDS, startSsh } from './ssh.ts'
import { bundleWorker, prepareBridge, runBridged } from './workers.ts'

const BYTES = 2_147_483_648
const QUICK_BYTES = 268_435_456
const SPOILED_EVERY_BYTES = 65_536

type Way = { id: string; carry: (from: string, to: string) => Promise<void>; mbPerS: number[] }

async function ours(scratch: Scratch): Promise<Way['carry']> {
  const entry = await bundleWorker(scratch, 'bench')
  const ready = await prepareBridge('orders', 'copy')
  return async (from, to) => {
    const source = { name: 'orders', type: 'json_lines_file', from: [], config: { paths: [from] } }
    const sink = { name: 'copy', type: 'bench_overwrite', from: ['orders'], config: { path: to } }
    await runBridged(scratch, ready, { entry, source: [source], sink: [sink] })
  }
}

async function waysOf(scratch: Scratch, log: BenchOptions['log']): Promise<Way[]> {
  const ways: Way[] = [{ id: 'sluice', carry: await ours(scratch), mbPerS: [] }]
  if (ensurePackages(SSH_NEEDS, log)) ways.push({ id: 'ssh', carry: await startSsh(scratch), mbPerS: [] })
  if (ensurePackages(SOCAT_NEEDS, log)) ways.push({ id: 'socat', carry: await prepareSocat(scratch), mbPerS: [] })
  return ways
}

/** Changes a byte of every block, so that what a way leaves out cannot look right because an earlier one wrote it. */
function spoil(path: string, bytes: number): void {
  const file = openSync(path, 'r+')
  for (let at = 0; at < bytes; at += SPOILED_EVERY_BYTES) writeSync(file, '\0', at)
  closeSync(file)
}

async function run({ log, quick, rounds, signal }: BenchOptions): Promise<Figure[]> {
  return await withScratch('/dev/shm', signal, async (scratch) => {
    const count = Math.ceil((quick ? QUICK_BYTES : BYTES) / RECORD_BYTES)
    const bytes = count * RECORD_BYTES
    const [from, to] = [join(scratch.folder, 'in.jsonl'), join(scratch.folder, 'out.jsonl')]
    log(`writing ${(bytes / 1e6).toFixed(0)} MB of records into memory, twice`)
    writeLines(from, count, jsonLine)
    await scratch.run(['cp', from, to])
    const ways = await waysOf(scratch, log)
    for (const round of roundsWithin(rounds)) {
      for (const way of ways) {
        spoil(to, bytes)
        const started = performance.now()
        await way.carry(from, to)
        way.mbPerS.push(bytes / 1e3 / (performance.now() - started))
        await scratch.run(['cmp', from, to])
        log(`round ${round}: ${way.id} ${way.mbPerS.at(-1)?.toFixed(0)} MB/s`)
      }
    }
    return figuresOf(ways)
  })
}

function figuresOf([own, ...others]: Way[]): Figure[] {
  if (!own) return []
  if (others.length === 0) return [alone('bridge.stream', own.mbPerS, 'MB/s')]
  return others.map(({ id, mbPerS }) => beside(`bridge.stream.${id}`, own.mbPerS, 'MB/s', { id, values: mbPerS }, null))
}

export const bridgeBench: Bench = {
  name: 'bridge',
  summary: 'a file in memory, worker to worker over a Secure Bridge, beside ssh and socat',
  run,
}
