/** One data worker as main sees it: a process that is asked, tells that it lives, and ends. */
import * as v from 'valibot'
import { type Clock, systemClock } from '../../base/mod.ts'
import { type ChildExit, type SpawnOptions, spawnWorker } from '../../host/mod.ts'
import { type AskOf, createChannel, DataNews, dataAsks, type ReplyOf } from '../../wire/mod.ts'

/** The subcommand under which the program runs `runDataWorker()`. */
export const DATA_WORKER_SUBCOMMAND = 'data-worker'

/** Main tells a data worker nothing without asking. */
export const NoNews = v.never()

export type DataAsks = typeof dataAsks

/** To open may mean to go through a write-ahead log; an import takes as long as its document is large, and tells that it lives. */
const MINUTE_MS = 60_000
const DAY_MS = 86_400_000
const LONG_MS: Readonly<Partial<Record<keyof DataAsks, number>>> = {
  ...{ open: 2 * MINUTE_MS, 'remove-dataset': 10 * MINUTE_MS, import: DAY_MS, 'build-rollups': DAY_MS },
  ...{ 'build-indexes': DAY_MS, 'go-on-reimporting': DAY_MS },
  ...{ query: DAY_MS, sql: DAY_MS, 'export-part': DAY_MS, 'group-records': DAY_MS, 'erase-documents': DAY_MS },
}
/** All others are answered from what is there. */
const REPLY_MAX_MS = Object.fromEntries(
  Object.keys(dataAsks).map((what) => [what, LONG_MS[what as keyof DataAsks] ?? MINUTE_MS]),
) as Readonly<Record<keyof DataAsks, number>>

export type DataProcess = {
  readonly pid: number
  ask<What extends keyof DataAsks>(what: What, body: AskOf<DataAsks, What>): Promise<ReplyOf<DataAsks, What>>
  readonly exited: Promise<ChildExit>
  kill(): void
}

/**
 * The system ends it with the thread of main that started it, as Bun asks for under this name (Linux: prctl(2), PR_SET_PDEATHSIG): while
 * libSQL holds its loop it would not see that its channel has closed, and a question without an end would go on for ever.
 */
const ENDED_WITH_MAIN = { BUN_FEATURE_FLAG_NO_ORPHANS: '1' }

/** Starts one. */
export type LaunchDataWorker = (handlers: {
  onNews: (news: DataNews) => void
  onBroken: (error: unknown) => void
}) => DataProcess

/** Launches this program again under `data-worker`, with nothing of our environment but what is given. */
export function dataLauncher({
  clock = systemClock,
  env,
  ...options
}: Pick<SpawnOptions, 'env' | 'entry'> & { clock?: Clock } = {}): LaunchDataWorker {
  return ({ onNews, onBroken }) => {
    const spawned = { ...options, env: { ...ENDED_WITH_MAIN, ...env } }
    const { child, channel, exited } = spawnWorker(DATA_WORKER_SUBCOMMAND, spawned, (send) =>
      createChannel({
        ...{ send, asks: dataAsks, answered: {}, answers: {}, news: DataNews, onNews, onBroken },
        deadline: { clock, ms: REPLY_MAX_MS },
      }),
    )
    return {
      pid: child.pid,
      ask: (what, body) => channel.ask(what, body),
      exited,
      // Whatever it is in the middle of was not committed.
      kill: () => child.kill('SIGKILL'),
    }
  }
}
