/** What a flow is made of and what running one gives. */
import type { Bytes, Clock, Random } from '../base/mod.ts'
import type { ComponentStatus } from '../wire/mod.ts'
import type { AnyDefinition, Sink, Source } from './component.ts'
import type { Checkpoints, DeadLetters, Replays, Reporter, Secrets } from './ports.ts'
import type { Tracing } from './tracing.ts'

/** One component of a flow: a type with its config, or something already opened (the ends of bridges). */
export type FlowComponent = {
  /** Unique in the flow. */
  name: string
  type: string
  /** Names of the components whose records it takes; empty for a source. */
  from: readonly string[]
} & (
  | { definition: AnyDefinition; config: unknown; code?: Bytes }
  /** An opened source keeps its own positions: the engine calls its acks and saves no checkpoint for it. */
  | { source: Source }
  | { sink: Sink }
)

/** Bounds of one flow; its sources share them evenly. */
export type FlowLimits = {
  /** Batches read and not yet answered. */
  batchesInFlightMax: number
  /** Their encoded bytes as they were read. */
  bytesInFlightMax: number
}

/** 4 MiB of encoded records are 16 full batches; as rows of short fields they take about ten times that, which still leaves a worker below 250 MB. */
export const FLOW_LIMITS: FlowLimits = { batchesInFlightMax: 64, bytesInFlightMax: 4_194_304 }

/** What a flow is given: its components, and what they need of the rooms above. */
export type FlowOptions = {
  deployment: string
  components: readonly FlowComponent[]
  checkpoints: Checkpoints
  secrets: Secrets
  deadLetters: DeadLetters
  /** Refused records that are to go through their component again. */
  replays?: Replays
  reporter: Reporter
  /** Follows some batches; default: none. */
  tracing?: Tracing | undefined
  /** Throws if a file in that place (all links followed) is closed to components; default: all are open. */
  admitPath?: (truePath: string) => void
  limits?: FlowLimits
  clock: Clock
  random: Random
  /** Aborting stops at once, without draining: what is in flight is not answered and comes again after a restart. */
  signal?: AbortSignal
}

/** A running flow. */
export type Flow = {
  /** Reads no more, lets what is in flight reach its sinks, saves the checkpoints and closes. Resolves or rejects as `finished` does. */
  drain(): Promise<void>
  /** `'ended'` when every source came to its end, `'drained'` after `drain`; rejects with `ComponentFailed`, or `Cancelled` by the signal. */
  finished: Promise<'ended' | 'drained'>
  /** Whether replays for these components that wait from now on are taken, rather than left to the next flow. */
  takesReplays(components: readonly string[]): boolean
  /** Counts and state of each component, in the order given. */
  metrics(): ComponentStatus[]
}
