/** This program once more as a worker: asked over a channel that ends with it, and planning for the memory that is meant for it. */
import { type ChildExit, type ChildHandle, type SpawnOptions, spawnSelf } from './spawn.ts'

/** 256 MiB: told of less than a worker takes before it does anything, the collector would do nothing but collect. */
const COLLECTOR_BYTES_MIN = 268_435_456

/** The end of a channel on this side. */
type WorkerChannel = { receive(message: unknown): void; close(): void }

/**
 * Starts a subcommand with nothing of our environment but `env`: ours may hold the master key. `memoryBytes`: what the collector is
 * told that the machine has, 256 MiB at least. Nobody need wait for `exited`, which rejects with `host.process_gone` if it never started.
 */
export function spawnWorker<Channel extends WorkerChannel>(
  subcommand: string,
  { env, memoryBytes = 0, ...options }: Pick<SpawnOptions, 'env' | 'entry'> & { memoryBytes?: number },
  channelOver: (send: ChildHandle['send']) => Channel,
): { child: ChildHandle; channel: Channel; exited: Promise<ChildExit> } {
  const child = spawnSelf([subcommand], {
    ...options,
    env: { BUN_JSC_forceRAMSize: String(Math.max(memoryBytes, COLLECTOR_BYTES_MIN)), ...env },
    onMessage: (message) => channel.receive(message),
  })
  const channel = channelOver((message, socket) => child.send(message, socket))
  const exited = child.exited.finally(() => channel.close())
  exited.catch(() => undefined)
  return { child, channel, exited }
}
