/** `/v1/audit`: what people and keys did, found, taken away as a file, and checked. The same on both servers, each over its own trail. */
import type { Context } from 'hono'
import * as v from 'valibot'
import { NOT_PEOPLE } from '../accounts/mod.ts'
import { SEARCH_LINES_MAX, type Trail, type TrailEntry, type TrailFilter } from '../audit/mod.ts'
import { utf8 } from '../base/mod.ts'
import { ApiRoutes } from './api.ts'
import { instantOf, limitOf, Whole } from './inputs.ts'
import { actorOf, demand, type PersonEnv } from './person.ts'

/** What of a trail is asked here. */
export type AskedTrail = Pick<Trail, 'record' | 'head' | 'search' | 'export' | 'verify'>
/** The people whose names stand beside their ids. */
export type AskedPeople = () => Promise<readonly { id: string; name: string }[]>

/** What one person may see of entries, and the names of what stands in them by its id. */
export type Sight = {
  names: ReadonlyMap<string, string>
  /** The entry as they may see it: itself, or without words that are others'. */
  of: (entry: TrailEntry) => TrailEntry
  /** Whether they are told hashes. Each covers all before it: whoever has them can try guesses of what was left out. */
  hashes: boolean
  /** Nothing is left out for them, whatever stands there. */
  whole?: true
}
export type AskedSight = (c: Context<PersonEnv>) => Promise<Sight>

/** Where nothing in the trail is more one person's than another's. */
export const wholeSight: AskedSight = async () => ({
  names: new Map(),
  of: (entry) => entry,
  hashes: true,
  whole: true,
})

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
  /** Only for who may see all of the trail: it would tell what is left out to whoever guesses. */
  hash: v.optional(v.string()),
})
const Entries = v.object({ head: v.optional(Head), entries: v.array(Entry), next: v.optional(v.number()) })
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
export function auditRoutes(trail: AskedTrail, people: AskedPeople, sightOf = wholeSight): ApiRoutes {
  return new ApiRoutes('Audit')
    .get(
      '/',
      {
        summary: 'Entries of the audit trail, the newest first, with its signed head. `actor` may be a user’s name.',
        ...{ role: 'viewer', query: AuditQuery, answer: Entries },
      },
      async ({ c, query: { before, limit, actor = '', ...filter } }) => {
        const known = await people()
        const filters = filterOf({ ...filter, actor: actorNamed(actor, known) })
        const sight = await sightOf(c)
        const { entries, next } = await seen(trail, sight, { ...filters, before, limit })
        const shown = { entries: withNames(entries, namesOf(known, sight)), next }
        return sight.hashes ? { head: await trail.head(), ...shown } : shown
      },
    )
    .get(
      '/verify',
      {
        summary:
          'Checks every entry and the head, and, for who is told heads, that the trail still holds one seen before.',
        ...{ role: 'viewer', query: HeadQuery, answer: Verdict },
      },
      async ({ c, query: { count, hash } }) => {
        if (count === undefined || hash === undefined) return trail.verify()
        if (!(await sightOf(c)).hashes) demand(c, 'owner')
        return trail.verify({ count, hash })
      },
    )
    .get(
      '/export',
      {
        summary:
          'The trail as JSON lines with its signed head, to be checked elsewhere; of data tenants without the names that only members see.',
        ...{ role: 'owner', file: 'application/x-ndjson' },
      },
      async ({ c, actor }) => exported(trail, actor, await sightOf(c)),
    )
}

/** An entry as somebody sees it: without its hash where something may be left out. */
export type SeenEntry = Omit<TrailEntry, 'hash'> & { hash?: string }

/** Searches that one asking makes for entries that may be seen: 32 × 500 lines found. */
const SEARCHES_MAX = 32

/** Entries as they may be seen. One that was found by what may not be seen is not found, nor told by whether there are more. */
export async function seen(
  trail: Pick<AskedTrail, 'search'>,
  sight: Sight,
  query: Parameters<AskedTrail['search']>[0] & { limit: number },
): Promise<{ entries: SeenEntry[]; next?: number }> {
  const shown = (entry: TrailEntry): SeenEntry => {
    const { hash, ...told } = sight.of(entry)
    // What the trail's own hashes cover could be guessed from them, name by name.
    return sight.whole ? { ...told, hash } : told
  }
  if (query.subject === undefined) {
    const { entries, ...page } = await trail.search(query)
    return { ...page, entries: entries.map(shown) }
  }
  const found: SeenEntry[] = []
  let before = query.before
  for (let searches = 0; searches < SEARCHES_MAX && found.length <= query.limit; searches++) {
    const { entries, next } = await trail.search({ ...query, before, limit: SEARCH_LINES_MAX })
    found.push(...entries.filter((entry) => sight.of(entry).subject === entry.subject).map(shown))
    if (next === undefined) break
    before = next
  }
  const last = found[query.limit - 1]
  return { entries: found.slice(0, query.limit), ...(last && found.length > query.limit && { next: last.count }) }
}

/** Names by id, as they stand in entries: of people with `user:` before it or without, and of what else the sight has. */
export function namesOf(
  people: Awaited<ReturnType<AskedPeople>>,
  { names }: Pick<Sight, 'names'>,
): Map<string, string> {
  return new Map([...names, ...people.flatMap((one) => [actorOf(one), one.id].map((id) => [id, one.name] as const))])
}

function withNames<Entry extends { actor: string; subject: string }>(
  entries: readonly Entry[],
  names: ReadonlyMap<string, string>,
) {
  return entries.map((entry) => {
    const [actorName, subjectName] = [names.get(entry.actor), names.get(entry.subject)]
    return { ...entry, ...(actorName && { actorName }), ...(subjectName && { subjectName }) }
  })
}

/** The file, after the trail has the entry that says who took it: the trail itself, or an extract of it without what they may not see. */
export async function exported(trail: AskedTrail, actor: string, { of, whole }: Sight): Promise<Response> {
  await trail.record({ actor, action: 'audit.exported', subject: 'audit' })
  const headers = {
    'content-type': 'application/x-ndjson; charset=utf-8',
    'content-disposition': 'attachment; filename="audit-trail.ndjson"',
    'cache-control': 'no-store',
  }
  return new Response(streamOf(await trail.export(whole ? undefined : of)), { headers })
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
