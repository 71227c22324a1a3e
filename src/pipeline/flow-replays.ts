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
          // One that this flow cannot take any more keeps its place; what stands behind it goes with the next flow as well.
          if (await this.#send(replay)) continue
          break
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

  /** Whether replays for these components that wait from now on are looked at, and taken. */
  takes(components: readonly string[]): boolean {
    const looking = this.#looking && !this.#over.signal.aborted
    return looking && components.every((name) => this.#nodes.get(name)?.takesMore !== false)
  }

  end(): void {
    this.#over.abort()
  }

  /** False when its component has ended. */
  async #send(replay: Replay): Promise<boolean> {
    const node = this.#nodes.get(replay.component)
    if (!node?.takesRecords) {
      await this.#replays.unfit(replay)
      return true
    }
    const settled = deferred<void>()
    const delivery = new Delivery((error) => {
      this.#run.inFlight.delete(delivery)
      if (error === undefined) settled.resolve()
      else settled.reject(new Cancelled('the flow ends before a replay has arrived'))
    })
    this.#run.inFlight.add(delivery)
    if (!node.inject(replay.batch, delivery)) {
      this.#run.inFlight.delete(delivery)
      await this.#replays.putOff(replay)
      return false
    }
    await settled.promise
    await this.#run.insist(node.name, node.counters, () => replay.done())
    return true
  }

  #becomeQuiet(): void {
    this.#quiet = true
    for (const resolve of this.#waiting.splice(0)) resolve()
  }
}
