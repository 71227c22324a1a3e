/** The process that talks to a site: it holds one credential while it asks, and parses what a stranger answers. */
import process from 'node:process'
import * as v from 'valibot'
import { base64url, type Clock, systemClock, systemRandom } from '../../base/mod.ts'
import { sha256Hex } from '../../crypto/mod.ts'
import { parentChannel } from '../../host/mod.ts'
import {
  type Answers,
  type Channel,
  type ConnectorNews,
  type ConnectorTask,
  connectorAsks,
  connectorMainAsks,
  createChannel,
  PAGE_PART_BYTES,
} from '../../wire/mod.ts'
import type { AskContext, Moved, PulledPage } from '../definition.ts'
import { ConnectorUnfit, ConnectorWorkerWithoutParent } from '../errors.ts'
import { authorizationHeader } from '../http/authorization.ts'
import { signIn } from '../http/sign-in.ts'
import { siteClient } from '../http/site-client.ts'
import { connectorType } from '../types.ts'

/** How often it tells that it lives, milliseconds. */
const ALIVE_INTERVAL_MS = 1_000

type Main = Channel<typeof connectorAsks>

/** Answers until its parent is gone, then ends the process. `connector_worker.without_parent` when no Runtime started it. */
export async function runConnectorWorker({ clock = systemClock }: { clock?: Clock } = {}): Promise<void> {
  const parent = parentChannel()
  if (!parent) throw new ConnectorWorkerWithoutParent('a connector needs the channel of the Runtime that starts it')
  // A terminal's Ctrl-C and a service manager's stop reach the whole group: the Runtime ends us in its own order.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => undefined)
  const over = new AbortController()
  const tell = (news: ConnectorNews): void => void channel.tell(news).catch(() => undefined)
  const channel: Main = createChannel({
    send: (frame) => parent.send(frame),
    ...{
      asks: connectorAsks,
      answered: connectorMainAsks,
      answers: answersOf(() => channel, tell, { clock, signal: over.signal }),
    },
    ...{ news: v.never(), onNews: () => undefined, onBroken: () => process.exit(1) },
  })
  parent.onMessage((message) => channel.receive(message))
  // What was not answered is asked for again by the next run.
  parent.onDisconnect(() => process.exit(0))
  for (;;) {
    tell({ news: 'alive', rssBytes: process.memoryUsage.rss() })
    await clock.sleep(ALIVE_INTERVAL_MS)
  }
}

function answersOf(
  main: () => Main,
  tell: (news: ConnectorNews) => void,
  { clock, signal }: { clock: Clock; signal: AbortSignal },
): Answers<typeof connectorMainAsks> {
  const contextOf = (task: ConnectorTask): AskContext => {
    const type = connectorType(task.type)
    const config = type.parse(task.config)
    const secret = async (): Promise<Readonly<Record<string, string>>> => (await main().ask('credential', {})).secret
    const around = { network: task.network, clock, random: systemRandom, signal }
    const { signIn: make, signInSite } = type
    if (make && task.credential) {
      const nobody = async () => ({})
      const door = siteClient({ ...around, site: signInSite?.(config) ?? type.site(config), authorization: nobody })
      const aheadMs = (): number => (signInSite ? door : http).aheadMs()
      const who = signIn({ make: (context) => make(config, context), ...{ secret, door, clock, aheadMs } })
      const http = siteClient({ ...around, site: type.site(config), authorization: who.headers, refused: who.forget })
      return { http, clock, signal }
    }
    const authorization = async (): Promise<Readonly<Record<string, string>>> =>
      task.credential ? authorizationHeader(await secret(), type.authorization?.(config)) : {}
    const http = siteClient({ ...around, site: type.site(config), authorization })
    return { http, clock, signal }
  }
  return {
    check: async (task) => ({ said: await connectorType(task.type).check(task.config, contextOf(task)) }),
    async discover(task) {
      const { discover } = connectorType(task.type)
      if (!discover) throw new ConnectorUnfit(`a connector of the type ${task.type} has no fields to choose from`)
      return { fields: await discover.fields(task.config, contextOf(task)) }
    },
    async pull({ cursor, ...task }) {
      const context = {
        ...{ ...contextOf(task), cursor: cursor === null ? null : JSON.parse(cursor) },
        warn: (code: string, message: string) => tell({ news: 'warning', code, message }),
        knownKeys: (field: string, value: string) => knownKeys(main(), field, value),
      }
      // The next page is asked for once this one is durable: nothing piles up, and the cursor never runs ahead.
      for await (const page of connectorType(task.type).pull(task.config, context)) await hand(main(), page)
      return {}
    },
  }
}

async function hand(main: Main, page: PulledPage | Moved): Promise<void> {
  const cursor = JSON.stringify(page.cursor)
  if (!('content' in page)) return void (await main.ask('cursor', { cursor }))
  const { content, contentType, fileName, records, removed = 0, attributes } = page
  const about = {
    contentType,
    fileName,
    sha256: await sha256Hex(content),
    ...(attributes && { attributes: { ...attributes } }),
  }
  await main.ask('page-begin', about)
  for (let at = 0; at < content.byteLength; at += PAGE_PART_BYTES)
    await main.ask('page-part', { bytes: base64url(content.subarray(at, at + PAGE_PART_BYTES)) })
  await main.ask('page-end', { records, removed, cursor })
}

async function* knownKeys(main: Main, field: string, value: string): AsyncGenerator<readonly string[], void> {
  let after: string | undefined
  do {
    const { keys, next } = await main.ask('known-keys', { field, value, ...(after !== undefined && { after }) })
    yield keys
    after = next
  } while (after !== undefined)
}
