/**
 * How far a pull is, and which records around there are known already. What a site lists may lag behind what happened, so every run
 * begins a little before where the last one came to; what it finds there again, unchanged, is passed over.
 */
import * as v from 'valibot'

/** 10,000 × ≤ 90 B, within the bound of a cursor. What is forgotten comes again, and takes its own place where records have a key. */
export const SEEN_MAX = 10_000
const ID_LENGTH_MAX = 64

/** `seen`: ids, times, and what tells one version from the next where the time does not. */
export const SeenCursor = v.strictObject({
  updatedUpToMs: v.optional(v.pipe(v.number(), v.safeInteger(), v.minValue(0))),
  seen: v.pipe(
    v.array(v.union([v.strictTuple([v.string(), v.number()]), v.strictTuple([v.string(), v.number(), v.string()])])),
    v.maxLength(SEEN_MAX),
  ),
})
export type SeenCursor = v.InferOutput<typeof SeenCursor>

/** A record as it is known again. */
export type Version = { id: string; atMs: number; mark?: string | undefined }

export type SeenBounds = {
  /** How far behind the newest it remembers. */
  keepMs: number
  recordsMax?: number
  /** Times after this one do not move it: a wrong one would hide all that comes before it. */
  latestMs?: number
  /** What is taken does not move it until `release`: the site lists in no order. */
  held?: boolean
}

export class SeenRecords {
  readonly #bounds: SeenBounds
  readonly #seen: Map<string, readonly [number, string | undefined]>
  #upToMs: number | undefined
  #newestMs: number | undefined

  constructor(cursor: SeenCursor | null, bounds: SeenBounds) {
    this.#bounds = bounds
    this.#upToMs = this.#newestMs = cursor?.updatedUpToMs
    this.#seen = new Map(cursor?.seen.map(([id, atMs, mark]) => [id, [atMs, mark]]))
  }

  /** Where a run begins; `undefined`: with the first record that there is. */
  beginsMs(overlapMs: number): number | undefined {
    return this.#upToMs === undefined ? undefined : Math.max(0, this.#upToMs - overlapMs)
  }

  /** Those that are new or changed; all of them are known from now on. */
  take<Record extends Version>(records: readonly Record[]): Record[] {
    const { latestMs = Number.MAX_SAFE_INTEGER, held } = this.#bounds
    const fresh = records.filter(({ id: whole, atMs, mark }) => {
      const id = whole.slice(0, ID_LENGTH_MAX)
      const known = this.#seen.get(id)
      // Set anew, so that it stands behind those that are known for longer.
      this.#seen.delete(id)
      this.#seen.set(id, [atMs, mark])
      if (atMs <= latestMs) this.#newestMs = Math.max(this.#newestMs ?? 0, atMs)
      return !known || known[0] !== atMs || known[1] !== mark
    })
    if (held) this.#forget(Number.NEGATIVE_INFINITY)
    else this.release()
    return fresh
  }

  /** Moves it to the newest that was taken. */
  release(): void {
    this.#upToMs = this.#newestMs
    this.#forget((this.#newestMs ?? 0) - this.#bounds.keepMs)
  }

  /** As if nothing older were still to come. */
  reach(ms: number): void {
    this.#newestMs = Math.max(this.#newestMs ?? 0, ms)
    this.release()
  }

  cursor(): SeenCursor {
    const seen = [...this.#seen].map(([id, [atMs, mark]]): SeenCursor['seen'][number] =>
      mark === undefined ? [id, atMs] : [id, atMs, mark],
    )
    return { ...(this.#upToMs !== undefined && { updatedUpToMs: this.#upToMs }), seen }
  }

  /** What is older than that, and the longest known of what is too much. */
  #forget(fromMs: number): void {
    let surplus = this.#seen.size - (this.#bounds.recordsMax ?? SEEN_MAX)
    for (const [id, [atMs]] of this.#seen) {
      if (atMs >= fromMs && surplus <= 0) continue
      this.#seen.delete(id)
      surplus--
    }
  }
}
