/** A Platform and Runtimes as processes on loopback, in one temporary folder, for the tests that go through the front door. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { LocalDeployment, PlatformDeployment, readAs, StoredBlueprint } from '../../../src/cli/answers.ts'
import { enrol, introducePeers } from '../../../src/cli/demo/introduce.ts'
import { freePort, type Server, Stage } from '../../../src/cli/demo/stage.ts'
import { until } from '../../../src/cli/demo/until.ts'
import { temporaryFolder } from '../folder.ts'
import { launch } from './command.ts'

const LOOPBACK = ['--host', '127.0.0.1', '--public-host', '127.0.0.1']

/** Under load of the machine everything takes its time; nothing here takes a minute by itself. */
export const WAIT_MS = 60_000
/** For `bun test`: some waits in a row. */
export const TEST_MS = 150_000

export type RuntimeServer = Server & { data: string; files: string; id: string }

export class World implements AsyncDisposable {
  readonly #folder = temporaryFolder()
  readonly #signal = new AbortController().signal
  readonly #stage = new Stage(this.#signal)
  #platform: (Server & { data: string }) | undefined

  get folder(): string {
    return this.#folder.path
  }

  get platform(): Server & { data: string } {
    if (!this.#platform) throw new Error('the Platform was not started')
    return this.#platform
  }

  async startPlatform(): Promise<Server & { data: string }> {
    const data = this.path('platform')
    const args = ['platform', ...LOOPBACK, '--port', `${await freePort()}`, '--allow-private-addresses']
    this.#platform = Object.assign(await this.#stage.start('platform', data, args, launch), { data })
    return this.#platform
  }

  /** Starts a Runtime; `id` is empty until it is enrolled. */
  async startRuntime(
    name: string,
    given: { data?: string; files?: string; ports?: { management: number; bridges: number } } = {},
  ): Promise<RuntimeServer> {
    const { data = this.path(name), files = this.path(`${name}-files`) } = given
    const { management = await freePort(), bridges = await freePort() } = given.ports ?? {}
    mkdirSync(join(files, 'out'), { recursive: true })
    mkdirSync(join(files, 'in'), { recursive: true })
    const ports = ['--port', `${management}`, '--bridge-port', `${bridges}`]
    const args = ['runtime', '--name', name, ...LOOPBACK, ...ports, '--files', files]
    return Object.assign(await this.#stage.start(name, data, args, launch), { data, files, id: '' })
  }

  /** Starts a Runtime that the Platform knows. */
  async enrolled(name: string, folders: { data?: string; files?: string } = {}): Promise<RuntimeServer> {
    const runtime = await this.startRuntime(name, folders)
    runtime.id = await enrol(this.platform, runtime, this.#signal)
    return runtime
  }

  introduce(a: Server, b: Server): Promise<void> {
    return introducePeers(a, b)
  }

  path(name: string): string {
    return join(this.folder, name)
  }

  write(name: string, text: string): string {
    const path = this.path(name)
    writeFileSync(path, text)
    return path
  }

  /** Stores a blueprint and deploys it; returns the deployment's id. */
  async deploy(source: string): Promise<string> {
    const { client } = this.platform
    const stored = readAs(StoredBlueprint, await client.request('POST', '/v1/blueprints', { source, code: {} }))
    const wanted = { blueprint: stored.name, version: stored.version }
    return readAs(PlatformDeployment, await client.request('POST', '/v1/deployments', wanted)).deployment
  }

  /** Waits until the version that waits on the Runtime is there, and approves it. */
  async approve(runtime: Server, deployment: string): Promise<void> {
    const { waiting } = await this.local(runtime, deployment, (seen) => Boolean(seen.waiting))
    await runtime.client.request('POST', `/v1/deployments/${deployment}/approve`, { version: waiting?.version })
  }

  /** The deployment on the Runtime, once it is as wanted. */
  local(runtime: Server, deployment: string, wanted: (seen: LocalDeployment) => boolean): Promise<LocalDeployment> {
    return this.until(`${deployment} on ${runtime.name}`, async () => {
      const answer = await runtime.client.get(`/v1/deployments/${deployment}`).catch(() => undefined)
      const seen = answer === undefined ? undefined : readAs(LocalDeployment, answer)
      return seen && wanted(seen) ? seen : undefined
    })
  }

  /** The deployment on the Platform, once it is as wanted. */
  central(deployment: string, wanted: (seen: PlatformDeployment) => boolean): Promise<PlatformDeployment> {
    return this.until(`${deployment} on the Platform`, async () => {
      const seen = readAs(PlatformDeployment, await this.platform.client.get(`/v1/deployments/${deployment}`))
      return wanted(seen) ? seen : undefined
    })
  }

  until<T>(what: string, ask: () => Promise<T | undefined>): Promise<T> {
    return until(what, this.#signal, ask, WAIT_MS)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stage.close()
    this.#folder[Symbol.dispose]()
  }
}

/** A blueprint of one Runtime: CSV files, or what `source` says, into a file of JSON lines. */
export function copyBlueprint(options: { name: string; runtime: string; paths: string; types?: string }): string {
  const { name, runtime, paths, types = '{}' } = options
  return `blueprint: ${name}
systems:
  here: { runtime: ${runtime} }
components:
  rows: { type: csv_file, on: here, config: { paths: ["${paths}"], columns: ${types} } }
  tidy: { type: map, on: here, from: rows, config: { set: { seen: "true" } } }
  kept: { type: json_lines_file, on: here, from: tidy, config: { path: out/${name}.jsonl } }
`
}
