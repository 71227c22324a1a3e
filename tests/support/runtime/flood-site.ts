/** A Runtime in a process of its own beside a Platform that hears its heartbeats, with a deployment that runs, to be flooded by others. */
import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { Lifetime } from '../../../src/base/mod.ts'
import { until } from '../until.ts'
import { DEPLOYMENT } from '../wire/parties.ts'
import { busyFlow, type CommittedRows, committedRows, lastRowOf, writeIds } from './flood-flow.ts'
import { PASSWORD, Visitor } from './flood-visitor.ts'
import { type Seen, type Tries, watch } from './flood-watch.ts'
import { apiOf } from './running.ts'
import { ScriptedPlatform } from './scripted-platform.ts'

const FLOODER = fileURLToPath(new URL('./flooder.ts', import.meta.url))
/** An address that no flood comes from, and the first of those that floods come from (`flooder.ts`). */
export const ELSEWHERE = '127.0.0.2'
export const AMONG_THEM = '127.0.1.1'

export type Flood = {
  mode: 'connections' | 'slow' | 'bodies' | 'pipelined' | 'logins'
  count: number
  addresses: number
  /** Connections at a time on which it asks again and again; of `logins`. */
  lanes?: number
  limitMs: number
}

export type FloodSite = AsyncDisposable & {
  visitor(address: string): Visitor
  /** What came of it, by the flooders' own count. */
  flood(flood: Flood): Promise<Record<string, number>>
  /** Looks on until `over`, and tries each of `tries` in turn. */
  watch(over: Promise<unknown>, tries?: Tries): Promise<Seen>
  /** Stops the deployment and counts what it has committed. */
  stopped(): Promise<CommittedRows>
}

export type SiteOptions = {
  folder: string
  /** The program, whose verb `runtime` starts one. */
  command: readonly [string, ...string[]]
  /** That the deployment has to move; more than it will. */
  rows: number
  heartbeatIntervalMs: number
}

/** Starts all of it; the owner has signed in once from each of the two addresses. */
export async function floodSite(options: SiteOptions): Promise<FloodSite> {
  const lifetime = new Lifetime()
  try {
    return await startSite(lifetime, options)
  } catch (error) {
    await lifetime.close()
    throw error
  }
}

async function startSite(lifetime: Lifetime, options: SiteOptions): Promise<FloodSite> {
  const { folder, heartbeatIntervalMs } = options
  const [data, files] = [join(folder, 'data'), join(folder, 'files')]
  const platform = lifetime.use(await ScriptedPlatform.start({ heartbeatIntervalMs }), (one) =>
    one[Symbol.asyncDispose](),
  )
  writeIds(files, options.rows)
  const runtime = startRuntime(lifetime, options.command, { data, files })
  const { oneTimeLink } = JSON.parse(await firstLine(runtime))
  const access = JSON.parse(readFileSync(join(data, 'access.json'), 'utf8'))
  const place = { url: new URL(access.url), ca: access.ca }
  const visitor = (address: string): Visitor => new Visitor(place, address)
  await visitor(ELSEWHERE).send('/link', { token: String(oneTimeLink).split('/').at(-1) ?? '', password: PASSWORD })
  await visitor(AMONG_THEM).signIn()
  const api = apiOf(data)
  await api.send('POST', '/v1/enrolment', { code: platform.code() })
  await until('a heartbeat came', () => platform.heardAtMs.length > 0)
  await platform.deploy(busyFlow())
  await api.send('POST', `/v1/deployments/${DEPLOYMENT}/approve`, {})
  const table = join(files, 'out.db')
  await until('rows arrive', async () => (await lastRowOf(table)) > 0)
  return {
    visitor,
    flood: (flood) => startFlood(lifetime, place.url.port, flood),
    watch: (over, tries = {}) => watch({ pid: runtime.pid ?? 0, platform, table }, over, tries),
    async stopped() {
      await api.send('POST', `/v1/deployments/${DEPLOYMENT}/stop`)
      return committedRows(table)
    },
    [Symbol.asyncDispose]: () => lifetime.close(),
  }
}

function startRuntime(
  lifetime: Lifetime,
  [program, ...words]: SiteOptions['command'],
  { data, files }: { data: string; files: string },
): ChildProcess {
  const places = ['--data', data, '--files', files, '--name', 'factory-01']
  const ports = ['--host', '127.0.0.1', '--public-host', '127.0.0.1', '--port', '0', '--bridge-port', '0']
  const all = [...words, 'runtime', '--json', ...places, ...ports]
  return lifetime.use(spawn(program, all, { stdio: ['ignore', 'pipe', 'inherit'] }), end)
}

function startFlood(lifetime: Lifetime, port: string, { mode, count, addresses, lanes = 32, limitMs }: Flood) {
  const words = [FLOODER, mode, port, count, addresses, lanes, limitMs].map(String)
  const flooder = lifetime.use(spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] }), end)
  let said = ''
  flooder.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  return new Promise<Record<string, number>>((resolve) => void flooder.once('close', () => resolve(JSON.parse(said))))
}

function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    child.stdout?.once('data', (bytes) => resolve(String(bytes)))
    child.once('exit', (code) => reject(new Error(`the Runtime ended with ${code}`)))
  })
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGTERM')
  await ended
}
