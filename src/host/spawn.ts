/** This program once more, as a child process with a channel that carries JSON messages and, with one, an accepted socket. */
import { type ChildProcess, spawn } from 'node:child_process'
import type { Socket } from 'node:net'
import process from 'node:process'
import type { Readable } from 'node:stream'
import { buildFacts } from './build-facts.ts'
import { ProcessGone } from './errors.ts'
import { HANDED_OVER } from './tcp-server.ts'

/**
 * What a child gets on Deno, which passes no permission on by itself. It is what any Sluice process may need (see the table of
 * hosts in the docs); the parent holds `--allow-run`, so this widens nothing.
 */
const DENO_PERMISSIONS = ['read', 'write', 'net', 'env', 'run', 'sys', 'ffi'].map((name) => `--allow-${name}`)

/** How the child is started. */
export interface SpawnOptions {
  /** The child's whole environment; default: that of this process. */
  env?: Record<string, string>
  /** Whether output goes where ours goes (default) or to `stdout` and `stderr` of the handle. Standard input is always empty. */
  stdio?: 'inherit' | 'pipe'
  onMessage?: (message: unknown) => void
  /** Aborting it sends SIGTERM. */
  signal?: AbortSignal
  /** Another entry file than that of this process; from source only. Tests use it. */
  entry?: string
}

/** How a child ended: by `process.exit` with a code, or by a signal. */
export interface ChildExit {
  code: number | null
  signal: string | null
}

/** A running child. */
export interface ChildHandle {
  readonly pid: number
  readonly stdout: Readable | undefined
  readonly stderr: Readable | undefined
  /** Resolves when the child has ended and its output is complete. Rejects with `host.process_gone` if it never started. */
  readonly exited: Promise<ChildExit>
  /**
   * Resolves once the channel has taken the message. A socket is given away with it: afterwards it is the child's alone, and
   * what was read from it before must travel in the message. Stop its reading (`pause()`) in the same turn as the last read.
   * Rejects with `host.process_gone` when the child has ended; then the socket is still ours to close.
   */
  send(message: unknown, socket?: Socket): Promise<void>
  /** Default SIGTERM. Nothing happens when it has ended. */
  kill(signal?: NodeJS.Signals): void
}

/** The command that starts this program with other arguments: the binary itself, or the host with the entry file. */
export function selfCommand(args: readonly string[], entry = process.argv[1] ?? ''): [string, ...string[]] {
  if (buildFacts.compiled) return [process.execPath, ...args]
  if (buildFacts.host === 'deno') return [process.execPath, 'run', ...DENO_PERMISSIONS, entry, ...args]
  return [process.execPath, ...process.execArgv, entry, ...args]
}

/** Starts this program as a child with `args`. Failing to start shows in `exited`. */
export function spawnSelf(args: readonly string[], options: SpawnOptions = {}): ChildHandle {
  const [file, ...rest] = selfCommand(args, options.entry)
  const output = options.stdio ?? 'inherit'
  const child = spawn(file, rest, {
    stdio: ['ignore', output, output, 'ipc'],
    ...(options.env ? { env: options.env } : {}),
  })
  const { onMessage, signal } = options
  if (onMessage) child.on('message', (message: unknown) => onMessage(message))
  const stop = (): void => void child.kill('SIGTERM')
  if (signal?.aborted) stop()
  signal?.addEventListener('abort', stop, { once: true })
  const exited = exitOf(child).finally(() => signal?.removeEventListener('abort', stop))
  const unsent = new Set<() => void>()
  const forsake = (): void => {
    for (const gone of unsent) gone()
  }
  // Whoever does not wait for the end must not be brought down by it.
  exited.then(forsake, forsake)
  return {
    pid: child.pid ?? -1,
    stdout: child.stdout ?? undefined,
    stderr: child.stderr ?? undefined,
    exited,
    send: (message, socket) => sendTo(child, unsent, message, socket),
    kill: (name = 'SIGTERM') => void child.kill(name),
  }
}

function exitOf(child: ChildProcess): Promise<ChildExit> {
  return new Promise((resolve, reject) => {
    child.once('close', (code, signal) => resolve({ code, signal }))
    child.once('error', (cause) => reject(new ProcessGone('the child process could not be started', { cause })))
  })
}

/** `unsent`: what becomes of messages that are on their way when the child ends, since Bun forgets their callbacks then. */
function sendTo(
  child: ChildProcess,
  unsent: Set<() => void>,
  message: unknown,
  socket: Socket | undefined,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const gone = (cause?: Error): void => reject(new ProcessGone('the child process has ended', { cause }))
    if (!child.connected) return gone()
    unsent.add(gone)
    child.send(message as object, socket, { keepOpen: false }, (cause) => {
      unsent.delete(gone)
      if (cause) return gone(cause)
      if (socket) socket.emit(HANDED_OVER)
      resolve()
    })
  })
}
