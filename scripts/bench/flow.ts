/** The demo's whole flow with a million rows: the memory of its hungriest process, and what a `kill -9` of either Runtime loses or doubles. */
import { readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as v from 'valibot'
import { systemClock } from '../../src/base/mod.ts'
import { type Bench, type BenchOptions, bounded, type Figure } from './figures.ts'
import { exitOf, type Scratch, withScratch } from './scratch.ts'

const ROWS = 1_000_000
const ROWS_QUICK = 50_000
const PROCESS_MB_MAX = 250
const SAMPLE_MS = 100

const main = join(import.meta.dirname, '..', '..', 'src', 'main.ts')
const Result = v.object({
  ok: v.boolean(),
  delivered: v.object({ rowsRead: v.number(), missing: v.number(), duplicates: v.number() }),
})

/** A process and all that it started. */
function treeOf(pid: number): number[] {
  try {
    const tasks = readdirSync(`/proc/${pid}/task`)
    const children = tasks.flatMap((task) => readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' '))
    return [pid, ...children.filter(Boolean).flatMap((child) => treeOf(Number(child)))]
  } catch {
    // It has ended since it was listed.
    return []
  }
}

/** The high-water mark of a process's resident memory, as the kernel keeps it. */
function peakMbOf(pid: number): number {
  try {
    const kib = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
    return (Number(kib ?? 0) * 1_024) / 1e6
  } catch {
    return 0
  }
}

async function demo(scratch: Scratch, words: readonly string[]) {
  const command = [process.execPath, main, 'demo', '--once', '--json', ...words] as const
  const child = scratch.start(command as unknown as [string, ...string[]], { stdio: ['ignore', 'pipe', 'ignore'] })
  let text = ''
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
  })
  let peakMb = 0
  const exit = exitOf(child, scratch.signal)
  const watching = new AbortController()
  async function watch(): Promise<void> {
    while (!watching.signal.aborted) {
      for (const pid of treeOf(child.pid ?? 0)) peakMb = Math.max(peakMb, peakMbOf(pid))
      await systemClock.sleep(SAMPLE_MS, watching.signal).catch(() => undefined)
    }
  }
  const watched = watch()
  const code = await exit
  watching.abort()
  await watched
  if (code !== 0) throw new Error(`the demo ended with ${code}: ${text.slice(0, 500)}`)
  return { peakMb, ...v.parse(Result, JSON.parse(text)) }
}

async function run({ log, quick, signal }: BenchOptions): Promise<Figure[]> {
  const records = ['--records', String(quick ? ROWS_QUICK : ROWS)]
  return await withScratch(tmpdir(), signal, async (scratch) => {
    const figures: Figure[] = []
    log('undisturbed')
    const calm = await demo(scratch, records)
    figures.push(bounded('flow.peak', [calm.peakMb], 'MB', PROCESS_MB_MAX))
    for (const kill of ['factory', 'cloud'] as const) {
      log(`kill -9 of ${kill}-01 in the middle`)
      const { delivered, peakMb } = await demo(scratch, [...records, '--kill', kill])
      log(`peak ${peakMb.toFixed(0)} MB`)
      figures.push(bounded(`flow.missing.${kill}`, [delivered.missing], 'rows', 0))
      figures.push(bounded(`flow.double.${kill}`, [delivered.duplicates], 'rows', 0))
    }
    return figures
  })
}

export const flowBench: Bench = {
  name: 'flow',
  summary: 'the demo with a million rows: memory, and a kill -9 of either Runtime',
  run,
}
