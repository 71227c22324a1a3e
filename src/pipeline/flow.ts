/**
 * Runs a flow: opens its components, moves batches from sources to sinks, answers each batch once it is durable everywhere it went,
 * and only then moves the source's checkpoint. At-least-once without a disk of its own; exactly-once where the sink keeps positions.
 */
import { AppError, Cancelled, Unreachable } from '../base/mod.ts'
import { Budget } from './budget.ts'
import { Checkpointer } from './checkpointer.ts'
import type { ComponentContext, Refusal, Sink, Source, Transform } from './component.ts'
import { parseConfig } from './config.ts'
import { Counters } from './counters.ts'
import { isRetryable } from './errors.ts'
import { type Ending, FlowNode, runSink, runTransform } from './flow-nodes.ts'
import { FlowReplays } from './flow-replays.ts'
import { FlowRun } from './flow-run.ts'
import { runSource } from './flow-source.ts'
import { FLOW_LIMITS, type Flow, type FlowComponent, type FlowOptions } from './flow-types.ts'
import { RefusalLog } from './refusal-log.ts'
import { checkWiring, kindOf } from './wiring.ts'

type Opened =
  | { kind: 'source'; source: Source; keepsPositions: boolean }
  | { kind: 'transform'; transform: Transform }
  | { kind: 'sink'; sink: Sink }
type Place = { component: FlowComponent; node: FlowNode }

/**
 * Starts a flow and returns at once; `finished` tells how it went.
 * Fails with `pipeline.component_failed`, whose `reason` is the cause's code: `pipeline.config_invalid`, what opening, reading or
 * writing gave. Wiring that does not fit is thrown at once as `pipeline.wiring_invalid`.
 */
export function runFlow(options: FlowOptions): Flow {
  checkWiring(options.components)
  const run = new FlowRun(options)
  const places = options.components.map((component) => {
    const counters = new Counters(component.name, component.type, kindOf(component) === 'sink')
    return { component, node: new FlowNode(component.name, counters, component.from.length) }
  })
  connect(places)
  run.stop.signal.addEventListener('abort', () => stopNodes(places))
  if (run.failure) stopNodes(places)
  const { replays } = options
  const nodes = places.map(({ node }) => node)
  const replaying = replays && new FlowReplays(run, replays, nodes)
  const finished = execute(run, places, replaying)
  // The caller may look at `finished` later than it rejects.
  finished.catch(() => undefined)
  return {
    finished,
    async drain() {
      for (const { node } of places) if (node.counters.state === 'running') node.counters.state = 'draining'
      run.draining.abort()
      await finished
    },
    takesReplays: (components) => replaying?.takes(components) === true,
    metrics: () => places.map(({ node }) => node.counters.status()),
  }
}

function connect(places: readonly Place[]): void {
  for (const { component, node } of places) {
    for (const upstream of places) if (component.from.includes(upstream.node.name)) upstream.node.children.push(node)
  }
}

function stopNodes(places: readonly Place[]): void {
  for (const { node } of places) node.stop()
}

async function execute(run: FlowRun, places: readonly Place[], replaying: FlowReplays | undefined): Promise<Ending> {
  const checkpointers: Checkpointer[] = []
  try {
    // Sinks first: a source is opened only when there is somewhere to write to.
    const loops: (() => Promise<Ending | undefined>)[] = []
    for (const place of inOpeningOrder(places)) {
      if (run.failure) break
      const opened = await openPlace(run, place)
      if (opened) loops.push(loopOf({ run, place, opened, places, checkpointers, replaying }))
    }
    if (run.failure) throw run.failure
    // Drained while something waited to be opened: nothing was read yet.
    if (loops.length < places.length) return 'drained'
    for (const { node } of places) node.counters.state = run.draining.signal.aborted ? 'draining' : 'running'
    const replayed = replaying?.loop().catch((error) => run.fail(asAppError(error)))
    const endings = await Promise.all(loops.map((loop) => loop()))
    replaying?.end()
    await replayed
    await flushAll(run, checkpointers)
    if (run.failure) throw run.failure
    return endings.includes('drained') ? 'drained' : 'ended'
  } finally {
    await run.opened.close()
    for (const { node } of places) if (node.counters.state !== 'failed') node.counters.state = 'stopped'
  }
}

async function flushAll(run: FlowRun, checkpointers: readonly Checkpointer[]): Promise<void> {
  for (const checkpointer of checkpointers) {
    // After a failure it is still worth saving how far things got; that this fails too would only hide the first failure.
    await checkpointer.flush().catch((error) => {
      if (!run.failure) throw error
    })
  }
}

function inOpeningOrder(places: readonly Place[]): Place[] {
  const order = { sink: 0, transform: 1, source: 2 }
  return [...places].sort((a, b) => order[kindOf(a.component)] - order[kindOf(b.component)])
}

/** Opens one component; a failure ends the flow in its name. */
async function openPlace(run: FlowRun, { component, node }: Place): Promise<Opened | undefined> {
  try {
    const opened = await openComponent(run, component, node.counters)
    const closable = opened.kind === 'source' ? opened.source : opened.kind === 'sink' ? opened.sink : opened.transform
    run.opened.defer(() => closable.close())
    run.logOf(node.name)('info', `${opened.kind}.opened`)
    return opened
  } catch (error) {
    if (!(error instanceof Cancelled && run.draining.signal.aborted)) run.failComponent(node.name, node.counters, error)
    return undefined
  }
}

async function openComponent(run: FlowRun, component: FlowComponent, counters: Counters): Promise<Opened> {
  if ('source' in component) return { kind: 'source', source: component.source, keepsPositions: true }
  if ('sink' in component) return { kind: 'sink', sink: component.sink }
  const { definition } = component
  const context = contextOf(run, component, counters)
  const config = parseConfig(definition, component.config)
  // Draining ends the wait for something that does not open.
  const attempt = <T>(open: () => Promise<T>): Promise<T> =>
    run.insist(component.name, counters, open, { signal: run.draining.signal })
  switch (definition.kind) {
    case 'source':
      return { kind: 'source', source: await attempt(() => definition.open(config, context)), keepsPositions: false }
    case 'transform':
      return { kind: 'transform', transform: await attempt(() => definition.open(config, context)) }
    case 'sink':
      return { kind: 'sink', sink: await attempt(() => definition.open(config, context)) }
  }
}

function contextOf(run: FlowRun, component: FlowComponent, counters: Counters): ComponentContext {
  const { deployment, checkpoints, secrets, deadLetters, clock } = run.options
  const { name } = component
  const refusalLog = new RefusalLog(run.logOf(name), clock)
  run.opened.defer(() => Promise.resolve(refusalLog.tell()))
  return {
    component: name,
    deployment,
    checkpoints,
    secrets,
    admitPath: (path) => run.options.admitPath?.(path),
    clock,
    signal: run.stop.signal,
    log: run.logOf(name),
    ...('code' in component && component.code && { code: component.code }),
    async refuse(refusals: readonly Refusal[]) {
      if (refusals.length === 0) return
      const letters = refusals.map((refusal) => ({ component: name, ...refusal }))
      await run.insist(name, counters, () => deadLetters.add(letters), { mayPass: passesAtDeadLetters })
      counters.refused += refusals.length
      refusalLog.refused(refusals)
    },
  }
}

function asAppError(error: unknown): AppError {
  return error instanceof AppError ? error : new Unreachable('no named error', { cause: error })
}

/** Dead letters that are full have room again once their owner dropped some; until then the flow waits rather than lose a record. */
function passesAtDeadLetters(error: unknown): boolean {
  return isRetryable(error) || (error instanceof AppError && error.kind === 'limit')
}

type LoopParts = {
  run: FlowRun
  place: Place
  opened: Opened
  places: readonly Place[]
  checkpointers: Checkpointer[]
  replaying: FlowReplays | undefined
}

function loopOf({
  run,
  place,
  opened,
  places,
  checkpointers,
  replaying,
}: LoopParts): () => Promise<Ending | undefined> {
  const { node } = place
  const guarded = (loop: () => Promise<Ending | undefined>) => () =>
    loop().catch((error) => {
      run.failComponent(node.name, node.counters, error)
      return undefined
    })
  if (opened.kind === 'transform') return guarded(() => runTransform(run, node, opened.transform))
  if (opened.kind === 'sink') return guarded(() => runSink(run, node, opened.sink))
  const checkpointer = opened.keepsPositions ? undefined : checkpointerOf(run, node)
  if (checkpointer) checkpointers.push(checkpointer)
  const budget = budgetOf(run, places)
  return guarded(() => runSource({ run, node, source: opened.source, budget, checkpointer, replays: replaying }))
}

function checkpointerOf(run: FlowRun, node: FlowNode): Checkpointer {
  const { checkpoints, clock } = run.options
  return new Checkpointer({
    component: node.name,
    checkpoints,
    clock,
    insist: (save) => run.insist(node.name, node.counters, save),
    onFailure: (error) => run.failComponent(node.name, node.counters, error),
  })
}

function budgetOf(run: FlowRun, places: readonly Place[]): Budget {
  const { batchesInFlightMax, bytesInFlightMax } = run.options.limits ?? FLOW_LIMITS
  const sources = places.filter(({ component }) => kindOf(component) === 'source').length
  return new Budget(
    Math.max(1, Math.floor(batchesInFlightMax / sources)),
    Math.max(1, Math.floor(bytesInFlightMax / sources)),
  )
}
