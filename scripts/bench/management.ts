/** The Management Interface of the compiled Runtime: how soon its pages are there, what live pages and waiting cost. */
import { once } from 'node:events'
import { mkdirSync, readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { Agent, request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { LOOK_MS } from '../../src/alerts/mod.ts'
import { systemClock } from '../../src/base/mod.ts'
import { compileBinary } from '../compile.ts'
import { type Bench, type BenchOptions, bounded, type Figure } from './figures.ts'
import { exitOf, type Scratch, withScratch } from './scratch.ts'

const SEED = { deployments: 100, logLines: 1_000_000 }
const QUICK = { deployments: 10, logLines: 10_000 }
const PAGE_MS_MAX = 50
const LIVE_PERCENT_MAX = 2
const IDLE_PERCENT_MAX = 0.5
const IDLE_MB_MAX = 90
const REQUESTS = 40
/** Before idling is measured: the first look at what is wrong and all else that a start brings are over. */
const SETTLE_MS = LOOK_MS + 5_000
const WATCH_MS = 20_000
/** `USER_HZ` of Linux on every architecture that we build for. */
const TICKS_PER_SECOND = 100

const root = join(import.meta.dirname, '..', '..')

type Access = { url: string; ca: string; token: string }
type Server = Access & { pid: number; agent: Agent }

async function startRuntime(scratch: Scratch, binary: string, data: string): Promise<Server> {
  const words = ['--data', data, '--host', '127.0.0.1', '--port', '0', '--bridge-port', '0']
  const child = scratch.start([binary, 'runtime', '--json', ...words], { stdio: ['ignore', 'pipe', 'inherit'] })
  const said = child.stdout ? once(child.stdout, 'data', { signal: scratch.signal }) : []
  const [first] = (await Promise.race([said, exitOf(child, scratch.signal).then(() => [])])) as [Buffer?]
  if (!first?.toString().includes('"ready"') || child.pid === undefined) throw new Error('the Runtime did not start')
  child.stdout?.resume()
  const access = JSON.parse(readFileSync(join(data, 'access.json'), 'utf8')) as Access
  const agent = scratch.lifetime.use(new Agent({ keepAlive: true, ca: access.ca }), async (opened) => opened.destroy())
  return { ...access, pid: child.pid, agent }
}

async function open({ url, token, agent }: Server, path: string): Promise<IncomingMessage> {
  const headers = { authorization: `Bearer ${token}`, accept: 'text/html' }
  const [answer] = (await once(request(`${url}${path}`, { agent, headers }).end(), 'response')) as [IncomingMessage]
  if (answer.statusCode !== 200) throw new Error(`${path} answered ${answer.statusCode}`)
  return answer
}

async function pageMs(server: Server, path: string): Promise<number> {
  const started = performance.now()
  const answer = await open(server, path)
  for await (const _part of answer);
  return performance.now() - started
}

type Measure = { log: (line: string) => void; count: number }

function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

async function cpuSeconds(pid: number): Promise<number> {
  const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1]?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND
}

/** Share of one core that the process takes meanwhile. */
async function busyPercent(pid: number, ms: number, signal: AbortSignal): Promise<number> {
  const [before, started] = [await cpuSeconds(pid), performance.now()]
  await systemClock.sleep(ms, signal)
  return (((await cpuSeconds(pid)) - before) * 100_000) / (performance.now() - started)
}

/** All, and what of it is pages of files: the program's own above all, which the kernel drops where others need the room. */
async function residentMb(pid: number): Promise<{ all: number; ofFiles: number }> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  const mb = (line: string) => (Number(new RegExp(`${line}:\\s+(\\d+)`).exec(status)?.[1]) * 1_024) / 1e6
  return { all: mb('VmRSS'), ofFiles: mb('RssFile') }
}

function pagesOf(ids: readonly string[]): readonly (readonly [string, (i: number) => string])[] {
  const one = (below: string) => (i: number) => `/deployments/${ids[i % ids.length]}${below}`
  return [
    ['overview', () => '/'],
    ['deployments', () => '/deployments'],
    ['flow', one('')],
    ['metrics', one('/metrics')],
    ['deployment-logs', one('/logs')],
    ['dead-letters', one('/dead-letters')],
    ['versions', one('/versions')],
    ['logs', () => '/logs'],
    ['logs-filtered', (i) => `/logs?level=warning&text=tried=${i}`],
    ['credentials', () => '/credentials'],
    ['peers', () => '/peers'],
    ['audit', () => '/audit'],
    ['policy', () => '/settings/policy'],
  ]
}

/** The time that the process works on a page is logged beside it: that one does not depend on what else the machine does. */
async function measurePages(server: Server, ids: readonly string[], { log, count }: Measure): Promise<Figure[]> {
  const figures: Figure[] = []
  for (const [name, pathOf] of pagesOf(ids)) {
    await pageMs(server, pathOf(0))
    const times: number[] = []
    const before = await cpuSeconds(server.pid)
    for (let i = 0; i < count; i++) times.push(await pageMs(server, pathOf(i)))
    const cpuMs = (((await cpuSeconds(server.pid)) - before) * 1_000) / count
    log(`${name}: median ${quantile(times, 0.5).toFixed(1)} ms, of the processor ${cpuMs.toFixed(1)} ms a page`)
    figures.push(bounded(`management.${name}`, [quantile(times, 0.95)], 'ms (p95)', PAGE_MS_MAX))
  }
  return figures
}

const SEED_PROGRAM = fileURLToPath(new URL('./management-seed.ts', import.meta.url))

/** Fills the data folder; the ids of its deployments. */
async function seeded(scratch: Scratch, data: string, seed: typeof SEED): Promise<string[]> {
  const idsFile = join(scratch.folder, 'ids.json')
  const words = [data, String(seed.deployments), String(seed.logLines), idsFile]
  await scratch.run([process.execPath, SEED_PROGRAM, ...words])
  return JSON.parse(await readFile(idsFile, 'utf8'))
}

async function run({ log, quick, signal }: BenchOptions): Promise<Figure[]> {
  return await withScratch(tmpdir(), signal, async (scratch) => {
    log('building the binary')
    const binary = join(scratch.folder, 'sluice')
    const target = process.arch === 'arm64' ? 'linux-arm64' : 'linux-x64'
    await compileBinary(target, join(root, 'src', 'main.ts'), binary)
    const data = join(scratch.folder, 'data')
    mkdirSync(join(data, 'files'), { recursive: true, mode: 0o700 })
    const seed = quick ? QUICK : SEED
    log(`writing ${seed.deployments} deployments and ${seed.logLines} lines of log`)
    const ids = await seeded(scratch, data, seed)
    const server = await startRuntime(scratch, binary, data)
    await systemClock.sleep(SETTLE_MS, signal)
    const watchMs = quick ? WATCH_MS / 10 : WATCH_MS
    const [idle, idleMb] = [await busyPercent(server.pid, watchMs, signal), await residentMb(server.pid)]
    log(`idle: ${idleMb.all.toFixed(1)} MB, of it ${idleMb.ofFiles.toFixed(1)} MB pages of files`)
    const pages = await measurePages(server, ids, { log, count: quick ? 5 : REQUESTS })
    const live: Figure[] = []
    for (const [name, path] of [
      ['overview', '/live'],
      ['flow', `/deployments/${ids[0]}/live`],
      ['logs', '/logs/live'],
    ] as const) {
      const stream = await open(server, path)
      stream.resume()
      const busy = await busyPercent(server.pid, watchMs, signal)
      stream.destroy()
      live.push(bounded(`management.live-${name}`, [Math.max(0, busy - idle)], '% of a core', LIVE_PERCENT_MAX))
    }
    return [
      bounded('management.idle-cpu', [idle], '% of a core', IDLE_PERCENT_MAX),
      bounded('management.idle-memory', [idleMb.all], 'MB', IDLE_MB_MAX),
      ...pages,
      ...live,
    ]
  })
}

export const managementBench: Bench = {
  name: 'management',
  summary: 'pages with 100 deployments and a million lines of log, live pages, an idle Runtime',
  run,
}
