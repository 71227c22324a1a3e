/**
 * The process of one deployment: builds its flow, runs it, tells how it goes, and ends. It holds no static key; what it needs of its
 * Runtime it asks over the channel, and when the Runtime is gone, so is it.
 */
import process from 'node:process'
import { Cancelled, type Clock, deferred, type Random, systemClock, systemRandom } from '../../base/mod.ts'
import { catalogue } from '../../catalogue.ts'
import { parentChannel } from '../../host/mod.ts'
import { ComponentFailed } from '../../pipeline/mod.ts'
import { createChannel, MainNews, mainAsks, type WorkerNews, workerAsks } from '../../wire/mod.ts'
import type { ComponentTypes } from '../deployments/component-types.ts'
import { WorkerWithoutParent } from '../errors.ts'
import { failureOf } from '../supervision/failure.ts'
import { SpanOutlet } from './span-outlet.ts'
import { WorkerFlow } from './worker-flow.ts'

/** How often a worker tells its counts, milliseconds. */
const STATUS_INTERVAL_MS = 1_000

/** `types`: default the catalogue. */
type RunWorkerOptions = { types?: ComponentTypes; clock?: Clock; random?: Random }

/** Runs until its flow has ended, was drained or failed; ends the process. `worker.without_parent` when no Runtime started it. */
export async function runWorker(options: RunWorkerOptions = {}): Promise<void> {
  const { types = catalogue, clock = systemClock, random = systemRandom } = options
  const parent = parentChannel()
  if (!parent) throw new WorkerWithoutParent('a worker needs the channel of the Runtime that starts it')
  // A terminal's Ctrl-C and a service manager's stop reach the whole group: the Runtime drains us in its own order.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => undefined)
  const done = deferred<WorkerNews>()
  const tell = (news: WorkerNews): Promise<void> => channel.tell(news)
  const spans = new SpanOutlet(tell)
  const flow = new WorkerFlow({
    ...{ types, clock, random },
    ask: (what, body) => channel.ask(what, body),
    onLog: (entry) => void tell({ news: 'log', entry }).catch(() => undefined),
    onSpan: (span) => spans.take(span),
    onFinished: (how, error) => done.resolve(finished(how, error)),
  })
  const channel = createChannel({
    send: (frame) => parent.send(frame),
    asks: workerAsks,
    answered: mainAsks,
    answers: flow.answers,
    news: MainNews,
    onNews: (news, socket) => flow.takeSocket(news, socket),
    onBroken: () => process.exit(1),
  })
  parent.onMessage((message, socket) => channel.receive(message, socket))
  // What is in flight was not answered, so the next worker reads it again.
  parent.onDisconnect(() => process.exit(1))
  const over = new AbortController()
  const telling = tellStatus(flow, tell, clock, over.signal)
  const last = await done.promise
  over.abort()
  await telling
  await flow.close()
  await spans.told()
  await tell(flow.status())
  await tell(last)
  process.exit(0)
}

async function tellStatus(
  flow: WorkerFlow,
  tell: (news: WorkerNews) => Promise<void>,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  try {
    await flow.started
    for (;;) {
      await tell(flow.status())
      await clock.sleep(STATUS_INTERVAL_MS, signal)
    }
  } catch (error) {
    if (!(error instanceof Cancelled)) throw error
  }
}

function finished(how: 'ended' | 'drained' | 'failed', error: unknown): WorkerNews {
  if (how !== 'failed') return { news: 'finished', how }
  if (!(error instanceof ComponentFailed)) return { news: 'finished', how, failure: failureOf(error) }
  const { component, reason, cause } = error
  return { news: 'finished', how, failure: { ...failureOf(cause), component, ...reason } }
}
