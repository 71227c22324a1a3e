/** What a component is: a definition with its config's schema, and what opening one gives. All components look alike. */
import type * as v from 'valibot'
import type { Bytes, Clock } from '../base/mod.ts'
import type { Reason } from '../wire/mod.ts'
import type { Ack, Batch } from './batch.ts'
import type { FieldTypes } from './fields.ts'
import type { Checkpoints, FlowLog, Secrets } from './ports.ts'

/** What the owner of the Runtime must have approved before a component may run: all that it reaches outside its own process. */
type Touches = {
  /** Files and globs, as in its config. */
  paths?: readonly string[]
  /** `host:port`. */
  hosts?: readonly string[]
  /** `<credential or path>/<table>`. */
  tables?: readonly string[]
  /** Names of credentials in the Runtime's vault. */
  credentials?: readonly string[]
  /** Libraries of the Runtime, as `name@version`. */
  libraries?: readonly string[]
  /** Set by a type that runs a script: in the sandbox, or with all that its process may do. */
  script?: 'sandboxed' | 'native'
}

/** A record that a component cannot take: where it is, why (code and item, never content), and its bytes for the owner to see. */
export type Refusal = {
  partition: string
  position: number
  reason: Reason
  record: Bytes
  /** What the record can be made one again by, if it is whole: `formText`. */
  form?: string
}

/** What a component is handed when it is opened. */
export type ComponentContext = {
  /** Its name in the Blueprint. */
  readonly component: string
  readonly deployment: string
  readonly checkpoints: Checkpoints
  readonly secrets: Secrets
  /** Puts records into dead letters. A component awaits this before it answers for the batch: resolved means durable. */
  refuse(refusals: readonly Refusal[]): Promise<void>
  /** Told where a file really is, all links followed, before a byte of it is read or written; throws if that is closed to components. */
  admitPath(truePath: string): void
  readonly clock: Clock
  /** Aborted when the flow stops without draining. */
  readonly signal: AbortSignal
  readonly log: FlowLog
  /** The content of the component's code file, where the Blueprint names one. */
  readonly code?: Bytes
}

/** What a check is handed: it has no flow around it. */
export type CheckContext = Pick<ComponentContext, 'secrets' | 'admitPath' | 'clock' | 'signal'>

/** Reads batches. The engine asks for the next one when there is room. */
export interface Source {
  /** The next batch and how to answer for it, or `'end'` when there will be no more. Positions of a partition are contiguous and ascending. */
  read(): Promise<{ batch: Batch; ack: Ack } | 'end'>
  /** Ends what was opened; a `read` that waits is settled (its result is ignored). */
  close(): Promise<void>
}

/** Changes batches one by one, in order. The rows of a batch are shared with other branches: make new ones, never change them. */
export interface Transform {
  /** Keeps partition and range of the batch; records that it does not take go to `refuse` first. A throw fails the component. */
  apply(batch: Batch): Promise<Batch> | Batch
  close(): Promise<void>
}

/** Writes batches. */
export interface Sink {
  /**
   * How many `write`s may be open at once, started in order; 1 when absent. A sink that allows more keeps the order itself when
   * something fails, by not rejecting with a retryable error: the engine would try each of them again on its own.
   */
  readonly inFlightMax?: number
  /** Resolves when the batch is durable. A retryable error (`isRetryable`) is tried again without end; any other fails the component. */
  write(batch: Batch): Promise<void>
  /** Told once, after the last `write` has resolved, that every source above came to its end; not told when the flow drains. */
  end?(): Promise<void>
  close(): Promise<void>
}

/** Schema of a component's config: an object whose entries carry `v.description`, with defaults. */
export type ConfigSchema = v.GenericSchema<unknown, object>

/** A sink to which one durable write for several batches costs about as much as for one (group commit). */
export interface GroupingSink extends Sink {
  /** Called in place of `write`, with up to `TOGETHER_MAX` batches that wait, in order; they succeed or fail together. */
  writeTogether(batches: readonly Batch[]): Promise<void>
}

/** Batches that one group commit takes: 16 × 256 KiB are 4 MiB. */
export const TOGETHER_MAX = 16

/** How a sink's effects stand to its input after a crash. */
type Delivery = 'exactly-once' | 'at-least-once'

type Common<Schema extends ConfigSchema> = {
  /** Its name in Blueprints. */
  type: string
  /** One sentence for the catalogue. */
  summary: string
  config: Schema
  /** Set when the component takes a code file: what it holds, for the catalogue. */
  code?: { summary: string }
  touches(config: v.InferOutput<Schema>): Touches
  /**
   * Tries whether the component could work as it is configured, with its credentials: connects and looks, changes nothing. Throws
   * what it would fail with. For types that take credentials.
   */
  check?(config: v.InferOutput<Schema>, context: CheckContext): Promise<void>
  /** An example config for the catalogue; it passes the schema. */
  example: v.InferInput<Schema>
}

/** A source type: what it reads and from where, without an input. */
export type SourceDefinition<Schema extends ConfigSchema = ConfigSchema> = Common<Schema> & {
  kind: 'source'
  /** Types of the fields that the config declares; `complete` when rows have no others. For checking expressions further down. */
  fields(config: v.InferOutput<Schema>): FieldTypes
  open(config: v.InferOutput<Schema>, context: ComponentContext): Promise<Source>
}

/** A transform type: batches in, batches out. */
export type TransformDefinition<Schema extends ConfigSchema = ConfigSchema> = Common<Schema> & {
  kind: 'transform'
  /** Checks the expressions of a config against the fields of what comes in and says what goes out; throws `expression.invalid` with its place. */
  fields(config: v.InferOutput<Schema>, input: FieldTypes, code?: Bytes): FieldTypes
  open(config: v.InferOutput<Schema>, context: ComponentContext): Promise<Transform>
}

/** A sink type, and how its effects stand to its input after a crash. */
export type SinkDefinition<Schema extends ConfigSchema = ConfigSchema> = Common<Schema> & {
  kind: 'sink'
  delivery: Delivery
  /** What it must have for itself: two sinks of a type that give the same here cannot run on one system. */
  alone?(config: v.InferOutput<Schema>): string
  /** The source that has the same name in Blueprints: which of the two a component is follows from whether it takes records. */
  twin?: SourceDefinition
  open(config: v.InferOutput<Schema>, context: ComponentContext): Promise<Sink>
}

/** A component type whatever its config. Its functions take only what its own schema has parsed: go through `parseConfig`. */
export type AnyDefinition = SourceDefinition | TransformDefinition | SinkDefinition

/** The definition that a component of this type has: of two with the same name the source, unless it takes records. */
export function chooseDefinition(
  catalogue: ReadonlyMap<string, AnyDefinition>,
  type: string,
  takesRecords: boolean,
): AnyDefinition | undefined {
  const definition = catalogue.get(type)
  return definition?.kind === 'sink' && definition.twin && !takesRecords ? definition.twin : definition
}

/** Declares a source type; the config's type follows from its schema. */
export function defineSource<Schema extends ConfigSchema>(
  definition: Omit<SourceDefinition<Schema>, 'kind'>,
): SourceDefinition<Schema> {
  return { ...definition, kind: 'source' }
}

/** Declares a transform type; the config's type follows from its schema. */
export function defineTransform<Schema extends ConfigSchema>(
  definition: Omit<TransformDefinition<Schema>, 'kind'>,
): TransformDefinition<Schema> {
  return { ...definition, kind: 'transform' }
}

/** Declares a sink type; the config's type follows from its schema. */
export function defineSink<Schema extends ConfigSchema>(
  definition: Omit<SinkDefinition<Schema>, 'kind'>,
): SinkDefinition<Schema> {
  return { ...definition, kind: 'sink' }
}
