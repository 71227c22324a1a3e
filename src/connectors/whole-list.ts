/** Pulls what a site lists as a whole and tells no times of: what is known as it is, is passed over; what it lists no more, is gone. */
import * as v from 'valibot'
import type { Moved, PullContext, PulledPage } from './definition.ts'
import { ConnectorUnfit } from './errors.ts'
import { goneKeys, isCensusDue, removalsPage } from './gone.ts'
import { found, type PulledRecord, recordsDocument, shortId } from './http/documents.ts'
import { SeenCursor, SeenRecords } from './http/seen.ts'

/** A record of the shape `issues`. */
export type KeyedRecord = PulledRecord & { key: string; type: string }

export type WholeList = Pick<PullContext, 'clock' | 'warn' | 'knownKeys' | 'cursor'> & {
  /** All of it, part by part, from its beginning. */
  list: () => AsyncIterable<readonly KeyedRecord[]>
  deletions: 'never' | 'daily' | 'every-run'
  /** What its records have as their type: by that the dataset's own are found. */
  type: string
  /** What they are, as in `versions`. */
  what: string
}

const Cursor = v.nullable(v.strictObject({ ...SeenCursor.entries, censusAtMs: v.optional(v.number()) }))

/** Refuses `connector.unfit` for a cursor that is none of this kind. */
export async function* pullWhole(whole: WholeList): AsyncGenerator<PulledPage | Moved, void> {
  const { list, deletions, clock, what } = whole
  const parsed = v.safeParse(Cursor, whole.cursor)
  if (!parsed.success) throw new ConnectorUnfit(`the cursor is none of a list of ${what}`)
  const seen = new SeenRecords(parsed.output, { keepMs: Number.MAX_SAFE_INTEGER })
  let censusAtMs = parsed.output?.censusAtMs
  const at = () => ({ ...seen.cursor(), ...(censusAtMs !== undefined && { censusAtMs }) })
  const shown = new Set<string>()
  let number = 0
  for await (const records of list()) {
    // What is listed in several places is taken of the first.
    const first = records.filter(({ key }) => !shown.has(key) && shown.add(key))
    const known = await Promise.all(first.map(async (record) => found(record, await shortId(record.key), 0)))
    const fresh = seen.take(known).map(({ record }) => record)
    if (fresh.length > 0) yield { ...recordsDocument(`${what.replaceAll(' ', '-')}-${++number}`, fresh), cursor: at() }
  }
  // What comes back one day is new then.
  const ids = new Set(await Promise.all([...shown].map(shortId)))
  const left = () => ({ ...at(), seen: at().seen.filter(([id]) => ids.has(id)) })
  if (isCensusDue(deletions, censusAtMs, clock.now())) {
    const gone = await goneFrom(whole, shown)
    censusAtMs = clock.now()
    if (gone.length > 0) yield removalsPage(gone, 'removals.json', left())
  }
  yield { cursor: left() }
}

/** What the dataset has beyond the list, and a second look does not find either. */
function goneFrom({ list, knownKeys, type, warn, what }: WholeList, shown: ReadonlySet<string>): Promise<string[]> {
  let again: Promise<Set<string>> | undefined
  return goneKeys({
    known: knownKeys('type', type),
    async *shown() {
      yield* shown
    },
    async isThere(key) {
      again ??= keysOf(list())
      return (await again).has(key)
    },
    ...{ warn, what },
  })
}

async function keysOf(list: AsyncIterable<readonly KeyedRecord[]>): Promise<Set<string>> {
  const keys = new Set<string>()
  for await (const records of list) for (const { key } of records) keys.add(key)
  return keys
}
