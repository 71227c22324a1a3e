/** The process that opens databases of data tenants: libSQL blocks the loop that it is called on, and main's loop answers everybody. */
import process from 'node:process'
import { type Clock, systemClock, systemRandom } from '../../base/mod.ts'
import { parentChannel } from '../../host/mod.ts'
import { createChannel, type DataNews, dataAsks } from '../../wire/mod.ts'
import { DataWorkerWithoutParent } from '../errors.ts'
import { NoNews } from './data-process.ts'

/** How often it tells that it lives, milliseconds; a transaction may hold it up. */
const ALIVE_INTERVAL_MS = 1_000

/** Answers until its parent is gone, then ends the process. `data_worker.without_parent` when no Runtime started it. */
export async function runDataWorker({ clock = systemClock }: { clock?: Clock } = {}): Promise<void> {
  const parent = parentChannel()
  if (!parent) throw new DataWorkerWithoutParent('a data worker needs the channel of the Runtime that starts it')
  // A terminal's Ctrl-C and a service manager's stop reach the whole group: the Runtime ends us in its own order.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => undefined)
  // Only this process reads documents and opens their databases: main holds none of that code.
  const [{ OpenTenants }, { dataAnswers }] = await Promise.all([
    import('./tenants-open.ts'),
    import('./data-answers.ts'),
  ])
  const tenants = new OpenTenants(clock)
  const channel = createChannel({
    send: (frame) => parent.send(frame),
    asks: {},
    answered: dataAsks,
    answers: dataAnswers(tenants, { clock, random: systemRandom }),
    news: NoNews,
    onNews: () => undefined,
    onBroken: () => process.exit(1),
  })
  parent.onMessage((message) => channel.receive(message))
  // What was not committed is done again by the next one.
  parent.onDisconnect(() => process.exit(0))
  for (;;) {
    await clock.sleep(ALIVE_INTERVAL_MS)
    await tenants.closeIdle()
    const news: DataNews = { news: 'alive', rssBytes: process.memoryUsage.rss() }
    await channel.tell(news)
  }
}
