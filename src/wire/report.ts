/** What a Runtime tells of its deployments: audit logs, and status with metrics. Both are kept until acknowledged. */
import * as v from 'valibot'
import { DeploymentState, Reason } from './deployment.ts'
import { BridgeId, Code, Count, DeploymentId, Name, RuntimeId, Time, Version } from './formats.ts'
import { recordOf } from './record-of.ts'

/** Entries of one message: 256 × ≤ 1 KiB stays well under the size bound of a message. */
export const ENTRIES_MAX = 256

/** A log line has no free text: a template's id, and typed fields that are codes, names, numbers or truth values. */
export const AuditLog = v.strictObject({
  at: Time,
  deployment: DeploymentId,
  component: v.optional(Name),
  level: v.picklist(['debug', 'info', 'warning', 'error']),
  /** Id of a constant message text, such as `source.opened`; the texts are part of the program on both sides. */
  template: Code,
  fields: recordOf(Name, v.union([Code, Count, v.boolean()])),
})
export type AuditLog = v.InferOutput<typeof AuditLog>

/** Counts and state of one component, since its deployment began. */
export const ComponentStatus = v.strictObject({
  name: Name,
  type: Name,
  state: DeploymentState,
  reason: v.optional(Reason),
  messagesIn: Count,
  messagesOut: Count,
  bytesIn: Count,
  bytesOut: Count,
  errors: Count,
  retries: Count,
  executionMs: v.pipe(v.number(), v.minValue(0)),
  /** Records in dead letters. */
  refused: Count,
})
export type ComponentStatus = v.InferOutput<typeof ComponentStatus>

/** One end of a bridge. */
export const BridgeStatus = v.strictObject({
  bridge: BridgeId,
  peer: RuntimeId,
  /** `closed`: its flow has ended or was stopped, and nothing is to cross any more. */
  state: v.picklist(['connecting', 'up', 'down', 'closed']),
  /** Since when it is in this state. */
  since: v.optional(Time),
  /** Why it is not up, as far as this end can tell. */
  reason: v.optional(Reason),
  suite: v.string(),
  frames: Count,
  bytes: Count,
  rotations: Count,
})
export type BridgeStatus = v.InferOutput<typeof BridgeStatus>

/** One deployment at one moment. */
export const DeploymentStatus = v.strictObject({
  at: Time,
  deployment: DeploymentId,
  version: Version,
  state: DeploymentState,
  reasons: v.pipe(v.array(Reason), v.maxLength(32)),
  components: v.pipe(v.array(ComponentStatus), v.maxLength(256)),
  bridges: v.pipe(v.array(BridgeStatus), v.maxLength(256)),
})
export type DeploymentStatus = v.InferOutput<typeof DeploymentStatus>

/** `first` is the journal position of the first entry; the others follow without a gap. */
export const AuditLogs = v.strictObject({
  first: Count,
  entries: v.pipe(v.array(AuditLog), v.minLength(1), v.maxLength(ENTRIES_MAX)),
})
/** Status entries in the order of their journal positions. */
export const StatusReport = v.strictObject({
  first: Count,
  entries: v.pipe(v.array(DeploymentStatus), v.minLength(1), v.maxLength(ENTRIES_MAX)),
})
/** Everything up to and including this position is durable on the Platform. */
export const Acknowledgement = v.strictObject({ through: Count })
