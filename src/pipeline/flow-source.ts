/** The loop of a source: reads while there is room, counts what is on its way, and moves the checkpoint when it has arrived. */
import { setImmediate } from 'node:timers'
import { AppError, Unreachable } from '../base/mod.ts'
import type { Batch } from './batch.ts'
import type { Budget } from './budget.ts'
import type { Checkpointer } from './checkpointer.ts'
import type { Source } from './component.ts'
import { Delivery } from './delivery.ts'
import type { Ending, FlowNode } from './flow-nodes.ts'
import type { FlowReplays } from './flow-replays.ts'
import type { FlowRun } from './flow-run.ts'
import { untilAborted } from './until-aborted.ts'

/** The loop may not starve timers and messages longer than this: sources and sinks on files and libSQL never wait for anything. */
const YIELD_AFTER_MS = 5

export type SourceLoop = {
  run: FlowRun
  node: FlowNode
  source: Source
  budget: Budget
  checkpointer: Checkpointer | undefined
  replays: FlowReplays | undefined
}

type Read = Awaited<ReturnType<Source['read']>>

/** Reads until the source's end, or until the flow drains or stops. */
export async function runSource(loop: SourceLoop): Promise<Ending | undefined> {
  const { run, node, budget } = loop
  const { clock } = run.options
  run.draining.signal.addEventListener('abort', () => budget.stopWaiting(), { once: true })
  let yieldedAt = clock.monotonic()
  for (;;) {
    await budget.room()
    if (run.failure) return undefined
    const startedAt = clock.monotonic()
    const read = run.draining.signal.aborted ? 'aborted' : await untilAborted(readNext(loop), run.draining.signal)
    if (run.failure) return undefined
    if (read === 'end' || read === 'aborted') {
      const ending = read === 'end' ? 'ended' : 'drained'
      await untilAborted(loop.replays?.quiet() ?? Promise.resolve(), run.stop.signal)
      node.forwardEnding(ending)
      return ending
    }
    const now = clock.monotonic()
    node.counters.executionMs += now - startedAt
    send(loop, read.batch, read.ack)
    if (now - yieldedAt > YIELD_AFTER_MS) {
      await new Promise((resolve) => setImmediate(resolve))
      yieldedAt = clock.monotonic()
    }
  }
}

function readNext({ run, node, source }: SourceLoop): Promise<Read> {
  const read = run.insist(node.name, node.counters, () => source.read())
  // When the flow drains meanwhile nobody waits for this read any more; what it brings is not answered and comes again.
  read.catch(() => undefined)
  return read
}

function send(loop: SourceLoop, batch: Batch, ack: (outcome?: { error: AppError }) => void): void {
  const { run, node, budget, checkpointer } = loop
  const bytes = batch.records.sizeBytes
  const done = checkpointer?.positions.begin(batch.partition, batch.to)
  budget.take(bytes)
  const trace = run.sampler?.next(node.name, batch)
  const delivery = new Delivery((error) => {
    run.inFlight.delete(delivery)
    budget.give(bytes)
    trace?.end(error)
    if (error !== undefined)
      return ack({ error: error instanceof AppError ? error : new Unreachable('no named error', { cause: error }) })
    done?.()
    checkpointer?.moved()
    ack()
  }, trace)
  run.inFlight.add(delivery)
  node.forward(batch, delivery)
}
