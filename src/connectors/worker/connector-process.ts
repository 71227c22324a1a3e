/** The process of one pull, check or discovery as main sees it: started for that alone, watched, and ended after. */
import { type Clock, type Log, pause, systemClock } from '../../base/mod.ts'
import { type SpawnOptions, spawnWorker } from '../../host/mod.ts'
import {
  type Answers,
  type AskOf,
  ConnectorNews,
  connectorAsks,
  connectorMainAsks,
  createChannel,
  type ReplyOf,
} from '../../wire/mod.ts'
import { ConnectorCrashed, ConnectorStopped } from '../errors.ts'

/** The subcommand under which the program runs `runConnectorWorker()`. */
export const CONNECTOR_WORKER_SUBCOMMAND = 'connector-worker'
/** An answer of 64 MiB is five times that once it is parsed; beyond this it is ended. */
export const CONNECTOR_MEMORY_BYTES_MAX = 1_073_741_824
/** It tells once a second that it lives; to parse an answer of 64 MiB takes two. */
const SILENT_MS = 60_000
const LOOK_MS = 5_000
const MINUTE_MS = 60_000
const DAY_MS = 86_400_000
const REPLY_MAX_MS = { check: 2 * MINUTE_MS, discover: 2 * MINUTE_MS, pull: DAY_MS }

type MainAsks = typeof connectorMainAsks
export type ConnectorAnswers = Answers<typeof connectorAsks>
export type ConnectorHandlers = {
  answers: ConnectorAnswers
  onWarning: (code: string, message: string) => void
  signal: AbortSignal
}
/** Asks once, in a process of its own. Rejects with the failure of what was asked, `connector.stopped` or `connector.crashed`. */
export type AskConnector = <What extends keyof MainAsks>(
  what: What,
  body: AskOf<MainAsks, What>,
  handlers: ConnectorHandlers,
) => Promise<ReplyOf<MainAsks, What>>

type Launching = Pick<SpawnOptions, 'env' | 'entry'> & { clock?: Clock; log: Log }

/** Launches this program again under `connector-worker`, with nothing of our environment but what is given. */
export function connectorAsker({ clock = systemClock, log, ...options }: Launching): AskConnector {
  return async (what, body, { answers, onWarning, signal }) => {
    if (signal.aborted) throw new ConnectorStopped('the run was stopped before it began')
    const seen = { heardAtMs: clock.monotonic() }
    const ended: { why?: ConnectorStopped | ConnectorCrashed } = {}
    const end = (why: ConnectorStopped | ConnectorCrashed): void => {
      ended.why ??= why
      child.kill('SIGKILL')
    }
    const onNews = (news: ConnectorNews) => {
      seen.heardAtMs = clock.monotonic()
      if (news.news === 'warning') return onWarning(news.code, news.message)
      if (news.rssBytes <= CONNECTOR_MEMORY_BYTES_MAX) return
      log.error('the process of a connector held too much memory and was ended', { rssBytes: news.rssBytes })
      end(new ConnectorCrashed('its process held too much memory and was ended'))
    }
    const { child, channel } = spawnWorker(CONNECTOR_WORKER_SUBCOMMAND, options, (send) =>
      createChannel({
        ...{ send, asks: connectorMainAsks, answered: connectorAsks, answers, news: ConnectorNews, onNews },
        onBroken: () => end(new ConnectorCrashed('its process ended or spoke nonsense')),
        deadline: { clock, ms: REPLY_MAX_MS },
      }),
    )
    const stop = (): void => end(new ConnectorStopped('the run was stopped'))
    signal.addEventListener('abort', stop, { once: true })
    const over = new AbortController()
    void watch(clock, over.signal, () => {
      if (clock.monotonic() - seen.heardAtMs >= SILENT_MS)
        end(new ConnectorCrashed('its process fell silent and was ended'))
    })
    try {
      return await channel.ask(what, body)
    } catch (error) {
      throw (
        ended.why ??
        (isGone(error) ? new ConnectorCrashed('its process ended before it was done', { cause: error }) : error)
      )
    } finally {
      over.abort()
      signal.removeEventListener('abort', stop)
      child.kill('SIGKILL')
    }
  }
}

async function watch(clock: Clock, signal: AbortSignal, look: () => void): Promise<void> {
  while (await pause(clock, LOOK_MS, signal)) look()
}

function isGone(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'worker.gone' || error.code === 'worker.silent')
}
