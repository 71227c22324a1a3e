/**
 * A double of Xray Cloud, from its published documents: `POST /api/v2/authenticate` with the id and the secret of an API key, and GraphQL
 * at `POST /api/v2/graphql`, of which it knows the query for tests, with a limit of 1 to 100.
 */
import { type DoubleServer, doubleServer } from './double-server.ts'

export type XrayTest = { key: string; summary?: string; steps?: object[]; gherkin?: string; type?: string }
export type XrayDouble = DoubleServer & {
  tests: XrayTest[]
  /** Tokens that count. */
  tokens: Set<string>
  /** Called before each page, which may change tests meanwhile. */
  onPage: (() => void) | undefined
}
export const API_KEY = { username: 'E5A0F0', password: 'secret-of-the-key' }

export async function xrayDouble(): Promise<XrayDouble> {
  const server = await doubleServer('xray', ({ method, path, headers, body }) => {
    if (method !== 'POST') return new Response('', { status: 404 })
    const asked = JSON.parse(body)
    if (path === '/api/v2/authenticate') {
      if (asked.client_id !== API_KEY.username || asked.client_secret !== API_KEY.password)
        return Response.json({ error: 'Authentication failed. Invalid client credentials!' }, { status: 401 })
      const token = `ey${crypto.randomUUID()}`
      double.tokens.add(token)
      return Response.json(token)
    }
    if (!double.tokens.has(headers.get('authorization')?.replace(/^Bearer /, '') ?? ''))
      return Response.json({ error: 'Authentication failed.' }, { status: 401 })
    if (path !== '/api/v2/graphql') return new Response('', { status: 404 })
    double.onPage?.()
    return tests(asked)
  })

  function tests({ query, variables }: { query: string; variables: Record<string, unknown> }): Response {
    const { jql, limit, start = 0 } = variables as { jql: string; limit: number; start?: number }
    const isKnown =
      /getTests\(jql: \$jql, limit: \$limit, start: \$start\)/.test(query) && query.includes('jira(fields: ["key"')
    if (!isKnown || !(limit >= 1 && limit <= 100))
      return Response.json({ errors: [{ message: 'limit must be within 1-100' }], data: { getTests: null } })
    const projects = /^project in \((.+)\)$/.exec(jql)?.[1]?.replaceAll('"', '').split(', ')
    const found = double.tests.filter(({ key }) => projects?.includes(key.split('-')[0] ?? '') ?? true)
    const results = found
      .slice(start, start + limit)
      .map(({ key, summary = `Test ${key}`, steps = [], gherkin = null, type = 'Manual' }) => ({
        ...{ testType: { name: type }, steps, gherkin, unstructured: null, folder: { path: '/Core' } },
        jira: {
          key,
          summary,
          status: { name: 'Ready' },
          priority: { name: 'High' },
          labels: ['smoke'],
          created: '2026-01-02T03:04:05.000+0100',
          assignee: null,
        },
      }))
    return Response.json({ data: { getTests: { total: found.length, results } } })
  }

  const double: XrayDouble = Object.assign(server, { tests: [], tokens: new Set<string>(), onPage: undefined })
  return double
}
