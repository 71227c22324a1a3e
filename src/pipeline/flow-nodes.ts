/** The loops of a flow: sources read, transforms change, sinks write. Batches go from inbox to inbox with the answer owed for them. */
import type { Batch } from './batch.ts'
import { type GroupingSink, type Sink, TOGETHER_MAX, type Transform } from './component.ts'
import type { Counters } from './counters.ts'
import type { Delivery } from './delivery.ts'
import type { FlowRun } from './flow-run.ts'
import { Inbox } from './inbox.ts'
import type { EndSpan } from './tracing.ts'
import { untilAborted } from './until-aborted.ts'

/** How a branch ends: its sources came to their end, or were told to read no more. */
export type Ending = 'ended' | 'drained'
type Carried = { batch: Batch; delivery: Delivery }
type Item = Carried | Ending

/** A component in its place: what comes in, where it goes on. */
export class FlowNode {
  readonly name: string
  readonly counters: Counters
  readonly children: FlowNode[] = []
  /** Not bounded itself: the budgets of the sources bound what all inboxes hold together, so branches that meet cannot block each other. */
  readonly #inbox = new Inbox<Item>()
  readonly #inputs: number
  readonly #endings: Ending[] = []
  #stopped = false
  /** Inputs that have ended, whether this was taken from the inbox yet or not. */
  #endingsPut = 0

  constructor(name: string, counters: Counters, inputs: number) {
    this.name = name
    this.counters = counters
    this.#inputs = inputs
  }

  /** Passes a batch on to every child; without one, it is done. */
  forward(batch: Batch, delivery: Delivery): void {
    this.counters.gave(batch)
    if (this.children.length === 0) delivery.settle()
    else delivery.spread(this.children.length - 1)
    for (const child of this.children) child.#receive(this, batch, delivery)
  }

  /** Tells every child that nothing more comes from here. */
  forwardEnding(ending: Ending): void {
    if (this.counters.state !== 'failed') this.counters.state = 'stopped'
    for (const child of this.children) {
      if (child.#stopped) continue
      child.#endingsPut++
      child.#inbox.put(ending)
    }
  }

  /** False for a source. */
  get takesRecords(): boolean {
    return this.#inputs > 0
  }

  /** False once its inputs have all ended. */
  get takesMore(): boolean {
    return !this.#stopped && this.#endingsPut < this.#inputs
  }

  /** Takes a batch that comes from none of its inputs; false when nothing is taken any more. */
  inject(batch: Batch, delivery: Delivery): boolean {
    if (!this.takesMore) return false
    this.counters.took(batch)
    this.#inbox.put({ batch, delivery })
    return true
  }

  #receive(from: FlowNode, batch: Batch, delivery: Delivery): void {
    // Where flows merge, a partition is known by the way it came: two sources may read the same file, and one source may come by
    // two ways; a sink that keeps positions must not take the one for the other.
    const tagged = this.#inputs > 1 ? { ...batch, partition: `${from.name}/${batch.partition}` } : batch
    if (this.#stopped) return
    this.counters.took(tagged)
    this.#inbox.put({ batch: tagged, delivery })
  }

  /** Batches that wait already, at most `max` of them, up to an ending. */
  waiting(max: number): Carried[] {
    const items: Carried[] = []
    while (items.length < max) {
      const item = this.#inbox.takeWaiting()
      if (item === undefined) break
      if (typeof item === 'object') items.push(item)
      else this.#endings.push(item)
    }
    return items
  }

  /** The next batch; once all inputs have ended, how: `'ended'` only if all did. `undefined` when the flow was stopped. */
  async next(): Promise<Item | undefined> {
    for (;;) {
      if (this.#endings.length === this.#inputs) return this.#endings.includes('drained') ? 'drained' : 'ended'
      const item = await this.#inbox.take()
      if (typeof item !== 'string') return item
      this.#endings.push(item)
    }
  }

  stop(): void {
    this.#stopped = true
    this.#inbox.close()
  }
}

/** Applies a transform to what comes in, in order. */
export async function runTransform(run: FlowRun, node: FlowNode, transform: Transform): Promise<Ending | undefined> {
  const { clock } = run.options
  for (;;) {
    const item = await node.next()
    if (run.failure || item === undefined) return undefined
    if (typeof item === 'string') {
      node.forwardEnding(item)
      return item
    }
    const startedAt = clock.monotonic()
    const { trace } = item.delivery
    const batch =
      trace === undefined
        ? await transform.apply(item.batch)
        : await trace.around('transform', node.name, item.batch, () => transform.apply(item.batch))
    node.counters.executionMs += clock.monotonic() - startedAt
    node.forward(batch, item.delivery)
  }
}

/** Writes what comes in; a batch is answered once it is durable. */
export async function runSink(run: FlowRun, node: FlowNode, sink: Sink): Promise<Ending | undefined> {
  const writing = new Set<Promise<void>>()
  const inFlightMax = sink.inFlightMax ?? 1
  for (;;) {
    const item = await node.next()
    if (run.failure || item === undefined) return undefined
    if (typeof item === 'string') {
      await untilAborted(Promise.all(writing), run.stop.signal)
      if (item === 'ended' && !run.failure && sink.end) await untilAborted(sink.end(), run.stop.signal)
      node.forwardEnding(item)
      return item
    }
    const items = isGrouping(sink) ? [item, ...node.waiting(TOGETHER_MAX - 1)] : [item]
    const write = writeItems(run, node, sink, items).finally(() => writing.delete(write))
    writing.add(write)
    if (writing.size >= inFlightMax) await untilAborted(Promise.race(writing), run.stop.signal)
  }
}

function isGrouping(sink: Sink): sink is GroupingSink {
  return 'writeTogether' in sink
}

async function writeItems(run: FlowRun, node: FlowNode, sink: Sink, items: readonly Carried[]): Promise<void> {
  const { clock } = run.options
  const batches = items.map(({ batch }) => batch)
  const spans = spansOf(node, items)
  try {
    await run.insist(node.name, node.counters, async () => {
      const startedAt = clock.monotonic()
      try {
        if (isGrouping(sink)) await sink.writeTogether(batches)
        else for (const batch of batches) await sink.write(batch)
      } finally {
        node.counters.executionMs += clock.monotonic() - startedAt
      }
    })
    if (spans) for (const end of spans) end()
    for (const { batch, delivery } of items) {
      node.counters.gave(batch)
      delivery.settle()
    }
  } catch (error) {
    if (spans) for (const end of spans) end(error)
    run.failComponent(node.name, node.counters, error)
  }
}

/** A write of several batches is a span in the trace of each that is followed; the near end of a bridge sends. */
function spansOf(node: FlowNode, items: readonly Carried[]): EndSpan[] | undefined {
  let spans: EndSpan[] | undefined
  for (const { batch, delivery } of items) {
    if (delivery.trace === undefined) continue
    spans ??= []
    spans.push(delivery.trace.begin(node.counters.type === 'bridge_out' ? 'send' : 'write', node.name, batch))
  }
  return spans
}
