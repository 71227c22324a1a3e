/** `/v1/audit`: what people and keys did, found, taken away as a file, and checked. The same on both servers, each over its own trail. */
import * as v from 'valibot'
import { NOT_PEOPLE } from '../accounts/mod.ts'
import { SEARCH_LINES_MAX, type Trail, type TrailFilter } from '../audit/mod.ts'
import { utf8 } from '../base/mod.ts'
import { ApiRoutes } from './api.ts'
import { instantOf, limitOf, Whole } from './inputs.ts'
import { actorOf } from './person.ts'

/** What of a trail is asked here. */
export type AskedTrail = Pick<Trail, 'record' | 'head' | 'search' | 'export' | 'verify'>
/** The people whose names stand beside their ids. */
export type AskedPeople = () => Promise<readonly { id: string; name: string }[]>

/** Entries of a page when the query names no limit. */
export const ENTRIES_DEFAULT = 100

const Word = v.optional(v.pipe(v.string(), v.maxLength(256)))
/** `action` may end with `*`. What is left empty filters nothing, so that a form can send it. */
export const AuditFilterQuery = v.object({
  ...{ actor: Word, action: Word, subject: Word, since: instantOf('first'), until: instantOf('last') },
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
  /** What the user is called now who did it, or to whom it was done. */
  ...{ actorName: v.optional(v.string()), subjectName: v.optional(v.string()) },
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

/** Who is no person is asked for by what the trail calls it, whatever people are called; a person by the name that they have here. */
export function actorNamed(typed: string, people: Awaited<ReturnType<AskedPeople>>): string {
  const asked = typed.trim()
  const person = NOT_PEOPLE.has(asked) ? undefined : people.find(({ name }) => name === asked)
  return person ? actorOf(person) : asked
}

/** Both servers have them at `/v1/audit`. */
export function auditRoutes(trail: AskedTrail, people: AskedPeople): ApiRoutes {
  return new ApiRoutes('Audit')
    .get(
      '/',
      {
        summary: 'Entries of the audit trail, the newest first, with its signed head. `actor` may be a user’s name.',
        ...{ role: 'viewer', query: AuditQuery, answer: Entries },
      },
      async ({ query: { before, limit, actor = '', ...filter } }) => {
        const known = await people()
        const named = { ...filter, actor: actorNamed(actor, known) }
        const { entries, next } = await trail.search({ ...filterOf(named), before, limit })
        return { head: await trail.head(), entries: withNames(entries, known), next }
      },
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

function withNames<Entry extends { actor: string; subject: string }>(
  entries: readonly Entry[],
  people: Awaited<ReturnType<AskedPeople>>,
) {
  const names = new Map(people.flatMap((one) => [actorOf(one), one.id].map((id) => [id, one.name] as const)))
  return entries.map((entry) => {
    const [actorName, subjectName] = [names.get(entry.actor), names.get(entry.subject)]
    return { ...entry, ...(actorName && { actorName }), ...(subjectName && { subjectName }) }
  })
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
