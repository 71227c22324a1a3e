/**
 * Keeps the worker of one deployment running: starts it, starts it again with backoff when it fails, crashes, falls silent or
 * holds too much memory, and stops it by drain.
 *
 *   preparing ──all opened───▶ running ──flow ended──▶ stopped (flow.ended)
 *       ▲                          │ └──drain()──▶ draining ──▶ stopped
 *       └──backoff── failed ◀──crash, failure, memory, silence
 */
import { backoffMs, Cancelled, type Clock, type Log, type Random, rfc3339 } from '../../base/mod.ts'
import type {
  Answers,
  BridgeStatus,
  ComponentStatus,
  DeploymentState,
  DrainReason,
  Failure,
  Reason,
  WorkerNews,
  WorkerStart,
  workerAsks,
} from '../../wire/mod.ts'
import { addBridgeCounts, addCounts, type Rates, ratesBetween, reasonsSince } from './counts.ts'
import { failureOf } from './failure.ts'
import type { LaunchWorker, WorkerProcess } from './worker-process.ts'

/** Wait before the first restart and the longest one, milliseconds. */
export const RESTART_BACKOFF = { firstMs: 500, longestMs: 60_000 }
/** A worker that ran this long before it failed starts a new series of restarts. */
export const HEALTHY_MS = 60_000
/** How often memory and signs of life are looked at. */
export const WATCH_INTERVAL_MS = 1_000
/** A worker tells its status once a second; one that has told nothing for two minutes spins. */
export const SILENCE_MAX_MS = 120_000
/** What is in flight gets this long to reach its sinks when the worker is drained. */
export const DRAIN_MAX_MS = 30_000
/** A live worker's counts are kept on the disk this often, and once more at its end. */
export const COUNTS_KEPT_MS = 10_000
/** A worker that has said that it is finished ends its process within this. */
const EXIT_MAX_MS = 5_000

export type SupervisedOptions = {
  deployment: string
  launch: LaunchWorker
  /** Made anew for each start: code, certificates and peers may have changed. */
  start: (pid: number) => Promise<WorkerStart>
  answers: Answers<typeof workerAsks>
  onLog: (entry: Extract<WorkerNews, { news: 'log' }>['entry']) => void
  onState: (state: DeploymentState, reasons: Reason[]) => void
  /** Takes the spans of batches that were followed; default: nobody does. */
  onSpans?: (news: WorkerSpans) => void
  /** What was counted before this process, and where counts are kept for the next one. */
  earlier: Pick<WorkerCounts, 'components' | 'bridges' | 'deadLetters'>
  onCounts: (counts: Pick<WorkerCounts, 'components' | 'bridges' | 'deadLetters'>) => void
  /** Asked at each start of a worker. */
  memoryBytesMax: () => number
  residentBytes: (pid: number) => Promise<number | undefined>
  clock: Clock
  random: Random
  log: Log
}

const NOTHING: Latest = { components: [], bridges: [], rssBytes: 0, rates: new Map(), reasonsSince: new Map() }

export type WorkerSpans = Extract<WorkerNews, { news: 'spans' }>
type Outcome = { how: 'ended' | 'drained' | 'failed'; failure?: Failure | undefined }
/**
 * `rates`: records in and out a second, by component, between the last two reports of the live worker. `reasonsSince`: since when it
 * has told a reason for a component, in every report.
 */
export type WorkerCounts = {
  components: ComponentStatus[]
  bridges: BridgeStatus[]
  rssBytes: number
  /** Refused records that wait, of all versions. */
  deadLetters: number
  rates: Rates
  reasonsSince: ReadonlyMap<string, number>
}
type Latest = Omit<WorkerCounts, 'deadLetters'>

export class Supervised {
  readonly #options: SupervisedOptions
  readonly #stop = new AbortController()
  #worker: WorkerProcess | undefined
  #latest: Latest = NOTHING
  #deadLetters: number
  #heardMs = 0
  #earlier: ComponentStatus[]
  #earlierBridges: BridgeStatus[]
  #keptMs = 0
  #state: DeploymentState = 'preparing'
  #reasons: Reason[] = []
  #failure: Failure | undefined
  #running: Promise<void> | undefined
  #restarts = 0
  #drainedFor: DrainReason = 'stopped'
  #memoryBytesMax: number

  constructor(options: SupervisedOptions) {
    this.#options = options
    this.#earlier = options.earlier.components
    this.#earlierBridges = options.earlier.bridges
    this.#deadLetters = options.earlier.deadLetters
    this.#memoryBytesMax = options.memoryBytesMax()
  }

  get state(): DeploymentState {
    return this.#state
  }

  get memoryBytesMax(): number {
    return this.#memoryBytesMax
  }

  get reasons(): readonly Reason[] {
    return this.#reasons
  }

  /** Why it failed last, in the words that its owner reads; `undefined` once it runs. */
  get failure(): Failure | undefined {
    return this.#failure
  }

  get restarts(): number {
    return this.#restarts
  }

  get pid(): number | undefined {
    return this.#worker?.pid
  }

  /** Counts since the version began, over all processes of it. */
  get counts(): WorkerCounts {
    const { components, bridges } = this.#latest
    return {
      ...this.#latest,
      deadLetters: this.#deadLetters,
      components: addCounts(this.#earlier, components),
      bridges: addBridgeCounts(this.#earlierBridges, bridges),
    }
  }

  /** The live worker, for its bridges' sockets and its dead letters; `undefined` between two of them. */
  get worker(): WorkerProcess | undefined {
    return this.#worker
  }

  start(): void {
    this.#running ??= this.#run()
  }

  /** The owner dropped refused records, or looked at them: how many wait is known before the worker tells it. */
  lettersLeft(count: number): void {
    if (count === this.#deadLetters) return
    this.#deadLetters = count
    this.#options.onCounts(this.counts)
  }

  /** Lets what is in flight arrive, then ends the worker; kills it when that takes longer than `DRAIN_MAX_MS`. Peers are told `why`. */
  async drain(why: DrainReason): Promise<void> {
    const worker = this.#worker
    const alreadyStopping = this.#stop.signal.aborted
    if (!alreadyStopping) this.#drainedFor = why
    this.#stop.abort()
    if (worker && !alreadyStopping && this.#state !== 'stopped') {
      this.#become('draining', [])
      worker.ask('drain', { why }).catch(() => undefined)
      await this.#within(worker.exited, DRAIN_MAX_MS, () => worker.kill('SIGKILL'))
    }
    await this.#running
  }

  async #run(): Promise<void> {
    const { clock, random, log, deployment } = this.#options
    for (let attempt = 1; !this.#stop.signal.aborted; attempt++) {
      // Why it is being started again is news until it runs.
      this.#become('preparing', this.#failure ? [reasonOf(this.#failure)] : [])
      const startedMs = clock.monotonic()
      const outcome = await this.#once().catch((error): Outcome => ({ how: 'failed', failure: failureOf(error) }))
      this.#keepCounts(outcome.how === 'failed' ? 'down' : 'closed')
      if (outcome.how === 'ended') return this.#become('stopped', [{ code: 'flow.ended' }])
      if (outcome.how === 'drained' || this.#stop.signal.aborted) break
      if (clock.monotonic() - startedMs > HEALTHY_MS) attempt = 1
      this.#failure = outcome.failure ?? { code: 'worker.failed' }
      const reason = reasonOf(this.#failure)
      this.#become('failed', [reason])
      const waitMs = backoffMs(attempt, RESTART_BACKOFF, random)
      log.warn('the worker of a deployment failed and is started again', { deployment, ...reason, waitMs })
      this.#restarts++
      await clock.sleep(waitMs, this.#stop.signal).catch(() => undefined)
    }
    this.#become('stopped', [])
  }

  /** One life of a worker, from its start to its end. */
  async #once(): Promise<Outcome> {
    const { clock, answers, launch } = this.#options
    this.#memoryBytesMax = this.#options.memoryBytesMax()
    const life = new AbortController()
    let told: Outcome | undefined
    let killed: Failure | undefined
    let heardMs = clock.monotonic()
    const kill = (failure: Failure): void => {
      killed ??= failure
      worker.kill('SIGKILL')
    }
    const onNews = (news: WorkerNews): void => {
      heardMs = clock.monotonic()
      if (news.news === 'finished') {
        told = news
        void this.#within(worker.exited, EXIT_MAX_MS, () => worker.kill('SIGKILL'))
      } else this.#hear(news)
    }
    const worker = launch({ answers, onNews, onBroken: () => kill({ code: 'worker.channel_broken' }) })
    this.#worker = worker
    const watching = this.#watch(worker, () => heardMs, kill, life.signal)
    try {
      await worker.ask('start', await this.#options.start(worker.pid))
      if (this.#stop.signal.aborted) await worker.ask('drain', { why: this.#drainedFor })
    } catch (error) {
      killed ??= failureOf(error)
      worker.kill('SIGKILL')
    }
    const exit = await worker.exited.catch(() => ({ code: null, signal: null }))
    this.#worker = undefined
    life.abort()
    await watching
    if (killed) return { how: 'failed', failure: killed }
    if (told) return told
    return { how: 'failed', failure: { code: 'worker.crashed', item: exit.signal ?? `exit ${exit.code ?? 'unknown'}` } }
  }

  /** The process has ended: its counts go on, its bridges are down or, where nothing is left to cross, closed. */
  #keepCounts(state: 'down' | 'closed'): void {
    const { components, bridges } = this.counts
    this.#earlier = components
    const since = rfc3339(this.#options.clock.now())
    this.#earlierBridges = bridges.map(({ reason: _reason, ...bridge }) => ({ ...bridge, state, since }))
    this.#latest = NOTHING
    const deadLetters = this.#deadLetters
    this.#options.onCounts({ components: this.#earlier, bridges: this.#earlierBridges, deadLetters })
  }

  #hear(news: Exclude<WorkerNews, { news: 'finished' }>): void {
    if (news.news === 'log') {
      this.#options.onLog(news.entry)
      return
    }
    if (news.news === 'spans') {
      this.#options.onSpans?.(news)
      return
    }
    const { components, bridges, rssBytes } = news
    const now = this.#options.clock.monotonic()
    const rates = ratesBetween(this.#latest.components, components, now - this.#heardMs)
    this.#heardMs = now
    const since = reasonsSince(this.#latest.reasonsSince, components, this.#options.clock.now())
    this.#latest = { components, bridges, rssBytes, rates, reasonsSince: since }
    this.#deadLetters = news.deadLetters
    if (now - this.#keptMs >= COUNTS_KEPT_MS) {
      this.#keptMs = now
      this.#options.onCounts(this.counts)
    }
    // Some component may still be waiting for its file or its server.
    const opened = components.every(({ state }) => state !== 'preparing' && state !== 'failed')
    if (this.#state === 'preparing' && opened) this.#become('running', [])
  }

  async #watch(
    worker: WorkerProcess,
    heardMs: () => number,
    kill: (failure: Failure) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const { clock, residentBytes } = this.#options
    try {
      for (;;) {
        await clock.sleep(WATCH_INTERVAL_MS, signal)
        const held = (await residentBytes(worker.pid)) ?? this.#latest.rssBytes
        if (held > this.#memoryBytesMax) return kill({ code: 'worker.memory_exceeded' })
        if (clock.monotonic() - heardMs() > SILENCE_MAX_MS) return kill({ code: 'worker.silent' })
      }
    } catch (error) {
      if (!(error instanceof Cancelled)) throw error
    }
  }

  async #within(ended: Promise<unknown>, ms: number, otherwise: () => void): Promise<void> {
    const timer = new AbortController()
    const late = this.#options.clock.sleep(ms, timer.signal).then(otherwise, () => undefined)
    await ended.catch(() => undefined)
    timer.abort()
    await late
  }

  #become(state: DeploymentState, reasons: Reason[]): void {
    if (state === this.#state && reasons.length === 0 && state !== 'preparing') return
    this.#state = state
    this.#reasons = reasons
    if (state === 'running') this.#failure = undefined
    this.#options.onState(state, reasons)
  }
}

/** What of a failure the Platform is told. */
function reasonOf({ code, component, item }: Failure): Reason {
  return { code, ...(component !== undefined && { component }), ...(item !== undefined && { item }) }
}
