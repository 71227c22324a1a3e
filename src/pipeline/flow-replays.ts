/**
 * Refused records on their way through a running flow once more: they enter at the component that refused them, one batch after the
 * other, so that sinks see their positions ascend. Sources wait with their end until none is left that could still go.
 */
import { Cancelled, deferred } from '../base/mod.ts'
import { Delivery } from './delivery.ts'
import type { FlowNode } from './flow-nodes.ts'
import type { FlowRun } from './flow-run.ts'
import type { Replay, Replays } from './ports.ts'

export class FlowReplays {
  readonly #run: FlowRun
  readonly #replays: Replays
  readonly #nodes: ReadonlyMap<string, FlowNode>
  readonly #over = new AbortController()
  #quiet = false
  #looking = true
  #waiting: (() => void)[] = []

  constructor(run: FlowRun, replays: Replays, nodes: readonly FlowNode[]) {
    this.#run = run
    this.#replays = replays
    this.#nodes = new Map(nodes.map((node) => [node.name, node]))
    if (run.draining.signal.aborted) this.#over.abort()
    run.draining.signal.addEventListener('abort', () => this.#over.abort(), { once: true })
  }

  /** Until the flow drains, stops, or `end` is called. */
  async loop(): Promise<void> {
    try {
      while (!this.#over.signal.aborted) {
        const replay = await this.#replays.next()
        if (replay) {
          this.#quiet = false
          await this.#send(replay)
          continue
        }
        this.#becomeQuiet()
        await this.#replays.more(this.#over.signal)
      }
    } catch (error) {
      if (!(error instanceof Cancelled)) throw error
    } finally {
      this.#looking = false
      this.#becomeQuiet()
    }
  }

  /** Resolves when none is on its way, and none waits that could be. */
  quiet(): Promise<void> {
    if (this.#quiet) return Promise.resolve()
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  /** False once nothing more is looked at. */
  get looking(): boolean {
    return this.#looking && !this.#over.signal.aborted
  }

  end(): void {
    this.#over.abort()
  }

  async #send(replay: Replay): Promise<void> {
    const node = this.#nodes.get(replay.component)
    if (!node?.takesRecords) return this.#replays.unfit(replay, true)
    const settled = deferred<void>()
    const delivery = new Delivery((error) => {
      this.#run.inFlight.delete(delivery)
      if (error === undefined) settled.resolve()
      else settled.reject(new Cancelled('the flow ends before a replay has arrived'))
    })
    this.#run.inFlight.add(delivery)
    if (!node.inject(replay.batch, delivery)) {
      this.#run.inFlight.delete(delivery)
      return this.#replays.unfit(replay, false)
    }
    await settled.promise
    await this.#run.insist(node.name, node.counters, () => replay.done())
  }

  #becomeQuiet(): void {
    this.#quiet = true
    for (const resolve of this.#waiting.splice(0)) resolve()
  }
}
