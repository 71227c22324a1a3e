/** Pulls what is not an issue: what belongs to issues with those that were updated, and lists as a whole. */
import type { PullContext, PulledPage } from '../definition.ts'
import { removalsPage } from '../gone.ts'
import { Taking } from '../http/bounds.ts'
import { recordsDocument } from '../http/documents.ts'
import { type KeyedRecord, pullWhole } from '../whole-list.ts'
import type { IssuesSince } from './issues-since.ts'
import type { JiraConfig } from './jira-config.ts'
import { listed } from './jira-lists.ts'
import type { Lists, OfIssues } from './jira-objects.ts'
import { recordsOfIssue } from './jira-of-issue.ts'
import type { FoundIssue } from './jira-search.ts'

/** Records of one document; each is of ≤ 32,767 characters by Jira's own bound. */
const DOCUMENT_RECORDS = 500

type Context = Pick<PullContext, 'http' | 'clock' | 'knownKeys' | 'warn' | 'cursor'> & { config: JiraConfig }

/** Of the issues on these pages. The cursor moves behind a page when all that belongs to its issues is durable. */
export async function* pullOfIssues(
  context: Context,
  objects: OfIssues,
  { pages, progress }: IssuesSince,
): AsyncGenerator<PulledPage | { cursor: unknown }, void> {
  const asked = { ...context, taking: new Taking({ url: context.config.url, clock: context.clock }) }
  let number = 0
  for await (const { issues } of pages) {
    const before = progress.cursor()
    const fresh = progress.fresh(issues)
    if (fresh.length === 0) continue
    const batch = new Batch(() => `${objects}-${++number}`)
    const gone: string[] = []
    for (const issue of fresh) {
      const shown = new Set<string>()
      for await (const records of recordsOfIssue(asked, objects, issue)) {
        for (const { key } of records) shown.add(key)
        const full = batch.add(records)
        if (full) yield { ...full, cursor: before }
      }
      gone.push(...(await goneOf(context, objects, issue, shown)))
    }
    const rest = batch.rest()
    if (rest) yield { ...rest, cursor: gone.length > 0 ? before : progress.cursor() }
    if (gone.length > 0) yield removalsPage(gone, `removals-${number}.json`, progress.cursor())
    else if (!rest) yield { cursor: progress.cursor() }
  }
}

/** Its whole list came by now, so what the dataset has of the issue beyond it is gone; before a first run it has nothing. Changes stay, as history does. */
async function goneOf(
  { config, cursor, knownKeys }: Context,
  objects: OfIssues,
  { key }: FoundIssue,
  shown: ReadonlySet<string>,
): Promise<string[]> {
  if (config.deletions === 'never' || objects === 'changelogs' || cursor === null) return []
  const prefix = objects === 'comments' ? 'comment-' : 'worklog-'
  const gone: string[] = []
  for await (const keys of knownKeys('parent', key))
    gone.push(...keys.filter((one) => one.startsWith(prefix) && !shown.has(one)))
  return gone
}

export function pullList(context: Context, objects: Lists) {
  const { config, clock } = context
  const asked = { ...context, taking: new Taking({ url: config.url, clock }) }
  const { deletions } = config
  return pullWhole({ ...context, deletions, list: () => listed(asked, objects), type: TYPES[objects], what: objects })
}

const TYPES: Readonly<Record<Lists, string>> = {
  ...{ projects: 'project', versions: 'version', boards: 'board', sprints: 'sprint', users: 'user', fields: 'field' },
}

/** Records on their way into documents. */
class Batch {
  readonly #name: () => string
  #records: KeyedRecord[] = []

  constructor(name: () => string) {
    this.#name = name
  }

  /** A document when there are enough. */
  add(records: readonly KeyedRecord[]): Omit<PulledPage, 'cursor'> | undefined {
    this.#records.push(...records)
    return this.#records.length >= DOCUMENT_RECORDS ? this.rest() : undefined
  }

  /** Those that are left, if any. */
  rest(): Omit<PulledPage, 'cursor'> | undefined {
    const records = this.#records
    this.#records = []
    return records.length > 0 ? recordsDocument(this.#name(), records) : undefined
  }
}
