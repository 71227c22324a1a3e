/** One data worker as main sees it: a process that is asked, tells that it lives, and ends. */
import * as v from 'valibot'
import { type Clock, systemClock } from '../../base/mod.ts'
import { type ChildExit, type SpawnOptions, spawnSelf } from '../../host/mod.ts'
import { type AskOf, createChannel, DataNews, dataAsks, type ReplyOf } from '../../wire/mod.ts'

/** The subcommand under which the program runs `runDataWorker()`. */
export const DATA_WORKER_SUBCOMMAND = 'data-worker'
/** What the collector is told that the machine has, as with the workers of deployments: 256 MiB. */
const COLLECTOR_BYTES = 268_435_456

/** Main tells a data worker nothing without asking. */
export const NoNews = v.never()

export type DataAsks = typeof dataAsks

/** To open may mean to go through a write-ahead log; an import takes as long as its document is large, and tells that it lives. */
const MINUTE_MS = 60_000
const DAY_MS = 86_400_000
const REPLY_MAX_MS: Readonly<Record<keyof DataAsks, number>> = {
  ...{ open: 2 * MINUTE_MS, close: MINUTE_MS, 'create-dataset': MINUTE_MS, 'remove-dataset': 10 * MINUTE_MS },
  ...{ datasets: MINUTE_MS, dataset: MINUTE_MS, position: MINUTE_MS, imports: MINUTE_MS, 'find-import': MINUTE_MS },
  ...{ 'begin-partial': MINUTE_MS, 'find-partial': MINUTE_MS, 'grow-partial': MINUTE_MS },
  ...{ 'end-partial': MINUTE_MS, 'remove-partial': MINUTE_MS },
  ...{
    'find-document': MINUTE_MS,
    'find-key': MINUTE_MS,
    'known-imports': MINUTE_MS,
    'classify-field': MINUTE_MS,
    'class-changes': MINUTE_MS,
  },
  ...{ group: MINUTE_MS, 'group-records': DAY_MS, rollups: MINUTE_MS, 'create-rollup': MINUTE_MS },
  ...{ 'remove-rollup': MINUTE_MS, 'build-rollups': DAY_MS },
  ...{ 'begin-erase': MINUTE_MS, 'erase-records': MINUTE_MS, 'erase-documents': DAY_MS, 'end-erase': MINUTE_MS },
  ...{ query: DAY_MS, import: DAY_MS, 'refuse-document': MINUTE_MS, 'pause-import': MINUTE_MS },
}

export type DataProcess = {
  readonly pid: number
  ask<What extends keyof DataAsks>(what: What, body: AskOf<DataAsks, What>): Promise<ReplyOf<DataAsks, What>>
  readonly exited: Promise<ChildExit>
  kill(): void
}

/** Starts one. */
export type LaunchDataWorker = (handlers: {
  onNews: (news: DataNews) => void
  onBroken: (error: unknown) => void
}) => DataProcess

/** Launches this program again under `data-worker`, with nothing of our environment but what is given. */
export function dataLauncher({
  env,
  clock = systemClock,
  ...options
}: Pick<SpawnOptions, 'env' | 'entry'> & { clock?: Clock } = {}): LaunchDataWorker {
  return ({ onNews, onBroken }) => {
    const child = spawnSelf([DATA_WORKER_SUBCOMMAND], {
      ...options,
      env: { BUN_JSC_forceRAMSize: String(COLLECTOR_BYTES), ...env },
      onMessage: (message) => channel.receive(message),
    })
    const channel = createChannel({
      send: (frame) => child.send(frame),
      ...{ asks: dataAsks, answered: {}, answers: {}, news: DataNews, onNews, onBroken },
      deadline: { clock, ms: REPLY_MAX_MS },
    })
    const exited = child.exited.finally(() => channel.close())
    exited.catch(() => undefined)
    return {
      pid: child.pid,
      ask: (what, body) => channel.ask(what, body),
      exited,
      // Whatever it is in the middle of was not committed.
      kill: () => child.kill('SIGKILL'),
    }
  }
}
