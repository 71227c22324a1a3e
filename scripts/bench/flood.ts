/**
 * A Runtime with a deployment that has enough to do, flooded from other processes over loopback: 10,000 connections, slow senders,
 * bodies of 1 GiB, requests by the thousand on one connection, 100,000 wrong passwords. How late its heartbeats come, what the deployment moves, how much memory the Runtime has,
 * and how long its owner takes to get in meanwhile. The limits that make it so stand in docs/limits.md.
 */
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../../src/base/mod.ts'
import { lateAfterMs } from '../../src/platform/runtimes.ts'
import { AMONG_THEM, ELSEWHERE, type Flood, type FloodSite, floodSite } from '../../tests/support/runtime/flood-site.ts'
import type { Visitor } from '../../tests/support/runtime/flood-visitor.ts'
import type { Seen } from '../../tests/support/runtime/flood-watch.ts'
import { compileBinary } from '../compile.ts'
import { alone, type Bench, type BenchOptions, beside, bounded, type Figure } from './figures.ts'
import { LOGINS_SECONDS_MAX, MEMORY_MIB_MAX, PACE_MIN, SIGN_IN_MS_MAX } from './flood-goals.ts'
import { withScratch } from './scratch.ts'

const HEARTBEAT_INTERVAL_MS = 1_000
const CALM_MS = 15_000
/** More than it moves in ten minutes on a core of its own. */
const ROWS = 20_000_000
type Floods = Record<string, Flood>
const FLOODS: Floods = {
  connections: { mode: 'connections', count: 10_000, addresses: 40, limitMs: 30_000 },
  slow: { mode: 'slow', count: 1_500, addresses: 10, limitMs: 10_000 },
  bodies: { mode: 'bodies', count: 40, addresses: 4, limitMs: 10_000 },
  pipelined: { mode: 'pipelined', count: 200, addresses: 4, limitMs: 15_000 },
  logins: { mode: 'logins', count: 100_000, addresses: 4, lanes: 64, limitMs: 300_000 },
  crowd: { mode: 'logins', count: 1_000_000, addresses: 250, lanes: 1_000, limitMs: 30_000 },
}

const root = join(import.meta.dirname, '..', '..')

function most(values: readonly number[]): number {
  return values.reduce((a, b) => Math.max(a, b), 0)
}

function ratePerCpuSecond({ rows, workerSeconds }: Seen): number {
  return rows / workerSeconds
}

function ratePerSecond({ rows, tookMs }: Seen): number {
  return (rows * 1_000) / tookMs
}

function figuresOf(name: string, seen: Seen, calm: Seen): Figure[] {
  const id = (what: string): string => `flood.${name}.${what}`
  const visits = Object.entries(seen.answers)
    .filter(([, answered]) => answered.length > 0)
    .map(([what, answered]) => bounded(id(what), [most(answered.map(({ ms }) => ms))], 'ms (longest)', SIGN_IN_MS_MAX))
  // A page for who has a session, and the way to it for who signs in: a session that was lost is led to the sign-in page.
  const due = (what: string): number => (what.startsWith('session') ? 200 : 303)
  const refused = Object.entries(seen.answers).flatMap(([what, all]) =>
    all.filter(({ status }) => status !== due(what)),
  )
  const [before, cpuBefore] = [ratePerSecond(calm), ratePerCpuSecond(calm)]
  return [
    bounded(id('heartbeat'), [most(seen.beatGapsMs)], 'ms (longest)', lateAfterMs(HEARTBEAT_INTERVAL_MS)),
    beside(id('pace'), [ratePerCpuSecond(seen)], 'rows/CPU-s', { id: 'calm', values: [cpuBefore] }, PACE_MIN),
    beside(id('rows'), [ratePerSecond(seen)], 'rows/s', { id: 'calm', values: [before] }, null),
    bounded(id('memory'), [seen.rssBytes / 1_048_576], 'MiB', MEMORY_MIB_MAX),
    ...visits,
    bounded(id('kept-out'), [refused.length], 'visits', 0),
  ]
}

/** The owner in browsers in which they have signed in before, and from elsewhere in one that nobody has seen. */
function visitsOf(site: FloodSite, elsewhere: Visitor, among: Visitor) {
  return {
    'session-elsewhere': () => elsewhere.open('/'),
    'session-among': () => among.open('/'),
    'password-elsewhere': () => site.visitor(ELSEWHERE).comeAndGo(),
    'password-among': () => among.comeAndGo(),
  }
}

async function measure(site: FloodSite, { log, quick, signal }: BenchOptions): Promise<Figure[]> {
  const [elsewhere, among] = [site.visitor(ELSEWHERE), site.visitor(AMONG_THEM)]
  for (const visitor of [elsewhere, among]) await visitor.signIn()
  const stopped = once(signal, 'abort')
  const calm = await site.watch(systemClock.sleep(quick ? 2_000 : CALM_MS, signal))
  const figures = [alone('flood.calm.rows', [ratePerSecond(calm)], 'rows/s')]
  for (const [name, whole] of Object.entries(FLOODS)) {
    const flood = quick ? { ...whole, count: Math.ceil(whole.count / 50), limitMs: whole.limitMs / 10 } : whole
    const flooding = site.flood(flood)
    const seen = await site.watch(Promise.race([flooding, stopped]), visitsOf(site, elsewhere, among))
    signal.throwIfAborted()
    const { tookMs = 0, ...outcome } = await flooding
    log(`${name}: ${JSON.stringify(outcome)} in ${tookMs} ms; main took ${seen.mainSeconds.toFixed(1)} s of a core`)
    figures.push(...figuresOf(name, seen, calm))
    if (name === 'logins') figures.push(bounded('flood.logins.took', [tookMs / 1_000], 's', LOGINS_SECONDS_MAX))
  }
  const { count, last, sum } = await site.stopped()
  if (count === ROWS) throw new Error('the deployment was done before the floods were')
  const whole = count - last - 1 === 0 && sum === (count * last) / 2
  return [...figures, bounded('flood.rows-amiss', [whole ? 0 : 1], 'of 1', 0)]
}

async function run(options: BenchOptions): Promise<Figure[]> {
  return await withScratch(tmpdir(), options.signal, async ({ folder }) => {
    options.log('building the binary')
    const binary = join(folder, 'sluice')
    await compileBinary(process.arch === 'arm64' ? 'linux-arm64' : 'linux-x64', join(root, 'src', 'main.ts'), binary)
    const rows = options.quick ? ROWS / 10 : ROWS
    const heartbeatIntervalMs = HEARTBEAT_INTERVAL_MS
    await using site = await floodSite({ folder, command: [binary], rows, heartbeatIntervalMs })
    return await measure(site, options)
  })
}

export const floodBench: Bench = {
  name: 'flood',
  summary: '10,000 connections, slow senders, bodies of 1 GiB and 100,000 wrong passwords over loopback',
  run,
}
