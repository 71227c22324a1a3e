/**
 * How far a pull is, and which issues around there are known already. A search may find a change minutes late, so every run begins some
 * minutes before where the last one came to; what it finds there again, unchanged, is passed over.
 */
import * as v from 'valibot'
import { ConnectorUnfit } from '../errors.ts'
import type { FoundIssue } from './jira-search.ts'
import { updatedMsOf } from './jira-window.ts'

/** Five minutes: search indexes are behind by seconds, by minutes after an upgrade. */
export const OVERLAP_MS = 300_000
/** 10,000 × ~30 B. What is forgotten comes again, and takes its own place. */
export const SEEN_MAX = 10_000

/** `seen`: ids and times of update, those within the overlap. */
export const JiraCursor = v.strictObject({
  updatedUpToMs: v.optional(v.pipe(v.number(), v.safeInteger(), v.minValue(0))),
  seen: v.pipe(v.array(v.tuple([v.string(), v.number()])), v.maxLength(SEEN_MAX)),
  /** When it was last looked for what is gone. */
  censusAtMs: v.optional(v.number()),
})
export type JiraCursor = v.InferOutput<typeof JiraCursor>

export class Progress {
  #upToMs: number | undefined
  readonly #seen: Map<string, number>
  censusAtMs: number | undefined

  /** Refuses `connector.unfit` for a cursor that is none of this type. */
  constructor(cursor: unknown) {
    const parsed = v.safeParse(v.nullable(JiraCursor), cursor)
    if (!parsed.success) throw new ConnectorUnfit('the cursor is none of a connector to Jira')
    this.#upToMs = parsed.output?.updatedUpToMs
    this.#seen = new Map(parsed.output?.seen)
    this.censusAtMs = parsed.output?.censusAtMs
  }

  /** Where a run begins; `undefined`: with the first issue that there is. */
  beginsMs(overlapMs: number): number | undefined {
    return this.#upToMs === undefined ? undefined : Math.max(0, this.#upToMs - overlapMs)
  }

  /** How many of these are new or changed; all of them are known from now on. */
  take(issues: readonly FoundIssue[]): number {
    let fresh = 0
    for (const issue of issues) {
      const updatedMs = updatedMsOf(issue) ?? 0
      if (this.#seen.get(issue.id) !== updatedMs) fresh++
      // Set anew, so that it stands behind those that are known for longer.
      this.#seen.delete(issue.id)
      this.#seen.set(issue.id, updatedMs)
      this.#upToMs = Math.max(this.#upToMs ?? 0, updatedMs)
    }
    this.#forget()
    return fresh
  }

  cursor(): JiraCursor {
    return {
      ...(this.#upToMs !== undefined && { updatedUpToMs: this.#upToMs }),
      ...(this.censusAtMs !== undefined && { censusAtMs: this.censusAtMs }),
      seen: [...this.#seen],
    }
  }

  #forget(): void {
    const fromMs = (this.#upToMs ?? 0) - 2 * OVERLAP_MS
    let surplus = this.#seen.size - SEEN_MAX
    for (const [id, updatedMs] of this.#seen) {
      if (updatedMs >= fromMs && surplus <= 0) continue
      this.#seen.delete(id)
      surplus--
    }
  }
}
