/**
 * How far a pull of issues is, and when it was last looked for what is gone. A search may find a change minutes late, so every run
 * begins some minutes before where the last one came to.
 */
import * as v from 'valibot'
import { ConnectorUnfit } from '../errors.ts'
import { SeenCursor, SeenRecords } from '../http/seen.ts'
import type { FoundIssue } from './jira-search.ts'
import { updatedMsOf } from './jira-window.ts'

/** Five minutes: search indexes are behind by seconds, by minutes after an upgrade. */
export const OVERLAP_MS = 300_000

export const JiraCursor = v.strictObject({
  ...SeenCursor.entries,
  /** When it was last looked for what is gone. */
  censusAtMs: v.optional(v.number()),
})
export type JiraCursor = v.InferOutput<typeof JiraCursor>

export class Progress {
  readonly #seen: SeenRecords
  censusAtMs: number | undefined

  /** Refuses `connector.unfit` for a cursor that is none of this type. */
  constructor(cursor: unknown) {
    const parsed = v.safeParse(v.nullable(JiraCursor), cursor)
    if (!parsed.success) throw new ConnectorUnfit('the cursor is none of a connector to Jira')
    this.#seen = new SeenRecords(parsed.output, { keepMs: 2 * OVERLAP_MS })
    this.censusAtMs = parsed.output?.censusAtMs
  }

  /** Where a run begins; `undefined`: with the first issue that there is. */
  beginsMs(overlapMs: number): number | undefined {
    return this.#seen.beginsMs(overlapMs)
  }

  /** Those that are new or changed; all of them are known from now on. */
  fresh(issues: readonly FoundIssue[]): FoundIssue[] {
    return this.#seen
      .take(issues.map((issue) => ({ id: issue.id, atMs: updatedMsOf(issue) ?? 0, issue })))
      .map(({ issue }) => issue)
  }

  cursor(): JiraCursor {
    return { ...this.#seen.cursor(), ...(this.censusAtMs !== undefined && { censusAtMs: this.censusAtMs }) }
  }
}
