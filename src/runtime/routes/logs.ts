/** /v1/logs: the whole log of this Runtime's deployments, filtered, and followed as it grows. */
import * as v from 'valibot'
import { ApiRoutes, limitOf, Whole } from '../../server/mod.ts'
import { AuditLog, Name, Time } from '../../wire/mod.ts'
import { LOGS_PAGE_MAX, type LogQuery } from '../local-logs.ts'
import { LEVELS } from '../logs/log-index.ts'
import type { RuntimeState } from '../open-state.ts'

export type LogRoutesDeps = { state: Pick<RuntimeState, 'logs'> }

const LogWords = v.object({
  deployment: v.optional(v.pipe(v.string(), v.maxLength(64))),
  component: v.optional(Name),
  /** Several are separated by commas. */
  level: v.optional(
    v.pipe(
      v.string(),
      v.transform((text) => text.split(',')),
      v.array(v.picklist(LEVELS)),
    ),
  ),
  text: v.optional(v.pipe(v.string(), v.maxLength(128))),
  since: v.optional(Time),
  until: v.optional(Time),
})
type LogWords = v.InferOutput<typeof LogWords>

const LogsQuery = v.object({
  ...LogWords.entries,
  after: v.optional(Whole),
  before: v.optional(Whole),
  limit: limitOf(LOGS_PAGE_MAX, 200),
})
const Logs = v.object({
  /** The oldest first. */
  entries: v.array(v.object({ position: v.number(), ...AuditLog.entries })),
  /** The `after` of who wants what comes. */
  next: v.number(),
  /** The `before` of who wants to go on back, if there may be more. */
  older: v.optional(v.number()),
  /** How far back was looked, if not all that matches was found yet. */
  reachedAt: v.optional(v.string()),
  /** Entries that were passed over since the disk has changed them. */
  unreadable: v.number(),
})

export function logRoutes({ state }: LogRoutesDeps): ApiRoutes {
  return new ApiRoutes('Logs').get(
    '/',
    {
      summary: 'The local log: the newest entries that match, those before a position, or those after one.',
      ...{ role: 'viewer', query: LogsQuery, answer: Logs },
    },
    ({ query: { after, before, limit, ...words } }) => state.logs.list({ ...queryOf(words), after, before, limit }),
  )
}

/** The question in the log's own terms. */
function queryOf({ since, until, level, ...words }: LogWords): Omit<LogQuery, 'limit'> {
  return {
    ...words,
    ...(level && { levels: level }),
    ...(since !== undefined && { sinceMs: Date.parse(since) }),
    ...(until !== undefined && { untilMs: Date.parse(until) }),
  }
}
