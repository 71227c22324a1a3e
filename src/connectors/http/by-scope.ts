/** How far a pull is in each of several repositories or projects, which share the bound of one cursor. */
import * as v from 'valibot'
import { ConnectorUnfit } from '../errors.ts'
import { SEEN_MAX, SeenCursor, SeenRecords } from './seen.ts'

/** Repositories or projects of one connector. */
export const SCOPES_MAX = 64

const Unchanged = v.strictObject({ fromMs: v.number(), tag: v.pipe(v.string(), v.maxLength(256)) })
/** `unchanged`: by what the site tells that its first page is as it was. */
const ScopeCursor = v.strictObject({ ...SeenCursor.entries, unchanged: v.optional(Unchanged) })
export const ScopesCursor = v.strictObject({
  scopes: v.record(v.string(), ScopeCursor),
  /** When it was last looked for what is gone. */
  censusAtMs: v.optional(v.number()),
})
export type ScopesCursor = v.InferOutput<typeof ScopesCursor>
export type Unchanged = v.InferOutput<typeof Unchanged>

export class ScopeProgress {
  readonly seen: SeenRecords
  unchanged: Unchanged | undefined

  constructor(seen: SeenRecords, unchanged: Unchanged | undefined) {
    this.seen = seen
    this.unchanged = unchanged
  }
}

export class ProgressByScope {
  readonly #scopes: ReadonlyMap<string, ScopeProgress>
  censusAtMs: number | undefined

  /** Refuses `connector.unfit` for a cursor that is none of this type. */
  constructor(cursor: unknown, scopes: readonly string[], bounds: { keepMs: number; latestMs: number }) {
    const parsed = v.safeParse(v.nullable(ScopesCursor), cursor)
    if (!parsed.success) throw new ConnectorUnfit('the cursor is none of a connector of this type')
    const recordsMax = Math.floor(SEEN_MAX / scopes.length)
    this.#scopes = new Map(
      scopes.map((scope) => {
        const { unchanged, ...seen } = (parsed.output && ownScope(parsed.output.scopes, scope)) ?? { seen: [] }
        return [scope, new ScopeProgress(new SeenRecords(seen, { ...bounds, recordsMax }), unchanged)]
      }),
    )
    this.censusAtMs = parsed.output?.censusAtMs
  }

  /** Each with its name. */
  entries(): Iterable<[string, ScopeProgress]> {
    return this.#scopes.entries()
  }

  cursor(): ScopesCursor {
    const scopes = [...this.#scopes].map(
      ([scope, { seen, unchanged }]) => [scope, { ...seen.cursor(), ...(unchanged && { unchanged }) }] as const,
    )
    const { censusAtMs } = this
    return { scopes: Object.fromEntries(scopes), ...(censusAtMs !== undefined && { censusAtMs }) }
  }
}

function ownScope(scopes: ScopesCursor['scopes'], name: string) {
  return Object.hasOwn(scopes, name) ? scopes[name] : undefined
}
