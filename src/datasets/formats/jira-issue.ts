/** The record of one issue of Jira, from whichever export. */
import { type Item, type Json, recordItem, refusedItem } from './item.ts'

/** A record of the shape `issues`. What an export does not have is null or empty; whatever has no field here is in `fields`. */
export type Issue = {
  key: string
  type: string | null
  status: string | null
  status_category: string | null
  summary: string | null
  description: string | null
  priority: string | null
  assignee: string | null
  reporter: string | null
  /** RFC 3339 in UTC, as the two below. */
  created_at: string | null
  updated_at: string | null
  resolved_at: string | null
  components: readonly string[]
  labels: readonly string[]
  fix_versions: readonly string[]
  /** Key of the epic or story that it is part of. */
  parent: string | null
  /** Name of the last sprint that it was put in. */
  sprint: string | null
  /** Story points. */
  points: number | null
  /** Key of its project. */
  project: string | null
  fields: { readonly [name: string]: Json }
}

/** Lower-case names under which sites keep story points. */
export const POINTS_NAMES: readonly string[] = ['story points', 'story point estimate']

/** Lower-case name under which older sites keep the epic of an issue. */
export const EPIC_LINK_NAME = 'epic link'

/** The issue as an item; refused when it has no key. */
export function issueItem(line: number, issue: Issue): Item {
  return issue.key === ''
    ? refusedItem(line, 'an issue without a key; expected one such as `ABC-1`')
    : recordItem(line, issue)
}

/** The key of a project: what stands before the number of an issue's key. */
export function projectOf(key: string): string | null {
  const dash = key.lastIndexOf('-')
  return dash > 0 ? key.slice(0, dash) : null
}
