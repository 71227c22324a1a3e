/** The flow inside a worker, with the ends of its bridges and its dead letters: what the main process can ask of it. */
import type { Socket } from 'node:net'
import process from 'node:process'
import { type Clock, deferred, fromBase64url, type Random } from '../../base/mod.ts'
import { type BridgeEnd, openInbound, openOutbound } from '../../bridge/mod.ts'
import { type Flow, runFlow } from '../../pipeline/mod.ts'
import type { MainNews, mainAsks, WorkerBridge, WorkerNews, WorkerStart, workerAsks } from '../../wire/mod.ts'
import { DeadLetterJournal } from '../dead-letters/dead-letter-journal.ts'
import type { ComponentTypes } from '../deployments/component-types.ts'
import type { Answers, Channel } from '../supervision/channel.ts'
import { checkpointsByMain, handshakesByMain, secretsByMain } from './parent-desk.ts'
import { flowComponents } from './wiring.ts'

export type WorkerFlowDeps = {
  types: ComponentTypes
  ask: Channel<typeof workerAsks>['ask']
  onLog: (entry: Extract<WorkerNews, { news: 'log' }>['entry']) => void
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
  #drainWanted = false

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
      drain: async () => {
        this.#drain()
        return {}
      },
      'renew-tls': async ({ bridge, tls }) => {
        this.#ends.get(bridge)?.renewTls(tls)
        return {}
      },
      'dead-letters-list': async ({ from, limit }) =>
        (await this.#letters?.list(from, limit)) ?? { letters: [], first: 1, next: 1 },
      'dead-letters-drop': async ({ through }) => ({ dropped: (await this.#letters?.drop(through)) ?? 0 }),
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
    const { types, ask, clock, random, onLog, onFinished } = this.#deps
    process.chdir(start.files)
    const { folder, key, bytesMax } = start.deadLetters
    const deadLetters = await DeadLetterJournal.open({ folder, key: fromBase64url(key), bytesMax, clock })
    this.#letters = deadLetters
    const handshakes = handshakesByMain({ ask })
    const checkpoints = checkpointsByMain({ ask })
    const open = <End extends BridgeEnd>(end: End): End => {
      this.#ends.set(end.status().bridge, end)
      return end
    }
    const components = flowComponents(start, types, {
      outbound: (bridge: WorkerBridge) => open(openOutbound({ bridge, handshakes, clock, random })),
      inbound: (bridge: WorkerBridge) => open(openInbound({ bridge, handshakes, checkpoints, clock, random })),
    })
    const flow = runFlow({
      ...{ deployment: start.deployment, components, deadLetters, clock, random },
      checkpoints,
      secrets: secretsByMain({ ask }),
      reporter: { log: onLog },
    })
    this.#flow = flow
    flow.finished.then(
      (how) => onFinished(how),
      (error) => onFinished('failed', error),
    )
    this.#begun.resolve()
    if (this.#drainWanted) this.#drain()
  }

  #drain(): void {
    this.#drainWanted = true
    // How it ends is told by `finished`.
    this.#flow?.drain().catch(() => undefined)
  }
}
