/** The lines of one act read as one: what was tried, and what became of it. */
import type { TrailEntry } from './entry.ts'
import { FAILED, TRIED } from './recorded.ts'

/** What of a line is read here. */
type Line = Pick<TrailEntry, 'count' | 'actor' | 'action' | 'subject' | 'detail'>

/**
 * `action` and `detail` are those of the act. `done` is also what is told after it happened, in one line. `tried` alone has no
 * outcome among these lines: it is still being done, stands with newer ones, or was cut off. `first`: the line that said it is tried.
 */
export type ActRead<Entry extends Line = Line> = {
  entry: Entry
  action: string
  first: number
  outcome: 'done' | 'failed' | 'tried'
  /** Why it failed. */
  code?: string
}

/** Of lines in the order of the trail's searches, the newest first: a line that says an act is tried is folded into its outcome. */
export function readActs<Entry extends Line>(entries: readonly Entry[]): ActRead<Entry>[] {
  /** Outcomes whose first line comes yet, by what both say. */
  const open = new Map<string, ActRead<Entry>[]>()
  const acts: ActRead<Entry>[] = []
  for (const entry of entries) {
    const { action, outcome } = said(entry)
    const key = JSON.stringify([entry.actor, action, entry.subject])
    const ended = outcome === 'tried' ? open.get(key)?.shift() : undefined
    if (ended) {
      ended.first = entry.count
      continue
    }
    const failed = outcome === 'failed' && { code: String(entry.detail['code']) }
    const act = { entry, action, first: entry.count, outcome, ...failed }
    acts.push(act)
    if (outcome !== 'tried') open.set(key, [...(open.get(key) ?? []), act])
  }
  return acts
}

function said({ action, detail }: Line): Pick<ActRead, 'action' | 'outcome'> {
  if (action.endsWith(TRIED)) return { action: action.slice(0, -TRIED.length), outcome: 'tried' }
  // What happened by itself and failed, such as a rotation, has no code of a refusal.
  if (action.endsWith(FAILED) && 'code' in detail) return { action: action.slice(0, -FAILED.length), outcome: 'failed' }
  return { action, outcome: 'done' }
}
