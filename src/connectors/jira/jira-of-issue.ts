/**
 * Comments, worklogs and changes of one issue. A search gives the first of them alone, so each issue is asked for all. By version 2 of the
 * API in both editions: there texts are texts.
 */
import * as v from 'valibot'
import { codeOf } from '../../base/mod.ts'
import type { Taking } from '../http/bounds.ts'
import { cutText } from '../http/documents.ts'
import { utcTime } from '../http/instants.ts'
import { readAnswer } from '../http/read-answer.ts'
import type { Asking, SiteAnswer, SiteClient } from '../http/site-client.ts'
import type { KeyedRecord } from '../whole-list.ts'
import type { JiraConfig } from './jira-config.ts'
import type { OfIssues } from './jira-objects.ts'
import type { FoundIssue } from './jira-search.ts'

/** What is asked for at once; Jira gives fewer where it bounds that. */
const PAGE_OBJECTS = 100
const SUMMARY_LENGTH_MAX = 1_000

const Id = v.pipe(v.union([v.string(), v.number()]), v.transform(String), v.maxLength(64))
const Text = v.optional(v.nullable(v.string()))
const Person = v.optional(v.nullable(v.looseObject({ displayName: Text, name: Text, accountId: Text })))
const Item = v.looseObject({ field: Text, fromString: Text, toString: v.optional(v.unknown()) })
const One = v.looseObject({
  ...{
    id: Id,
    author: Person,
    updateAuthor: Person,
    created: v.optional(v.unknown()),
    updated: v.optional(v.unknown()),
  },
  ...{ body: v.optional(v.unknown()), comment: v.optional(v.unknown()), started: v.optional(v.unknown()) },
  ...{ timeSpentSeconds: v.optional(v.nullable(v.number())), visibility: v.optional(v.unknown()) },
  items: v.optional(v.array(Item), () => []),
})
type One = v.InferOutput<typeof One>
const Page = v.looseObject({
  ...{ total: v.optional(v.number()), isLast: v.optional(v.boolean()) },
  ...{ comments: v.optional(v.array(One)), worklogs: v.optional(v.array(One)), values: v.optional(v.array(One)) },
  changelog: v.optional(v.looseObject({ histories: v.array(One) })),
})

type Asked = { http: SiteClient; config: JiraConfig; taking: Taking }

/** Page by page. Refuses `connector.answer_odd`, `connector.pages_endless` and what `SiteClient.ask` refuses. */
export async function* recordsOfIssue(
  { http, config, taking }: Asked,
  objects: OfIssues,
  issue: FoundIssue,
): AsyncGenerator<KeyedRecord[], void> {
  for (let startAt = 0; ; ) {
    const answer = await answerAbout(http, asking(config, objects, issue.id, startAt))
    // It was removed since it was found.
    if (!answer) return
    taking.count(answer)
    const page = readAnswer(answer, Page, `about the ${objects} of an issue as Jira does`)
    const found = page.comments ?? page.worklogs ?? page.changelog?.histories ?? page.values ?? []
    yield found.map((one) => RECORDS[objects](one, issue))
    startAt += found.length
    if (page.changelog || page.isLast || found.length === 0 || startAt >= (page.total ?? 0)) return
  }
}

async function answerAbout(http: SiteClient, asked: Asking): Promise<SiteAnswer | undefined> {
  try {
    return await http.ask(asked)
  } catch (error) {
    if (codeOf(error) === 'connector.site_has_not') return undefined
    throw error
  }
}

function asking({ edition }: JiraConfig, objects: OfIssues, id: string, startAt: number) {
  const path = `/rest/api/2/issue/${encodeURIComponent(id)}`
  // Data Center gives the whole history of an issue, and has no pages of it.
  if (objects === 'changelogs' && edition === 'data-center')
    return { path, query: { expand: 'changelog', fields: 'updated' } }
  const part = { comments: 'comment', worklogs: 'worklog', changelogs: 'changelog' }[objects]
  return { path: `${path}/${part}`, query: { startAt: String(startAt), maxResults: String(PAGE_OBJECTS) } }
}

const RECORDS: Readonly<Record<OfIssues, (one: One, issue: FoundIssue) => KeyedRecord>> = {
  comments: (one, issue) => ({
    ...common('comment', one, issue),
    ...{ description: one.body, updated_at: utcTime(one.updated), visibility: one.visibility },
    changed_by: nameOf(one.updateAuthor),
  }),
  worklogs: (one, issue) => ({
    ...common('worklog', one, issue),
    ...{ description: one.comment, updated_at: utcTime(one.updated), started_at: utcTime(one.started) },
    ...{ seconds_spent: one.timeSpentSeconds, visibility: one.visibility, changed_by: nameOf(one.updateAuthor) },
  }),
  changelogs: (one, issue) => ({
    ...common('change', one, issue),
    ...{ summary: cutText(one.items.map(changeOf).join('; '), SUMMARY_LENGTH_MAX), items: one.items },
  }),
}

function common(type: string, { id, author, created }: One, { key }: FoundIssue): KeyedRecord {
  const project = key.slice(0, Math.max(0, key.lastIndexOf('-')))
  return {
    ...{ key: `${type}-${id}`, type, parent: key, project },
    ...{ reporter: nameOf(author), created_at: utcTime(created) },
  }
}

function changeOf(item: v.InferOutput<typeof Item>): string {
  const to = Object.hasOwn(item, 'toString') ? item['toString'] : undefined
  return `${item.field ?? ''}: ${item.fromString ?? ''} → ${typeof to === 'string' ? to : ''}`
}

function nameOf(person: v.InferOutput<typeof Person>): string | undefined {
  return person?.displayName ?? person?.name ?? person?.accountId ?? undefined
}
