/** The parts of the servers' answers that the command shows. The others pass through to `--json`: an older command reads a newer server. */
import * as v from 'valibot'
import { AppError, issueWords } from '../base/mod.ts'

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
export const Reason = v.looseObject({
  ...{ code: text, component: v.optional(text), item: v.optional(text) },
  /** In the program's own words, by the Runtime that it is about. */
  ...{ message: v.optional(text), advice: v.optional(text) },
})
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

const NetworkList = v.looseObject({
  everyone: v.boolean(),
  entries: v.array(v.looseObject({ network: text, addedAt: text })),
})
export const NetworkLists = v.looseObject({
  ...{ management: NetworkList, bridges: NetworkList },
  ports: v.looseObject({ management: v.number(), bridges: v.number(), ingest: v.optional(v.number()) }),
  leftOut: v.optional(v.array(v.looseObject({ list: text, who: text, addresses: Names })), []),
})
export type NetworkLists = v.InferOutput<typeof NetworkLists>

const Use = v.looseObject({
  ...{ deployment: text, blueprint: text, component: text, waits: v.boolean() },
  ended: v.optional(v.boolean(), false),
})
export const Credential = v.looseObject({
  name: text,
  kind: v.optional(text, 'fields'),
  fields: Names,
  sources: v.optional(v.record(text, v.looseObject({ from: text, name: v.optional(text) })), {}),
  publicFacts: v.optional(v.nullable(v.looseObject({ publicKey: text, fingerprint: text }))),
  uses: v.optional(v.array(Use), []),
  createdAt: v.union([text, count]),
})
export const Credentials = v.looseObject({ credentials: v.array(Credential) })
/** `restarted`: deployments that run anew with it. `unavailable`: fields that cannot be fetched now from where they stand. */
export const SetCredential = v.looseObject({
  ...Credential.entries,
  /** When one of that name went for it. */
  replacedAt: v.optional(v.nullable(text), null),
  restarted: v.optional(Names, []),
  unavailable: v.optional(v.array(v.looseObject({ field: text, message: text, advice: v.optional(text) })), []),
})
export const Checked = v.looseObject({
  checked: v.array(
    v.looseObject({
      deployment: text,
      component: text,
      type: text,
      failure: v.optional(v.looseObject({ code: text })),
    }),
  ),
})

export const Library = v.looseObject({
  ...{ name: text, version: text, sha256: text, bytes: count },
  dependencies: v.optional(Names, []),
  uses: v.optional(v.array(Use), []),
})
export const Libraries = v.looseObject({ libraries: v.array(Library), notAuthentic: v.optional(Names, []) })

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

/** What a flow had moved when it came to its end; an older server tells the records alone. */
const Finished = v.looseObject({ records: count, sinks: v.optional(count), refused: v.optional(count) })

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
  finished: v.optional(Finished),
})
export type LocalDeployment = v.InferOutput<typeof LocalDeployment>

/** The newest version of a deployment that a Runtime refused, and none was taken since. */
export const RefusedVersion = v.looseObject({
  ...{ deployment: text, blueprint: v.optional(text, ''), version: count },
  ...{ reasons: v.array(Reason), advice: v.optional(text, '') },
})

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
      finished: v.optional(Finished),
    }),
  ),
  finished: v.optional(Finished),
})
export type PlatformDeployment = v.InferOutput<typeof PlatformDeployment>

/** What a decision about a waiting version came to; a Runtime tells the blueprint only where something stays in force. */
export const Decision = v.looseObject({ deployment: text, blueprint: optionalText, version: count, state: text })

/** A stored version of a Blueprint. */
export const StoredBlueprint = v.looseObject({ name: text, version: count })

export const Letter = v.looseObject({
  ...{ number: count, component: text, partition: text, position: count, reason: Reason },
  record: v.optional(text),
})
export const LetterList = v.looseObject({
  letters: v.array(Letter),
  /** The number that the next refused record will have. */
  next: v.optional(count),
  /** Where to go on. */
  resume: v.optional(count),
})
export const LetterCounts = v.looseObject({
  counts: v.array(v.looseObject({ component: text, code: text, count })),
})
export const ReplayedLetters = v.looseObject({ replaying: count })
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
  /** On a Platform, where lines are numbered. */
  sequence: v.optional(count),
})
export type LogEntry = v.InferOutput<typeof LogEntry>
export const LogList = v.looseObject({
  entries: v.array(LogEntry),
  count: v.optional(count),
  /** Where to go on, and where to go on back. */
  next: v.optional(count),
  older: v.optional(count),
})

export const User = v.looseObject({ id: text, name: text, role: text })
export const Users = v.looseObject({
  users: v.array(
    v.looseObject({
      ...User.entries,
      ...{ hasPassword: v.boolean(), hasTotp: v.boolean(), hasIdentity: v.boolean(), disabledAt: optionalText },
    }),
  ),
})
/** A link to hand to its user, shown this once. */
export const UserLink = v.looseObject({ user: User, link: text, expiresAt: text })
export const Sessions = v.looseObject({
  sessions: v.array(v.looseObject({ id: text, userName: text, seenAt: text, address: text, userAgent: text })),
})
export const ApiTokens = v.looseObject({
  tokens: v.array(
    v.looseObject({ id: text, name: text, userName: optionalText, usedAt: optionalText, expiresAt: text }),
  ),
})
/** A token, shown this once. */
export const MadeToken = v.looseObject({ id: text, token: text, expiresAt: text })

/** Reasons as a person reads them. */
export function wordsOf(reasons: readonly v.InferOutput<typeof Reason>[]): string {
  const words = ({ code, component, item }: v.InferOutput<typeof Reason>): string =>
    [component && `${component}:`, code, item].filter(Boolean).join(' ')
  return reasons.map(words).join(', ')
}

/** Reads an answer; what does not fit is `api.answer_unknown`, with the place. */
export function readAs<Schema extends v.GenericSchema>(schema: Schema, answer: unknown): v.InferOutput<Schema> {
  const parsed = v.safeParse(schema, answer)
  if (parsed.success) return parsed.output
  const [issue] = parsed.issues
  const { path, message } = issueWords(schema, issue)
  throw new AnswerUnknown(`the server’s answer does not fit: ${path ? `\`${path}\` ` : 'it '}${message}`)
}

const AuditEntry = v.looseObject({
  ...{ count, atMs: count, actor: text, action: text, subject: text },
  /** What users are called, whose ids stand beside. */
  ...{ actorName: v.optional(text), subjectName: v.optional(text) },
  detail: v.record(text, v.union([text, count, v.boolean()])),
})
export const AuditList = v.looseObject({
  head: v.optional(v.looseObject({ count, hash: text })),
  entries: v.array(AuditEntry),
  next: v.optional(count),
})

export const AlertChannel = v.looseObject({
  ...{ name: text, kind: text, target: text, dropped: count },
  ...{ lastSentAt: optionalText, lastFailure: optionalText },
})
export const AlertChannels = v.looseObject({ channels: v.array(AlertChannel) })
export const AlertWebhook = v.looseObject({ channel: AlertChannel, secret: text })
