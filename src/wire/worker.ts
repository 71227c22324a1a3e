/**
 * What passes between a Runtime's main process and the worker of one deployment, over the channel that a child inherits.
 * Both ends are the same program, but the worker runs customer code: what comes from it is parsed like anything foreign,
 * and nothing that goes to it holds a static key, a bridge's shared secret, or a credential that its assignment does not name.
 */
import * as v from 'valibot'
import { AssignedBridge, AssignedComponent, COMPONENTS_MAX } from './deployment.ts'
import { Base64Url, BridgeId, Code, Count, DeploymentId, Name, Pem, Sha256Hex, Version } from './formats.ts'
import { recordOf } from './record-of.ts'
import { AuditLog, BridgeStatus, ComponentStatus } from './report.ts'
import { BatchSpan, SPANS_MAX } from './spans.ts'

/** Partitions of one source; a file each, so it is also how many files a source may read. 65,536 × ~128 B of JSON ≈ 8 MiB at the very most. */
export const PARTITIONS_MAX = 65_536
/** Characters of a failure's message, and of its advice; a path alone may have 4,096. */
export const FAILURE_WORDS_MAX = 4_608
/** Dead letters in one answer: 256 × ≤ 64 KiB ≤ 16 MiB through the channel. */
export const DEAD_LETTERS_MAX = 256

const Position = v.pipe(v.number(), v.safeInteger(), v.minValue(0))
/** Pairs and not an object: a partition may be called `constructor` or `__proto__`. */
const Positions = v.pipe(v.array(v.tuple([v.string(), Position])), v.maxLength(PARTITIONS_MAX))
/** Those of files that are there, and of files that are gone; twice as many, since a version before this one forgot none. */
const KeptPositions = v.pipe(v.array(v.tuple([v.string(), Position])), v.maxLength(2 * PARTITIONS_MAX))

/** A leaf for one bridge: its DNS name is the bridge's label. */
export const WorkerTls = v.strictObject({ certificatePem: v.string(), privateKeyPem: v.string() })
export type WorkerTls = v.InferOutput<typeof WorkerTls>

/** A bridge end as the worker sees it: without the shared secret; the peer's certificate authority and address instead of its keys. */
export const WorkerBridge = v.strictObject({
  ...v.omit(AssignedBridge, ['secret', 'address']).entries,
  peerAuthority: Pem,
  /** Where to dial, if this end dials. */
  address: v.optional(v.strictObject({ host: v.string(), port: Count })),
  /** The certificate to serve with, if this end listens. */
  tls: v.optional(WorkerTls),
})
export type WorkerBridge = v.InferOutput<typeof WorkerBridge>

/** The first message to a worker: all that it needs to run its deployment. */
export const WorkerStart = v.strictObject({
  /** Its working directory: relative paths of components start here. */
  files: v.string(),
  /** The Runtime's data folder, closed to components but for `files`. */
  closed: v.string(),
  /** The folders that the owner's rules allow, if they allow only some; relative ones begin in `files`. */
  roots: v.optional(v.array(v.string())),
  deployment: DeploymentId,
  version: Version,
  components: v.pipe(v.array(AssignedComponent), v.maxLength(COMPONENTS_MAX)),
  bridges: v.pipe(v.array(WorkerBridge), v.maxLength(COMPONENTS_MAX)),
  code: v.pipe(v.array(v.strictObject({ sha256: Sha256Hex, content: Base64Url })), v.maxLength(COMPONENTS_MAX)),
  /** The sealed journal of refused records: its folder, its own key (32 bytes) and its bound. */
  deadLetters: v.strictObject({ folder: v.string(), key: Base64Url, bytesMax: Count }),
  /** One batch in so many is to be followed; absent: none. */
  traceOneIn: v.optional(v.pipe(Count, v.minValue(1))),
})
export type WorkerStart = v.InferOutput<typeof WorkerStart>

/** Keys of one bridge session, base64url; all that a worker ever holds of a handshake. */
export const WorkerSessionKeys = v.strictObject({
  send: Base64Url,
  receive: Base64Url,
  handshakeHash: Base64Url,
  chainingKey: Base64Url,
})
export type WorkerSessionKeys = v.InferOutput<typeof WorkerSessionKeys>

/** One refused record, as its owner sees it. The record is customer data: it never leaves the Runtime. */
export const DeadLetterEntry = v.strictObject({
  /** Its place among the dead letters of its deployment. */
  number: Position,
  component: Name,
  /** Where the record comes from, and its position there. */
  partition: v.string(),
  position: v.number(),
  /** When it was refused, milliseconds since 1970. */
  at: v.number(),
  reason: v.strictObject({ code: Code, item: v.optional(v.string()) }),
  record: Base64Url,
  /** It has all that it takes to replay it; a record that was too long to be taken is cut. */
  whole: v.boolean(),
  /** It waits for its turn to go through the flow again, or is on its way. */
  replaying: v.optional(v.boolean()),
})
export type DeadLetterEntry = v.InferOutput<typeof DeadLetterEntry>

/** Which refused records: by their numbers, or all up to one; of these only those of a component, or with a reason's code. */
export const DeadLetterSelection = v.strictObject({
  numbers: v.optional(v.pipe(v.array(Position), v.maxLength(DEAD_LETTERS_MAX))),
  through: v.optional(Position),
  component: v.optional(Name),
  code: v.optional(Code),
})
export type DeadLetterSelection = v.InferOutput<typeof DeadLetterSelection>

const nothing = v.strictObject({})

/** What a worker asks main, and what it gets. */
export const workerAsks = {
  'checkpoints-load': { ask: v.strictObject({ component: Name }), reply: v.strictObject({ positions: KeptPositions }) },
  /** Answered once the positions are durable. */
  'checkpoints-save': { ask: v.strictObject({ component: Name, positions: Positions }), reply: nothing },
  'checkpoints-forget': {
    ask: v.strictObject({
      component: Name,
      partitions: v.pipe(v.array(v.string()), v.maxLength(2 * PARTITIONS_MAX)),
    }),
    reply: nothing,
  },
  /** Refused for a credential that the assignment does not name. */
  credential: {
    ask: v.strictObject({ credential: Name }),
    reply: v.strictObject({ secret: recordOf(v.string(), v.string()) }),
  },
  'handshake-begin': {
    ask: v.strictObject({ bridge: BridgeId }),
    reply: v.strictObject({ session: v.string(), message: Base64Url }),
  },
  'handshake-answer': {
    ask: v.strictObject({ bridge: BridgeId, message: Base64Url }),
    reply: v.strictObject({ message: Base64Url, keys: WorkerSessionKeys }),
  },
  'handshake-finish': {
    ask: v.strictObject({ session: v.string(), message: Base64Url }),
    reply: v.strictObject({ keys: WorkerSessionKeys }),
  },
} as const

/** Why a check failed: code, item and advice are the program's own words, never content. */
export const CheckFailure = v.strictObject({
  code: Code,
  item: v.optional(v.pipe(v.string(), v.maxLength(256))),
  advice: v.optional(v.string()),
})
export type CheckFailure = v.InferOutput<typeof CheckFailure>

/** Why a flow failed: what the Platform is told, and in the program's own words what its owner reads; a driver's words stay in the log. */
export const Failure = v.strictObject({
  code: Code,
  component: v.optional(Name),
  item: v.optional(v.pipe(v.string(), v.maxLength(256))),
  message: v.optional(v.pipe(v.string(), v.maxLength(FAILURE_WORDS_MAX))),
  advice: v.optional(v.pipe(v.string(), v.maxLength(FAILURE_WORDS_MAX))),
})
export type Failure = v.InferOutput<typeof Failure>

/** Why a worker is drained: its deployment is stopped, another worker takes its place, or the Runtime ends. */
export const DrainReason = v.picklist(['stopped', 'replaced', 'leaving'])
export type DrainReason = v.InferOutput<typeof DrainReason>

/** What main asks a worker, and what it gets. */
export const mainAsks = {
  /** Asked of a worker that is started for this alone: does the component's own check pass? */
  check: {
    ask: v.strictObject({
      ...{ files: v.string(), closed: v.string(), roots: v.optional(v.array(v.string())) },
      component: AssignedComponent,
    }),
    reply: v.strictObject({ failure: v.optional(CheckFailure) }),
  },
  /** Asked of a worker that is started for this alone: do the modules of a library parse, from its entry on? */
  parse: {
    ask: v.strictObject({ file: v.string(), content: Base64Url, entry: v.string() }),
    reply: v.strictObject({
      fault: v.optional(v.strictObject({ path: v.string(), line: Count, column: Count, message: v.string() })),
    }),
  },
  /** Answered once the flow is being built; what fails later is told by `finished`. */
  start: { ask: WorkerStart, reply: nothing },
  /** Answered at once; the end is told by `finished`. `why`: what peers are told when its bridges close. */
  drain: { ask: v.strictObject({ why: DrainReason }), reply: nothing },
  'renew-tls': { ask: v.strictObject({ bridge: BridgeId, tls: WorkerTls }), reply: nothing },
  'dead-letters-list': {
    ask: v.strictObject({
      from: Position,
      limit: v.pipe(v.number(), v.integer(), v.maxValue(DEAD_LETTERS_MAX)),
      ...v.pick(DeadLetterSelection, ['component', 'code']).entries,
    }),
    reply: v.strictObject({
      ...{ letters: v.array(DeadLetterEntry), first: Position, next: Position, resume: v.optional(Position) },
      waiting: Count,
    }),
  },
  'dead-letters-counts': {
    ask: nothing,
    reply: v.strictObject({ counts: v.array(v.strictObject({ component: Name, code: Code, count: Count })) }),
  },
  /** `left`: how many wait afterwards. */
  'dead-letters-drop': { ask: DeadLetterSelection, reply: v.strictObject({ dropped: Count, left: Count }) },
  /**
   * Those of the `takers`, components that take records. Answered once they are in the row; `gone`: chosen, and of no such component;
   * `ending`: something waits that this flow will not take, since it ends or their component has ended.
   */
  'dead-letters-replay': {
    ask: v.strictObject({
      ...DeadLetterSelection.entries,
      takers: v.pipe(v.array(Name), v.maxLength(COMPONENTS_MAX)),
    }),
    reply: v.strictObject({ queued: Count, gone: Count, ending: v.boolean() }),
  },
} as const

/** What a worker tells without being asked. */
export const WorkerNews = v.variant('news', [
  v.strictObject({ news: v.literal('log'), entry: v.omit(AuditLog, ['at', 'deployment']) }),
  v.strictObject({
    news: v.literal('status'),
    components: v.pipe(v.array(ComponentStatus), v.maxLength(COMPONENTS_MAX)),
    bridges: v.pipe(v.array(BridgeStatus), v.maxLength(COMPONENTS_MAX)),
    /** Refused records that wait for the owner. */
    deadLetters: Count,
    rssBytes: Count,
  }),
  /** Steps of batches that are followed, and how many more were dropped since the last ones because main was slow. */
  v.strictObject({
    news: v.literal('spans'),
    spans: v.pipe(v.array(BatchSpan), v.maxLength(SPANS_MAX)),
    dropped: Count,
  }),
  v.strictObject({
    news: v.literal('finished'),
    how: v.picklist(['ended', 'drained', 'failed']),
    failure: v.optional(Failure),
  }),
])
export type WorkerNews = v.InferOutput<typeof WorkerNews>

/** What main tells without asking: an accepted socket of a bridge; the socket itself travels with the message. */
export const MainNews = v.variant('news', [
  v.strictObject({
    news: v.literal('socket'),
    bridge: BridgeId,
    /** What was read from it before. */
    head: Base64Url,
    /** Milliseconds that are left for its handshake. */
    remainingMs: v.number(),
  }),
])
export type MainNews = v.InferOutput<typeof MainNews>

/** The frame around all of it. An ask is answered by exactly one reply or failure that names its number. */
export const ChannelFrame = v.variant('frame', [
  v.strictObject({ frame: v.literal('news'), body: v.unknown() }),
  v.strictObject({ frame: v.literal('ask'), id: Count, what: v.string(), body: v.unknown() }),
  v.strictObject({ frame: v.literal('reply'), re: Count, body: v.unknown() }),
  v.strictObject({
    ...{ frame: v.literal('failure'), re: Count, code: Code, kind: v.string(), message: v.string() },
    advice: v.optional(v.string()),
  }),
])
export type ChannelFrame = v.InferOutput<typeof ChannelFrame>

/** A table of questions: name → schemas of the question and of its answer. */
export type AskTable = Record<string, { ask: v.GenericSchema; reply: v.GenericSchema }>
