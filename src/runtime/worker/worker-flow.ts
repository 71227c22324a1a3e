/** The flow inside a worker, with the ends of its bridges and its dead letters: what the main process can ask of it. */
import type { Socket } from 'node:net'
import process from 'node:process'
import { type Clock, codeOf, deferred, fromBase64url, type Random } from '../../base/mod.ts'
import { type BridgeEnd, openInbound, openOutbound } from '../../bridge/mod.ts'
import { ComponentFailed, type Flow, runFlow } from '../../pipeline/mod.ts'
import type {
  Answers,
  BatchSpan,
  Channel,
  DrainReason,
  MainNews,
  mainAsks,
  WorkerBridge,
  WorkerNews,
  WorkerStart,
  workerAsks,
} from '../../wire/mod.ts'
import { DeadLetterJournal } from '../dead-letters/dead-letter-journal.ts'
import { LetterReplays } from '../dead-letters/replays.ts'
import type { ComponentTypes } from '../deployments/component-types.ts'
import { pathGate } from '../deployments/own-files.ts'
import { contentsOf } from '../libraries/package.ts'
import { faultIn } from '../libraries/syntax.ts'
import { checkComponent } from './component-check.ts'
import { checkpointsByMain, handshakesByMain, secretsByMain } from './parent-desk.ts'
import { flowComponents } from './wiring.ts'

export type WorkerFlowDeps = {
  types: ComponentTypes
  ask: Channel<typeof workerAsks>['ask']
  onLog: (entry: Extract<WorkerNews, { news: 'log' }>['entry']) => void
  onSpan: (span: BatchSpan) => void
  onFinished: (how: 'ended' | 'drained' | 'failed', error?: unknown) => void
  clock: Clock
  random: Random
}

export class WorkerFlow {
  readonly #deps: WorkerFlowDeps
  readonly #ends = new Map<string, BridgeEnd>()
  readonly #begun = deferred<void>()
  #flow: Flow | undefined
  #letters: DeadLetterJournal | undefined
  #replays: LetterReplays | undefined
  /** Why it is to be drained, once it is. */
  #drained: DrainReason | undefined

  constructor(deps: WorkerFlowDeps) {
    this.#deps = deps
  }

  /** Resolves once the flow runs. */
  get started(): Promise<void> {
    return this.#begun.promise
  }

  get answers(): Answers<typeof mainAsks> {
    return {
      start: async (start) => {
        await this.#start(start)
        return {}
      },
      check: (ask) => checkComponent(this.#deps, ask),
      parse: async ({ file, content, entry }) => {
        const fault = faultIn(await contentsOf({ file, content: fromBase64url(content) }), entry)
        return fault ? { fault } : {}
      },
      drain: async ({ why }) => {
        this.#drain(why)
        return {}
      },
      'renew-tls': async ({ bridge, tls }) => {
        this.#ends.get(bridge)?.renewTls(tls)
        return {}
      },
      ...this.#letterAnswers(),
    }
  }

  #letterAnswers(): Pick<Answers<typeof mainAsks>, `dead-letters-${'list' | 'counts' | 'drop' | 'replay'}`> {
    const left = (): number => this.#letters?.count ?? 0
    return {
      'dead-letters-list': async ({ from, limit, ...filter }) => ({
        ...((await this.#letters?.list(from, limit, filter)) ?? { letters: [], first: 1, next: 1 }),
        waiting: left(),
      }),
      'dead-letters-counts': async () => ({ counts: (await this.#letters?.counts()) ?? [] }),
      'dead-letters-drop': async (selection) => ({
        dropped: (await this.#letters?.drop(selection)) ?? 0,
        left: left(),
      }),
      'dead-letters-replay': async (selection) => {
        const done = await this.#letters?.queue(selection)
        const { queued, gone, components, waiting } = done ?? { queued: 0, gone: 0, components: [], waiting: 0 }
        const ending = waiting > 0 && !this.#flow?.takesReplays(components)
        if (!ending) this.#replays?.woken()
        return { queued, gone, ending }
      },
    }
  }

  takeSocket(news: MainNews, socket: Socket | undefined): void {
    const end = this.#ends.get(news.bridge)
    if (socket && end) end.accept(socket, fromBase64url(news.head), news.remainingMs)
    else socket?.destroy()
  }

  status(): Extract<WorkerNews, { news: 'status' }> {
    return {
      news: 'status',
      components: this.#flow?.metrics() ?? [],
      bridges: [...this.#ends.values()].map((end) => end.status()),
      deadLetters: this.#letters?.count ?? 0,
      rssBytes: process.memoryUsage().rss,
    }
  }

  async close(): Promise<void> {
    await this.#letters?.close()
  }

  async #start(start: WorkerStart): Promise<void> {
    const { types, ask, clock, random, onLog, onSpan, onFinished } = this.#deps
    process.chdir(start.files)
    const { folder, key, bytesMax } = start.deadLetters
    const deadLetters = await DeadLetterJournal.open({ folder, key: fromBase64url(key), bytesMax, clock, random })
    this.#letters = deadLetters
    const replays = new LetterReplays(deadLetters, (level, template, fields = {}) => onLog({ level, template, fields }))
    this.#replays = replays
    const handshakes = handshakesByMain({ ask })
    const checkpoints = checkpointsByMain({ ask })
    const leaving = (): DrainReason | undefined => this.#drained
    const open = <End extends BridgeEnd>(end: End): End => {
      this.#ends.set(end.status().bridge, end)
      return end
    }
    const components = flowComponents(start, types, {
      outbound: (bridge: WorkerBridge) => open(openOutbound({ bridge, handshakes, leaving, clock, random })),
      inbound: (bridge: WorkerBridge) => open(openInbound({ bridge, handshakes, checkpoints, leaving, clock, random })),
    })
    const flow = runFlow({
      ...{ deployment: start.deployment, components, deadLetters, replays, clock, random },
      checkpoints,
      secrets: secretsByMain({ ask }),
      reporter: { log: onLog },
      tracing: start.traceOneIn === undefined ? undefined : { oneIn: start.traceOneIn, take: onSpan },
      admitPath: pathGate({ data: start.closed, files: start.files, roots: start.roots }),
    })
    this.#flow = flow
    onLog({ level: 'info', template: 'flow.started', fields: { version: start.version } })
    flow.finished.then(
      (how) => {
        onLog({ level: 'info', template: how === 'ended' ? 'flow.ended' : 'flow.drained', fields: {} })
        onFinished(how)
      },
      (error) => {
        const reason = error instanceof ComponentFailed ? error.reason.code : codeOf(error)
        onLog({ level: 'error', template: 'flow.failed', fields: { reason } })
        onFinished('failed', error)
      },
    )
    this.#begun.resolve()
    if (this.#drained) this.#drain(this.#drained)
  }

  #drain(why: DrainReason): void {
    this.#drained ??= why
    // How it ends is told by `finished`.
    this.#flow?.drain().catch(() => undefined)
  }
}
