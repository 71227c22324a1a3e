/** `/v1/audit`: what people and keys did, found, taken away as a file, and checked. The same on both servers, each over its own trail. */
import * as v from 'valibot'
import { SEARCH_LINES_MAX, type Trail, type TrailFilter } from '../audit/mod.ts'
import { utf8 } from '../base/mod.ts'
import { ApiRoutes } from './api.ts'
import { limitOf, Whole } from './inputs.ts'

/** What of a trail is asked here. */
export type AskedTrail = Pick<Trail, 'record' | 'head' | 'search' | 'export' | 'verify'>

/** Entries of a page when the query names no limit. */
export const ENTRIES_DEFAULT = 100
const DAY_MS = 86_400_000

const Word = v.optional(v.pipe(v.string(), v.maxLength(256)))
/** RFC 3339, or a date, which is the whole day in UTC; nothing when it is left empty. The trail's own times are ms since 1970. */
function instant(end: 'first' | 'last') {
  return v.optional(
    v.pipe(
      v.string(),
      v.check(
        (text) => text === '' || Number.isFinite(Date.parse(text)),
        'is no time: write 2026-01-31 or 2026-01-31T12:00:00Z',
      ),
      v.transform((text) => {
        const isDay = /^\d{4}-\d{2}-\d{2}$/.test(text)
        return text === '' ? undefined : Date.parse(text) + (isDay && end === 'last' ? DAY_MS - 1 : 0)
      }),
    ),
  )
}
/** `action` may end with `*`. What is left empty filters nothing, so that a form can send it. */
export const AuditFilterQuery = v.object({
  ...{ actor: Word, action: Word, subject: Word, since: instant('first'), until: instant('last') },
  before: v.optional(Whole),
})
const AuditQuery = v.object({ ...AuditFilterQuery.entries, limit: limitOf(SEARCH_LINES_MAX, ENTRIES_DEFAULT) })
/** A head that was seen before, which the trail must still hold. */
const HeadQuery = v.pipe(
  v.object({
    count: v.optional(Whole),
    hash: v.optional(v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/, 'must be a SHA-256 in hex'))),
  }),
  v.check(({ count, hash }) => (count === undefined) === (hash === undefined), 'count and hash go together'),
)

const Head = v.object({ count: v.number(), hash: v.string(), signature: v.string() })
const Entry = v.object({
  ...{ count: v.number(), atMs: v.number(), actor: v.string(), action: v.string(), subject: v.string() },
  detail: v.record(v.string(), v.union([v.string(), v.number(), v.boolean()])),
  hash: v.string(),
})
const Entries = v.object({ head: Head, entries: v.array(Entry), next: v.optional(v.number()) })
const Verdict = v.variant('ok', [
  v.object({ ok: v.literal(true), count: v.number() }),
  v.object({ ok: v.literal(false), firstBad: v.number(), reason: v.string() }),
])

/** The filter of a query, its times in ms; empty words name nothing. */
export function filterOf(query: v.InferOutput<typeof AuditFilterQuery>): TrailFilter {
  const { actor, action, subject, since, until } = query
  const named = (word: string | undefined) => (word === '' ? undefined : word)
  return { actor: named(actor), action: named(action), subject: named(subject), sinceMs: since, untilMs: until }
}

/** Both servers have them at `/v1/audit`. */
export function auditRoutes(trail: AskedTrail): ApiRoutes {
  return new ApiRoutes('Audit')
    .get(
      '/',
      {
        summary: 'Entries of the audit trail, the newest first, with its signed head.',
        ...{ role: 'viewer', query: AuditQuery, answer: Entries },
      },
      async ({ query: { before, limit, ...filter } }) => ({
        head: await trail.head(),
        ...(await trail.search({ ...filterOf(filter), before, limit })),
      }),
    )
    .get(
      '/verify',
      {
        summary: 'Checks every entry and the head, and that the trail still holds a head seen before.',
        ...{ role: 'viewer', query: HeadQuery, answer: Verdict },
      },
      async ({ query: { count, hash } }) =>
        trail.verify(count === undefined || hash === undefined ? undefined : { count, hash }),
    )
    .get(
      '/export',
      {
        summary: 'The whole trail as JSON lines with its signed head, to be checked elsewhere.',
        ...{ role: 'owner', file: 'application/x-ndjson' },
      },
      async ({ actor }) => exported(trail, actor),
    )
}

/** The file, after the trail has the entry that says who took it. */
export async function exported(trail: AskedTrail, actor: string): Promise<Response> {
  await trail.record({ actor, action: 'audit.exported', subject: 'audit' })
  const headers = {
    'content-type': 'application/x-ndjson; charset=utf-8',
    'content-disposition': 'attachment; filename="audit-trail.ndjson"',
    'cache-control': 'no-store',
  }
  return new Response(streamOf(await trail.export()), { headers })
}

function streamOf(lines: AsyncIterable<string>): ReadableStream<Uint8Array> {
  const iterator = lines[Symbol.asyncIterator]()
  return new ReadableStream({
    async pull(controller) {
      const next = await iterator.next()
      if (next.done === true) controller.close()
      else controller.enqueue(utf8(next.value))
    },
    cancel: async () => void (await iterator.return?.()),
  })
}
