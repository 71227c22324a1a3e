/** The demo's processes: a Platform and two Runtimes as children on loopback, each with a folder of its own. */
import { spawn } from 'node:child_process'
import { createServer } from 'node:net'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import * as v from 'valibot'
import { AppError, Lifetime } from '../../base/mod.ts'
import { makePrivateFolder, selfCommand } from '../../host/mod.ts'
import { resolveAccess } from '../access.ts'
import { type Client, createClient } from '../client.ts'

/** A child of the demo ended before it was ready. */
export class DemoChildFailed extends AppError {
  override readonly code = 'demo.child_failed' as const
  override readonly kind = 'unavailable' as const
}

/** A port was taken between the moment it was found free and the one when its server wanted it. */
export class DemoPortTaken extends AppError {
  override readonly code = 'demo.port_taken' as const
  override readonly kind = 'conflict' as const
  override readonly advice = 'Start the demo again: it takes another port in place of one that is in use.'
}

/** Longest time from start to ready, containers included. */
const READY_MS_MAX = 60_000
/** Longest time a child may take to drain and end after SIGTERM. */
const STOP_MS_MAX = 20_000

/** The one line that a server prints with `--json` when it is ready. */
export const Ready = v.object({
  ready: v.literal(true),
  url: v.string(),
  bridgePort: v.optional(v.number()),
  oneTimeLink: v.optional(v.string()),
})
export type Ready = v.InferOutput<typeof Ready>

/** One server of the demo. */
export type Server = {
  name: string
  ready: Ready
  client: Client
  /** Ends it by SIGTERM, so that it drains. */
  stop(): Promise<void>
  /** Ends it as a power cut would. */
  kill(): Promise<void>
  /** Starts it again, as it was started first, and waits until it is ready. */
  startAgain(): Promise<void>
}

/** How a server is started: this program again, or its image. */
export type Launch = (args: readonly string[]) => readonly [string, ...string[]]

/** This same program. */
export const launchSelf: Launch = (args) => selfCommand(args)

/** A port of loopback that is free now. A restarted server must come back under the port that others know. */
export async function freePort(): Promise<number> {
  return (await heldFor(0)) ?? 0
}

/** This port of loopback where it is free now, and another one where it is not, said by `instead` with whose it would have been. */
export async function portOr(
  port: number,
  server: string,
  instead: (line: string) => void,
  isWanted: (free: number) => boolean = () => true,
): Promise<number> {
  if ((await heldFor(port)) !== undefined) return port
  let free = await freePort()
  while (!isWanted(free)) free = await freePort()
  instead(`Port ${port} is in use by something else on this machine: ${server} takes ${free} instead`)
  return free
}

/** Listens there for a moment; `undefined` where somebody else does. 0: wherever it is free. */
async function heldFor(port: number): Promise<number | undefined> {
  const server = createServer()
  const isFree = await new Promise<boolean>((resolve) => {
    server.once('error', () => resolve(false)).listen(port, '127.0.0.1', () => resolve(true))
  })
  if (!isFree) return undefined
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  return address !== null && typeof address === 'object' ? address.port : undefined
}

/** Starts servers and ends what it started. */
export class Stage {
  readonly #lifetime = new Lifetime()
  readonly #closing = new AbortController()
  readonly #starting = new Set<Promise<unknown>>()
  readonly #signal: AbortSignal

  constructor(signal: AbortSignal) {
    this.#signal = AbortSignal.any([signal, this.#closing.signal])
  }

  /** Starts one server and waits until it is ready. */
  start(name: string, data: string, args: readonly string[], launch: Launch = launchSelf): Promise<Server> {
    const starting = this.#start(name, data, args, launch)
    this.#starting.add(starting.catch(() => undefined))
    return starting
  }

  async #start(name: string, data: string, args: readonly string[], launch: Launch): Promise<Server> {
    await makePrivateFolder(data)
    const command = launch([...args, '--data', data, '--json'])
    const first = await startChild(name, command, this.#signal)
    let child = first
    const stop = (): Promise<void> => stopChild(child)
    this.#lifetime.defer(stop)
    return {
      name,
      ready: first.ready,
      client: await clientOf(data, first),
      stop,
      async kill() {
        child.process.kill('SIGKILL')
        await child.ended
      },
      startAgain: async () => {
        child = await startChild(name, command, this.#signal)
      },
    }
  }

  /** Ends everything that was started, the last first; what is still starting as well. */
  async close(): Promise<void> {
    this.#closing.abort()
    await Promise.all(this.#starting)
    await this.#lifetime.close()
  }
}

/** The API of a server that is ready, by the access file that it has written. */
async function clientOf(data: string, { ready }: Child): Promise<Client> {
  return createClient({ ...(await resolveAccess({ at: data }, {}, false)), url: ready.url })
}

type Child = { process: ReturnType<typeof spawn>; ended: Promise<void>; ready: Ready }

async function startChild(name: string, command: readonly [string, ...string[]], signal: AbortSignal): Promise<Child> {
  const [file, ...args] = command
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  const lastLines: string[] = []
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    lastLines.push(...text.split('\n').filter(Boolean))
    lastLines.splice(0, Math.max(0, lastLines.length - 5))
  })
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve())
    child.once('error', () => resolve())
  })
  const failed = ended.then((): never => {
    const taken = lastLines.map((line) => /^host\.port_in_use: (port \d+)/.exec(line)?.[1]).find(Boolean)
    if (taken) throw new DemoPortTaken(`${taken}, which ${name} would take, is in use`)
    throw new DemoChildFailed(`${name} ended before it was ready: ${lastLines.join(' · ') || 'it said nothing'}`)
  })
  const limit = AbortSignal.any([signal, AbortSignal.timeout(READY_MS_MAX)])
  try {
    return { process: child, ended, ready: await Promise.race([readyLine(child.stdout, name, limit), failed]) }
  } catch (error) {
    await stopChild({ process: child, ended })
    throw error
  }
}

async function readyLine(output: Readable | null, name: string, signal: AbortSignal): Promise<Ready> {
  if (!output) throw new DemoChildFailed(`${name} has no output`)
  const lines = createInterface({ input: output })
  return await new Promise<Ready>((resolve, reject) => {
    signal.addEventListener('abort', () => reject(new DemoChildFailed(`${name} was not ready in time`)), { once: true })
    lines.on('line', (line) => {
      if (!line.startsWith('{')) return
      const parsed = v.safeParse(Ready, JSON.parse(line))
      if (parsed.success) resolve(parsed.output)
    })
  })
}

async function stopChild({ process: child, ended }: Omit<Child, 'ready'>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS_MAX)
  await ended
  clearTimeout(timer)
}
