/** How soon the binary is ready, and what it takes up while it waits. */
// What smaps said of 96 MB (decimal) at rest, in MiB: Bun's own text and data 42, our JavaScript heap 21, bytecode 9, the addon of
// libSQL still mapped from its hashing 8.7, libSQL 5. Bun gives the pages of source and addon back once the entry module is
// evaluated: `main.ts` therefore ends its evaluation when the server stands, which alone took 9.5 MB off. Without bytecode it is
// 2 MB less and starts in 2.5 times the time. A process that has just made its keys holds 8 MB more (x509) until its next start.
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../../src/base/mod.ts'
import { compileBinary } from '../compile.ts'
import { type Bench, type BenchOptions, bounded, type Figure } from './figures.ts'
import { end, exitOf, type Scratch, withScratch } from './scratch.ts'

/** A start takes a fifth of a second: many more of them than of the other benches' rounds. */
const STARTS_PER_ROUND = 5
const READY_MS_MAX = 150
const IDLE_MB_MAX = 90
/** Long enough for the first regular tasks and the first garbage collection. */
const IDLE_AFTER_MS = 3_000

const root = join(import.meta.dirname, '..', '..')

async function residentMb(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return (Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) * 1_024) / 1e6
}

type Started = { readyMs: number; pid: number; stop: () => Promise<void> }

async function startRuntime(scratch: Scratch, binary: string): Promise<Started> {
  const words = ['--data', join(scratch.folder, 'data'), '--host', '127.0.0.1', '--port', '0', '--bridge-port', '0']
  const started = performance.now()
  const child = scratch.start([binary, 'runtime', '--json', ...words], { stdio: ['ignore', 'pipe', 'inherit'] })
  // The first thing that it prints is that it is ready; one that ends before that has no output.
  const said = child.stdout ? once(child.stdout, 'data', { signal: scratch.signal }) : []
  const [first] = (await Promise.race([said, exitOf(child, scratch.signal).then(() => [])])) as [Buffer?]
  const readyMs = performance.now() - started
  if (!first?.toString().includes('"ready"') || child.pid === undefined) throw new Error('the Runtime did not start')
  return { readyMs, pid: child.pid, stop: () => end(child) }
}

async function run({ log, quick, rounds, signal }: BenchOptions): Promise<Figure[]> {
  return await withScratch(tmpdir(), signal, async (scratch) => {
    log('building the binary')
    const binary = join(scratch.folder, 'sluice')
    const target = process.arch === 'arm64' ? 'linux-arm64' : 'linux-x64'
    await compileBinary(target, join(root, 'src', 'main.ts'), binary)
    log('first start, which makes keys and databases')
    await (await startRuntime(scratch, binary)).stop()
    const [ready, idle]: [number[], number[]] = [[], []]
    for (let i = 0; i < (quick ? 1 : rounds * STARTS_PER_ROUND); i++) {
      const started = await startRuntime(scratch, binary)
      ready.push(started.readyMs)
      await started.stop()
    }
    for (let i = 0; i < (quick ? 1 : rounds); i++) {
      const started = await startRuntime(scratch, binary)
      await systemClock.sleep(IDLE_AFTER_MS, signal)
      idle.push(await residentMb(started.pid))
      await started.stop()
    }
    log(`starts: ${ready.map((ms) => ms.toFixed(0)).join(', ')} ms`)
    return [bounded('start.ready', ready, 'ms', READY_MS_MAX), bounded('start.idle', idle, 'MB', IDLE_MB_MAX)]
  })
}

export const startBench: Bench = {
  name: 'start',
  summary: 'the compiled Runtime: start to ready, memory when idle',
  run,
}
