/** The workers of all deployments in force: one each, the next version's after the former one has drained. */
import { type Clock, codeOf, describeError, KeyedTurns, type Log, pause, type Random } from '../../base/mod.ts'
import type { SocketTaker } from '../../bridge/mod.ts'
import type {
  Answers,
  Assignment,
  DeploymentState,
  Failure,
  Reason,
  WorkerNews,
  WorkerStart,
  workerAsks,
} from '../../wire/mod.ts'
import type { Crew } from '../deployments/ports.ts'
import type { KeptCounts } from '../state/counts.ts'
import { Supervised, type WorkerCounts, type WorkerSpans } from './supervised.ts'
import type { LaunchWorker, WorkerProcess } from './worker-process.ts'

export type WorkersDeps = {
  launch: LaunchWorker
  /** All that a worker needs to run the assignment; made anew for each of its starts. */
  start: (assignment: Assignment, pid: number) => Promise<WorkerStart>
  /** Answers what that assignment's worker asks, and nothing beyond it. */
  deskFor: (assignment: Assignment) => Answers<typeof workerAsks>
  onLog: (assignment: Assignment, entry: Extract<WorkerNews, { news: 'log' }>['entry']) => void
  onState: (assignment: Assignment, state: DeploymentState, reasons: Reason[]) => void
  /** Takes the spans of batches that were followed; default: nobody does. */
  onSpans?: (assignment: Assignment, news: WorkerSpans) => void
  /** What was counted of a version before this process, and where that is kept. */
  counts: {
    load: (assignment: Assignment) => Promise<KeptCounts>
    keep: (assignment: Assignment, counts: KeptCounts) => void
  }
  /** Asked at each start of a worker: the owner's rules may have changed. */
  memoryBytesMax: () => number
  residentBytes: (pid: number) => Promise<number | undefined>
  clock: Clock
  random: Random
  log: Log
}

/** When a version that could not be put into force is tried again, milliseconds. */
export const REPLACE_RETRY_MS = 10_000

type Running = { assignment: Assignment; supervised: Supervised }

export class Workers implements Crew {
  readonly #deps: WorkersDeps
  readonly #running = new Map<string, Running>()
  readonly #turns = new KeyedTurns()
  /** What was last asked for of each deployment: only that is tried again. */
  readonly #wanted = new Map<string, symbol>()
  readonly #closing = new AbortController()

  constructor(deps: WorkersDeps) {
    this.#deps = deps
  }

  replace(assignment: Assignment): void {
    const { deployment, version } = assignment
    const wanted = Symbol(deployment)
    this.#wanted.set(deployment, wanted)
    this.#turns
      .run(deployment, async () => {
        await this.#running.get(deployment)?.supervised.drain('replaced')
        if (this.#isClosing) return
        const supervised = this.#supervise(assignment, await this.#deps.counts.load(assignment))
        this.#running.set(deployment, { assignment, supervised })
        supervised.start()
      })
      .catch((error) => {
        this.#deps.log.error('a deployment could not be put into force', {
          ...{ deployment, version, error: describeError(error) },
        })
        if (this.#isClosing) return
        this.#deps.onState(assignment, 'failed', [{ code: codeOf(error) }])
        void this.#tryAgain(assignment, wanted)
      })
  }

  stop(deployment: string): Promise<void> {
    this.#wanted.delete(deployment)
    return this.#turns.run(deployment, async () => this.#running.get(deployment)?.supervised.drain('stopped'))
  }

  async forget(deployment: string): Promise<void> {
    await this.stop(deployment)
    this.#running.delete(deployment)
  }

  /** Drains all workers. What is in force stays so: the next start of the process resumes it. */
  async close(): Promise<void> {
    this.#closing.abort()
    await this.#turns.idle()
    await Promise.all([...this.#running.values()].map(({ supervised }) => supervised.drain('leaving')))
  }

  /** Every deployment that has run since this process started, with its counts. */
  list(): {
    assignment: Assignment
    state: DeploymentState
    reasons: readonly Reason[]
    failure: Failure | undefined
    counts: WorkerCounts
    pid: number | undefined
    restarts: number
    memoryBytesMax: number
  }[] {
    return [...this.#running.values()].map(({ assignment, supervised }) => ({
      assignment,
      ...{ state: supervised.state, reasons: supervised.reasons, failure: supervised.failure },
      counts: supervised.counts,
      ...{ pid: supervised.pid, restarts: supervised.restarts, memoryBytesMax: supervised.memoryBytesMax },
    }))
  }

  /** Counts of a version that has run since this process started. */
  counts(deployment: string, version: number): WorkerCounts | undefined {
    const running = this.#running.get(deployment)
    return running?.assignment.version === version ? running.supervised.counts : undefined
  }

  /** So many refused records wait; false when the deployment has not run since this process started. */
  lettersLeft(deployment: string, count: number): boolean {
    const running = this.#running.get(deployment)
    running?.supervised.lettersLeft(count)
    return running !== undefined
  }

  worker(deployment: string): WorkerProcess | undefined {
    return this.#running.get(deployment)?.supervised.worker
  }

  /** Who takes a connection whose SNI is this label, if a bridge of that label listens here. */
  route(label: string): SocketTaker | undefined {
    for (const { assignment, supervised } of this.#running.values()) {
      const found = assignment.bridges.find((bridge) => bridge.label === label && bridge.role === 'listen')
      const { worker } = supervised
      if (!found || !worker) continue
      return (socket, head, remainingMs) => {
        worker.passSocket(found.bridge, { socket, head, remainingMs }).catch(() => socket.destroy())
      }
    }
    return undefined
  }

  /** Bridges that listen, with the worker of each, for the renewal of their certificates. */
  listening(): { bridge: string; label: string; worker: WorkerProcess }[] {
    return [...this.#running.values()].flatMap(({ assignment, supervised: { worker } }) =>
      worker
        ? assignment.bridges
            .filter((bridge) => bridge.role === 'listen')
            .map(({ bridge, label }) => ({ bridge, label, worker }))
        : [],
    )
  }

  get #isClosing(): boolean {
    return this.#closing.signal.aborted
  }

  /** Nothing of it runs, and nobody else would look again. */
  async #tryAgain(assignment: Assignment, wanted: symbol): Promise<void> {
    const waited = await pause(this.#deps.clock, REPLACE_RETRY_MS, this.#closing.signal)
    if (waited && this.#wanted.get(assignment.deployment) === wanted) this.replace(assignment)
  }

  #supervise(assignment: Assignment, earlier: KeptCounts): Supervised {
    const { launch, memoryBytesMax, residentBytes, clock, random, log } = this.#deps
    return new Supervised({
      ...{ launch, memoryBytesMax, residentBytes, clock, random, log, deployment: assignment.deployment },
      start: (pid) => this.#deps.start(assignment, pid),
      answers: this.#deps.deskFor(assignment),
      onLog: (entry) => this.#deps.onLog(assignment, entry),
      onSpans: (news) => this.#deps.onSpans?.(assignment, news),
      earlier,
      onCounts: (counts) => this.#deps.counts.keep(assignment, counts),
      // On shutdown the states of the draining workers are not news: their deployments stay in force.
      onState: (state, reasons) => {
        if (!this.#isClosing) this.#deps.onState(assignment, state, reasons)
      },
    })
  }
}
