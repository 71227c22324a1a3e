/** What a bench makes on the machine: a folder, child processes, ports. All of it is gone when its scope ends. */
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { Lifetime, systemClock } from '../../src/base/mod.ts'

const POLL_MS = 2

export type Scratch = {
  folder: string
  lifetime: Lifetime
  signal: AbortSignal
  /** Starts a program that is ended, by its process id, with the scope; its output is dropped unless `options` say otherwise. */
  start(command: readonly [string, ...string[]], options?: SpawnOptions): ChildProcess
  /** Runs a program to its end; throws when it fails. */
  run(command: readonly [string, ...string[]], options?: SpawnOptions): Promise<void>
}

/** Gives `work` a fresh folder below `parent` and ends what it started, however it ends. */
export async function withScratch<T>(
  parent: string,
  signal: AbortSignal,
  work: (scratch: Scratch) => Promise<T>,
): Promise<T> {
  await using lifetime = new Lifetime()
  const folder = lifetime.use(await mkdtemp(join(parent, 'sluice-bench-')), (path) =>
    rm(path, { recursive: true, force: true }),
  )
  const start: Scratch['start'] = ([program, ...words], options = {}) =>
    lifetime.use(spawn(program, words, { stdio: ['ignore', 'ignore', 'ignore'], ...options }), end)
  const run: Scratch['run'] = async (command, options) => {
    const code = await exitOf(start(command, options), signal)
    if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}`)
  }
  return await work({ folder, lifetime, signal, start, run })
}

/** Ends a child and waits until it is gone. */
export async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return
  const gone = once(child, 'exit')
  child.kill('SIGTERM')
  const tooLate = setTimeout(() => child.kill('SIGKILL'), 5_000)
  await gone
  clearTimeout(tooLate)
}

export async function exitOf(child: ChildProcess, signal: AbortSignal): Promise<number | null> {
  if (child.exitCode !== null) return child.exitCode
  const [code] = (await once(child, 'exit', { signal })) as [number | null]
  return code
}

/** A loopback port that is free at this moment. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port was given')
  return address.port
}

/** Waits until someone takes connections there. */
export async function untilListening(port: number, signal: AbortSignal): Promise<void> {
  await until(signal, async () => {
    const socket = connect(port, '127.0.0.1')
    try {
      await once(socket, 'connect')
      return true
    } catch {
      return false
    } finally {
      socket.destroy()
    }
  })
}

/** Waits until a file has at least so many bytes. */
export function untilFileHas(path: string, bytes: number, signal: AbortSignal): Promise<void> {
  return until(signal, async () => ((await stat(path).catch(() => undefined))?.size ?? 0) >= bytes)
}

async function until(signal: AbortSignal, holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await systemClock.sleep(POLL_MS, signal)
}
