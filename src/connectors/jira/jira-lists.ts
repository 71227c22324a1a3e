/** What a site of Jira lists as a whole: projects, versions, boards, sprints, users, fields. */
import * as v from 'valibot'
import { codeOf } from '../../base/mod.ts'
import type { Taking } from '../http/bounds.ts'
import { utcTime } from '../http/instants.ts'
import { readAnswer } from '../http/read-answer.ts'
import type { SiteClient } from '../http/site-client.ts'
import type { KeyedRecord } from '../whole-list.ts'
import type { JiraConfig } from './jira-config.ts'
import type { Lists } from './jira-objects.ts'
import { apiOf } from './jira-search.ts'

/** What is asked for at once; Jira gives fewer where it bounds that. */
const PAGE_OBJECTS = 100
/** A list without an end is none. */
const LISTED_MAX = 1_000_000

const Id = v.pipe(v.union([v.string(), v.number()]), v.transform(String), v.minLength(1), v.maxLength(256))
const Text = v.optional(v.nullable(v.string()))
const One = v.looseObject({
  ...{ id: v.optional(Id), key: v.optional(Id), name: Text, displayName: Text, accountId: v.optional(Id) },
  ...{ description: v.optional(v.unknown()), state: Text, type: v.optional(v.unknown()), goal: Text },
  ...{ released: v.optional(v.boolean()), archived: v.optional(v.boolean()), active: v.optional(v.boolean()) },
  ...{ startDate: v.optional(v.unknown()), endDate: v.optional(v.unknown()), releaseDate: v.optional(v.unknown()) },
  ...{ createdDate: v.optional(v.unknown()), completeDate: v.optional(v.unknown()) },
  lead: v.optional(v.nullable(v.looseObject({ displayName: Text, name: Text }))),
  ...{ emailAddress: Text, timeZone: Text, accountType: Text, projectTypeKey: Text, custom: v.optional(v.boolean()) },
  location: v.optional(v.nullable(v.looseObject({ projectKey: Text }))),
})
type One = v.InferOutput<typeof One>
const Page = v.union([
  v.pipe(
    v.array(One),
    v.transform((values) => ({ values, isLast: undefined, total: undefined })),
  ),
  v.looseObject({ values: v.array(One), isLast: v.optional(v.boolean()), total: v.optional(v.number()) }),
])

type Asked = { http: SiteClient; config: JiraConfig; taking: Taking }
/** `paged`: the site gives it in parts; otherwise whole. */
type Listing = { path: string; query?: Record<string, string>; paged: boolean }

/** Page by page. Refuses `connector.answer_odd`, `connector.pages_endless` and what `SiteClient.ask` refuses. */
export async function* listed(asked: Asked, objects: Lists): AsyncGenerator<KeyedRecord[], void> {
  const { config } = asked
  const api = apiOf(config.edition)
  const isCloud = config.edition === 'cloud'
  switch (objects) {
    case 'projects': {
      const where = isCloud ? { path: `${api}/project/search`, paged: true } : { path: `${api}/project`, paged: false }
      for await (const found of pages(asked, where)) yield found.filter(isWanted(config)).map(projectRecord)
      return
    }
    case 'versions':
      for (const project of await projectKeys(asked)) {
        const where = { path: `${api}/project/${encodeURIComponent(project)}/versions`, paged: false }
        for await (const found of pages(asked, where)) yield found.map((one) => versionRecord(one, project))
      }
      return
    case 'boards':
      for await (const found of boards(asked)) yield found.map(boardRecord)
      return
    case 'sprints':
      for await (const found of boards(asked))
        for (const board of found) for await (const sprints of sprintsOf(asked, board)) yield sprints
      return
    case 'users': {
      const query = isCloud ? {} : { username: '.', includeInactive: 'true' }
      const path = isCloud ? `${api}/users/search` : `${api}/user/search`
      for await (const found of pages(asked, { path, query, paged: true })) yield found.map(userRecord)
      return
    }
    case 'fields':
      for await (const found of pages(asked, { path: `${api}/field`, paged: false })) yield found.map(fieldRecord)
  }
}

async function* pages({ http, taking }: Asked, { path, query, paged }: Listing): AsyncGenerator<One[], void> {
  for (let startAt = 0; ; ) {
    const from: Record<string, string> = paged ? { startAt: String(startAt), maxResults: String(PAGE_OBJECTS) } : {}
    const answer = await http.ask({ path, query: { ...query, ...from } })
    taking.count(answer)
    const { values, isLast, total } = readAnswer(answer, Page, `with a list as Jira does`)
    yield values
    startAt += values.length
    if (!paged || values.length === 0 || isLast || (total !== undefined && startAt >= total)) return
    taking.demandProgress(startAt < LISTED_MAX)
  }
}

async function* boards(asked: Asked): AsyncGenerator<One[], void> {
  const { projects } = asked.config
  const path = '/rest/agile/1.0/board'
  if (projects.length === 0) return yield* pages(asked, { path, paged: true })
  for (const projectKeyOrId of projects) yield* pages(asked, { path, query: { projectKeyOrId }, paged: true })
}

async function* sprintsOf(asked: Asked, board: One): AsyncGenerator<KeyedRecord[], void> {
  try {
    const path = `/rest/agile/1.0/board/${encodeURIComponent(board.id ?? '')}/sprint`
    for await (const found of pages(asked, { path, paged: true })) yield found.map((one) => sprintRecord(one, board))
  } catch (error) {
    // A board of Kanban has none, and says so by 400.
    if (codeOf(error) !== 'connector.site_refused') throw error
  }
}

async function projectKeys(asked: Asked): Promise<readonly string[]> {
  const { projects } = asked.config
  if (projects.length > 0) return projects
  const keys: string[] = []
  for await (const found of listed(asked, 'projects'))
    keys.push(...found.map(({ key }) => key.replace(/^project-/, '')))
  return keys
}

function isWanted({ projects }: JiraConfig): (one: One) => boolean {
  return ({ key = '' }) => projects.length === 0 || projects.includes(key)
}

function projectRecord(one: One): KeyedRecord {
  const { key = '', name: summary, description, lead, projectTypeKey } = one
  return {
    ...{ key: `project-${key}`, type: 'project', project: key, summary, description, project_type: projectTypeKey },
    assignee: lead?.displayName ?? lead?.name,
  }
}

function versionRecord(one: One, project: string): KeyedRecord {
  const status = one.archived ? 'archived' : one.released ? 'released' : 'unreleased'
  return {
    ...{ key: `version-${one.id}`, type: 'version', project, summary: one.name, description: one.description, status },
    ...{ start_date: one.startDate, release_date: one.releaseDate },
  }
}

function boardRecord(one: One): KeyedRecord {
  const project = one.location?.projectKey
  return { key: `board-${one.id}`, type: 'board', summary: one.name, project, board_type: one.type }
}

function sprintRecord(one: One, board: One): KeyedRecord {
  return {
    ...{ key: `sprint-${one.id}`, type: 'sprint', summary: one.name, description: one.goal, status: one.state },
    ...{ created_at: utcTime(one.createdDate), resolved_at: utcTime(one.completeDate) },
    ...{ started_at: utcTime(one.startDate), ends_at: utcTime(one.endDate) },
    ...{ parent: `board-${board.id}`, project: board.location?.projectKey },
  }
}

function userRecord(one: One): KeyedRecord {
  return {
    ...{ key: `user-${one.accountId ?? one.key ?? one.name}`, type: 'user', summary: one.displayName },
    ...{ status: one.active === false ? 'inactive' : 'active', email: one.emailAddress, time_zone: one.timeZone },
    account_type: one.accountType,
  }
}

function fieldRecord(one: One): KeyedRecord {
  return { key: `field-${one.id}`, type: 'field', summary: one.name, custom: one.custom, schema: one.schema }
}
