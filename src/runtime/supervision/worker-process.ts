/** One worker process as its supervisor sees it: questions, news, its end. */
import type { Socket } from 'node:net'
import { base64url, type Clock, systemClock } from '../../base/mod.ts'
import { type ChildExit, type SpawnOptions, spawnWorker } from '../../host/mod.ts'
import {
  type Answers,
  type AskOf,
  createChannel,
  mainAsks,
  type ReplyOf,
  WorkerNews,
  workerAsks,
} from '../../wire/mod.ts'

/** The subcommand under which the program runs `runWorker()`. */
export const WORKER_SUBCOMMAND = 'worker'

type MainAsks = typeof mainAsks

/**
 * How long a worker may take to answer, milliseconds. To start it opens its journal of refused records, whose last segment (64 MiB)
 * is read through; two minutes are what its supervisor gives a silent one. The rest is answered between two batches.
 */
export const REPLY_MAX_MS: Readonly<Record<keyof MainAsks, number>> = {
  ...{
    start: 120_000,
    drain: 30_000,
    'renew-tls': 10_000,
    'dead-letters-list': 10_000,
    'dead-letters-counts': 30_000,
    'dead-letters-replay': 60_000,
    'dead-letters-drop': 60_000,
    check: 20_000,
    parse: 20_000,
  },
}

export type WorkerProcess = {
  readonly pid: number
  ask<What extends keyof MainAsks>(what: What, body: AskOf<MainAsks, What>): Promise<ReplyOf<MainAsks, What>>
  /** Gives away an accepted socket of a bridge with what was read from it. */
  passSocket(bridge: string, taken: { socket: Socket; head: Uint8Array; remainingMs: number }): Promise<void>
  readonly exited: Promise<ChildExit>
  kill(signal: NodeJS.Signals): void
}

export type WorkerHandlers = {
  answers: Answers<typeof workerAsks>
  onNews: (news: WorkerNews) => void
  onBroken: (error: unknown) => void
}

/** Starts a worker. Tests hand in one that is no process. */
export type LaunchWorker = (handlers: WorkerHandlers) => WorkerProcess

/**
 * Launches this program again under `worker`. Of our environment it gets nothing but what is given: ours may hold the master key,
 * and a worker runs customer code. The collector is told to plan for the memory that a worker may hold and not for all of the
 * machine's: with 24 GiB in sight it let one grow to 340 MB that does the same work, as fast, in 210. `memoryBytesMax` is asked at each
 * start, as its supervisor asks it: the owner's rules may have changed.
 */
export function launcher(
  memoryBytesMax: () => number,
  { clock = systemClock, ...options }: Pick<SpawnOptions, 'env' | 'entry'> & { clock?: Clock } = {},
): LaunchWorker {
  return ({ answers, onNews, onBroken }) => {
    const memoryBytes = memoryBytesMax()
    const { child, channel, exited } = spawnWorker(WORKER_SUBCOMMAND, { ...options, memoryBytes }, (send) =>
      createChannel({
        ...{ send, asks: mainAsks, answered: workerAsks, answers, news: WorkerNews, onNews, onBroken },
        deadline: { clock, ms: REPLY_MAX_MS },
      }),
    )
    return {
      pid: child.pid,
      ask: (what, body) => channel.ask(what, body),
      passSocket: (bridge, { socket, head, remainingMs }) =>
        channel.tell({ news: 'socket', bridge, head: base64url(head), remainingMs }, socket),
      exited,
      kill: (signal) => child.kill(signal),
    }
  }
}
