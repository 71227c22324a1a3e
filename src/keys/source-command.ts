/** Runs a program for what it prints: no shell, nothing to read, nobody hears its complaints, and it ends within its time. */
import { type ChildProcess, spawn } from 'node:child_process'
import { basename } from 'node:path'
import process from 'node:process'
import { type Bytes, type Clock, concatBytes } from '../base/mod.ts'
import { CredentialSourceFailed } from './credential-errors.ts'

export type CommandBounds = {
  /** Its whole environment. */
  env: Readonly<Record<string, string>>
  timeoutMs: number
  /** It may print so many bytes. */
  bytesMax: number
  clock: Clock
}

/**
 * What the program prints. Refuses `credential.source_failed` when it cannot be started, ends with another code than 0, prints too
 * much or takes too long; then it is killed, and what it has started with it. What it says on its standard error may hold the
 * secret: it goes nowhere.
 */
export async function outputOf(item: string, command: readonly string[], bounds: CommandBounds): Promise<Bytes> {
  const [program = '', ...args] = command
  const failed = (why: string): CredentialSourceFailed =>
    new CredentialSourceFailed(item, `the command ${basename(program)} gave no value (${why})`)
  const child = started(program, args, bounds.env)
  if (!child) throw failed('it cannot be started')
  const ended = new AbortController()
  let closed = false
  const parts: Bytes[] = []
  let bytes = 0
  try {
    const exit = await new Promise<string>((resolve) => {
      child.stdout?.on('data', (chunk: Uint8Array) => {
        bytes += chunk.byteLength
        if (bytes > bounds.bytesMax) resolve(`more than ${bounds.bytesMax} bytes`)
        else parts.push(new Uint8Array(chunk))
      })
      child.once('error', (error) => resolve('code' in error ? String(error.code) : 'it cannot be started'))
      child.once('close', (code, signal) => {
        closed = true
        resolve(code === 0 ? '' : `it ended with ${signal ?? code}`)
      })
      bounds.clock.sleep(bounds.timeoutMs, ended.signal).then(
        () => resolve(`not within ${bounds.timeoutMs} ms`),
        () => undefined,
      )
    })
    if (exit !== '') throw failed(exit)
    return concatBytes(...parts)
  } finally {
    ended.abort()
    // The program itself may have ended, and what it left behind still holds what it prints to.
    if (!closed) killGroup(child)
    for (const part of parts) part.fill(0)
  }
}

function started(program: string, args: readonly string[], env: CommandBounds['env']): ChildProcess | undefined {
  try {
    // A group of its own, so that what it starts can be ended with it.
    return spawn(program, args, { cwd: '/', env, stdio: ['ignore', 'pipe', 'ignore'], detached: true })
  } catch {
    return undefined
  }
}

function killGroup(child: ChildProcess): void {
  child.stdout?.destroy()
  try {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
  } catch {
    // All of them have ended already.
  }
}
