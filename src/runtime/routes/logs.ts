/** /v1/logs: the whole log of this Runtime's deployments, filtered, and followed as it grows. */
import * as v from 'valibot'
import { ApiRoutes, followedFrom, instantOf, limitOf, type Site, Whole } from '../../server/mod.ts'
import { AuditLog, Name } from '../../wire/mod.ts'
import { LOGS_PAGE_MAX, type LocalLogs, type LogQuery } from '../local-logs.ts'
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
  since: instantOf('first'),
  until: instantOf('last'),
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

export function logRoutes({ state }: LogRoutesDeps, site: Pick<Site, 'follow'>): ApiRoutes {
  return new ApiRoutes('Logs').get(
    '/',
    {
      summary:
        'The local log: the newest entries that match, those before a position, or those after one; or followed.',
      ...{ role: 'viewer', query: LogsQuery, answer: Logs },
      events:
        'Each entry that matches: the newest, or those after `after` or `Last-Event-ID`, then every one that comes. Its `id` is the position, its `data` the entry as JSON.',
    },
    async ({ c, query: { after, before, limit, ...words } }) => {
      const query = queryOf(words)
      const followed = followedFrom(c, after)
      if (followed) return site.follow(c, { next: entriesFrom(state.logs, { ...query, limit }, followed.after) })
      return state.logs.list({ ...query, after, before, limit })
    },
  )
}

/** What came since the last call; at the first, what came after a position, or the newest `limit` that match. */
function entriesFrom(logs: LocalLogs, query: LogQuery, from: number | undefined) {
  let after = from
  return async () => {
    const limit = after === undefined ? query.limit : LOGS_PAGE_MAX
    const { entries, next } = await logs.list({ ...query, limit, after })
    after = next
    const events = entries.map((entry) => ({ id: String(entry.position), data: JSON.stringify(entry) }))
    return { events, more: next < logs.lastPosition }
  }
}

/** The question in the log's own terms. */
function queryOf({ since, until, level, ...words }: LogWords): Omit<LogQuery, 'limit'> {
  return {
    ...words,
    ...(level && { levels: level }),
    ...(since !== undefined && { sinceMs: since }),
    ...(until !== undefined && { untilMs: until }),
  }
}
