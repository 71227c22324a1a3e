/** The parts of the servers' answers that the command shows. The others pass through to `--json`: an older command reads a newer server. */
import * as v from 'valibot'
import { AppError } from '../base/mod.ts'

/** The server answered, but not as a Sluice of this command's time does. */
export class AnswerUnknown extends AppError {
  override readonly code = 'api.answer_unknown' as const
  override readonly kind = 'internal' as const
  override readonly advice =
    'Check that the address is that of a Sluice server, and compare its version with `sluice version`.'
}

const text = v.string()
const optionalText = v.optional(v.nullable(text))
const count = v.number()
const Reason = v.looseObject({ code: text, item: v.optional(text) })
const Names = v.array(text)

export const PlatformLink = v.looseObject({
  state: text,
  runtime: optionalText,
  tenant: optionalText,
  tenantName: optionalText,
  platform: optionalText,
  lastHeartbeatAnsweredAt: optionalText,
  heartbeats: v.optional(count, 0),
  owed: v.optional(v.looseObject({ auditLogs: count, status: count }), { auditLogs: 0, status: 0 }),
})

export const Peer = v.looseObject({ runtime: text, name: text, fingerprint: text, bridgeHost: text, bridgePort: count })
export const Peers = v.looseObject({ peers: v.array(Peer) })
export const Introduction = v.looseObject({ introduction: text, fingerprint: text })

export const Credential = v.looseObject({ name: text, fields: Names, createdAt: v.union([text, count]) })
export const Credentials = v.looseObject({ credentials: v.array(Credential) })

export const Component = v.looseObject({
  name: text,
  type: text,
  state: text,
  reason: v.optional(Reason),
  messagesIn: count,
  messagesOut: count,
  bytesIn: count,
  bytesOut: count,
  errors: count,
  refused: count,
  executionMs: count,
})
export const Bridge = v.looseObject({
  bridge: text,
  peer: text,
  state: text,
  suite: text,
  frames: count,
  bytes: count,
  rotations: count,
})

/** What a version that waits for its owner adds to what was approved before: kind → items. */
export const Waiting = v.looseObject({ version: count, adds: v.record(text, v.array(text)) })

/** A deployment as a Runtime tells of it. */
export const LocalDeployment = v.looseObject({
  deployment: text,
  blueprint: text,
  version: count,
  state: text,
  reasons: v.optional(v.array(Reason), []),
  waiting: v.optional(v.nullable(Waiting)),
  components: v.optional(v.array(Component), []),
  bridges: v.optional(v.array(Bridge), []),
})
export type LocalDeployment = v.InferOutput<typeof LocalDeployment>

/** A deployment as the Platform tells of it. */
export const PlatformDeployment = v.looseObject({
  deployment: text,
  blueprint: v.optional(text, ''),
  version: count,
  state: text,
  runtimes: v.array(
    v.looseObject({
      runtime: text,
      name: text,
      state: text,
      outcome: optionalText,
      reasons: v.optional(v.array(Reason), []),
    }),
  ),
})
export type PlatformDeployment = v.InferOutput<typeof PlatformDeployment>

/** What a decision about a waiting version came to; a Runtime tells the blueprint only where something stays in force. */
export const Decision = v.looseObject({ deployment: text, blueprint: optionalText, version: count, state: text })

/** A stored version of a Blueprint. */
export const StoredBlueprint = v.looseObject({ name: text, version: count })

export const LetterList = v.looseObject({
  letters: v.array(v.looseObject({ position: count, component: text, partition: text, reason: Reason, record: text })),
  /** The position that the next refused record will have. */
  next: v.optional(count),
})
export const DroppedLetters = v.looseObject({ dropped: count })

export const EnrolmentCodeAnswer = v.looseObject({ code: text, expires: text })
export const EnrolmentCodes = v.looseObject({
  codes: v.array(v.looseObject({ id: text, state: text, createdBy: text, expires: text, usedBy: optionalText })),
})

export const PlatformRuntime = v.looseObject({
  id: text,
  name: text,
  state: text,
  version: optionalText,
  managementUrl: optionalText,
  lastHeartbeatAt: v.optional(v.nullable(v.union([text, count]))),
})

export const LogEntry = v.looseObject({
  at: text,
  runtime: v.optional(text),
  component: v.optional(text),
  level: text,
  template: text,
  fields: v.optional(v.record(text, v.unknown()), {}),
})
export const LogList = v.looseObject({ entries: v.array(LogEntry), count: v.optional(count) })

/** Reasons as a person reads them. */
export function wordsOf(reasons: readonly v.InferOutput<typeof Reason>[]): string {
  return reasons.map(({ code, item }) => (item ? `${code} ${item}` : code)).join(', ')
}

/** Reads an answer; what does not fit is `api.answer_unknown`, with the place. */
export function readAs<Schema extends v.GenericSchema>(schema: Schema, answer: unknown): v.InferOutput<Schema> {
  const parsed = v.safeParse(schema, answer)
  if (parsed.success) return parsed.output
  const [issue] = parsed.issues
  const place = v.getDotPath(issue)
  throw new AnswerUnknown(
    `the server’s answer does not fit${place ? `: \`${place}\`` : ''} (expected ${issue.expected}, received ${issue.received})`,
  )
}
