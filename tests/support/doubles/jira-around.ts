/**
 * What a double of Jira has around its issues, from Atlassian's published documents: comments, worklogs and histories of an issue in
 * pages by number; projects, versions, users, fields; boards and sprints of the agile API. Cloud and Data Center differ as they do there.
 */
export type JiraAround = {
  comments: Map<string, { id: string; body: string; createdMs: number; author?: string }[]>
  worklogs: Map<string, { id: string; comment: string; seconds: number; createdMs: number }[]>
  histories: Map<string, { id: string; field: string; from: string; to: string; createdMs: number }[]>
  projects: { key: string; name: string }[]
  versions: Map<string, { id: string; name: string; released?: boolean }[]>
  boards: { id: number; name: string; type: 'scrum' | 'kanban'; project: string }[]
  sprints: Map<number, { id: number; name: string; state: string }[]>
  users: { id: string; name: string; active?: boolean }[]
  /** What Xray has of tests, by their keys. */
  tests: Map<string, { type: string; definition: unknown }>
}
type Edition = 'cloud' | 'data-center'

export function nothingAround(): JiraAround {
  return {
    ...{ comments: new Map(), worklogs: new Map(), histories: new Map(), projects: [], versions: new Map() },
    ...{ boards: [], sprints: new Map(), users: [], tests: new Map() },
  }
}

/** Jira gives fewer than it is asked for. */
const PAGE_MAX = 20

const time = (ms: number) => new Date(ms + 3_600_000).toISOString().replace('Z', '+0100')

/** Of an issue of that id. */
export function partOfIssue(
  edition: Edition,
  around: JiraAround,
  id: string,
  part: string,
  query: URLSearchParams,
): Response | undefined {
  const author = { displayName: 'Mary Example', accountId: 'a1' }
  if (part === '/comment') {
    const all = (around.comments.get(id) ?? []).map(({ createdMs, author: displayName = 'Mary Example', ...one }) => ({
      ...{ ...one, author: { displayName }, created: time(createdMs), updated: time(createdMs) },
    }))
    return numbered(all, query, 'comments')
  }
  if (part === '/worklog') {
    const all = (around.worklogs.get(id) ?? []).map(({ createdMs, seconds, ...one }) => ({
      ...{
        ...one,
        author,
        created: time(createdMs),
        updated: time(createdMs),
        started: time(createdMs),
        timeSpentSeconds: seconds,
      },
    }))
    // Data Center has no pages of them.
    return edition === 'cloud'
      ? numbered(all, query, 'worklogs')
      : Response.json({ startAt: 0, maxResults: all.length, total: all.length, worklogs: all })
  }
  const histories = (around.histories.get(id) ?? []).map(({ id: change, field, from, to, createdMs }) => ({
    ...{
      id: change,
      author,
      created: time(createdMs),
      items: [{ field, fieldtype: 'jira', fromString: from, toString: to }],
    },
  }))
  if (part === '/changelog' && edition === 'cloud') return numbered(histories, query, 'values')
  if (part === '' && query.get('expand') === 'changelog' && edition === 'data-center')
    return Response.json({
      id,
      changelog: { startAt: 0, maxResults: histories.length, total: histories.length, histories },
    })
  return undefined
}

/** What the site lists. */
export function listOfSite(
  edition: Edition,
  around: JiraAround,
  path: string,
  query: URLSearchParams,
): Response | undefined {
  const isCloud = edition === 'cloud'
  const api = isCloud ? '/rest/api/3' : '/rest/api/2'
  const projects = around.projects.map((one, n) => ({ ...one, id: String(n), lead: { displayName: 'Lead' } }))
  if (path === `${api}/project/search` && isCloud) return numbered(projects, query, 'values')
  if (path === `${api}/project` && !isCloud) return Response.json(projects)
  const versioned = /\/project\/([A-Z]+)\/versions$/.exec(path)?.[1]
  if (versioned !== undefined) return Response.json(around.versions.get(versioned) ?? [])
  if (path === (isCloud ? `${api}/users/search` : `${api}/user/search`)) {
    if (!isCloud && query.get('username') !== '.') return new Response('{}', { status: 400 })
    const from = Number(query.get('startAt') ?? 0)
    const page = around.users.slice(from, from + PAGE_MAX).map(({ id, name, active = true }) => ({
      ...{
        displayName: name,
        active,
        emailAddress: `${id}@acme.example`,
        ...(isCloud ? { accountId: id } : { key: id, name: id }),
      },
    }))
    return Response.json(page)
  }
  if (path === '/rest/raven/1.0/api/test' && !isCloud) {
    const keys = query.get('keys')?.split(';') ?? []
    return Response.json(keys.flatMap((key) => (around.tests.has(key) ? [{ key, ...around.tests.get(key) }] : [])))
  }
  if (path === '/rest/agile/1.0/board') {
    const project = query.get('projectKeyOrId')
    const boards = around.boards.filter((one) => project === null || one.project === project)
    return numbered(
      boards.map(({ project: projectKey, ...one }) => ({ ...one, location: { projectKey } })),
      query,
      'values',
    )
  }
  const board = around.boards.find(({ id }) => path === `/rest/agile/1.0/board/${id}/sprint`)
  if (!board) return undefined
  if (board.type === 'kanban')
    return Response.json({ errorMessages: ['The board does not support sprints'] }, { status: 400 })
  return numbered(around.sprints.get(board.id) ?? [], query, 'values')
}

function numbered(all: readonly unknown[], query: URLSearchParams, name: string): Response {
  const startAt = Number(query.get('startAt') ?? 0)
  const maxResults = Math.min(Number(query.get('maxResults') ?? 50), PAGE_MAX)
  const isLast = startAt + maxResults >= all.length
  return Response.json({
    startAt,
    maxResults,
    total: all.length,
    isLast,
    [name]: all.slice(startAt, startAt + maxResults),
  })
}
