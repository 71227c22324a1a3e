/** A double of Zephyr Scale's API, version 2, from its published documents: test cases, steps, scripts and names in pages by number. */
import { type DoubleServer, doubleServer } from './double-server.ts'

export type ZephyrCase = { key: string; name?: string; steps?: object[]; script?: string }
export type ZephyrDouble = DoubleServer & { cases: ZephyrCase[] }
export const ZEPHYR_TOKEN = 'zephyr-token'

export async function zephyrDouble(): Promise<ZephyrDouble> {
  const server = await doubleServer('zephyr', ({ path, query, headers }) => {
    if (headers.get('authorization') !== `Bearer ${ZEPHYR_TOKEN}`) return new Response('{}', { status: 401 })
    if (path === '/v2/statuses')
      return paged([{ id: 1, name: query['statusType'] === 'TEST_CASE' ? 'Approved' : 'Pass' }], query)
    if (path === '/v2/priorities') return paged([{ id: 7, name: 'High' }], query)
    if (path === '/v2/testcases') {
      const found = double.cases.filter(({ key }) => key.startsWith(`${query['projectKey']}-`))
      return paged(
        found.map((one) => shown(double.url, one)),
        query,
      )
    }
    const [, key, part] = /^\/v2\/testcases\/([^/]+)\/(teststeps|testscript)$/.exec(path) ?? []
    const one = double.cases.find((each) => each.key === key)
    if (!one) return Response.json({ errorCode: 404, message: 'Not found' }, { status: 404 })
    return part === 'testscript'
      ? Response.json({ id: 1, type: 'bdd', text: one.script })
      : paged(one.steps ?? [], query)
  })
  const double: ZephyrDouble = Object.assign(server, { cases: [] })
  return double
}

function shown(url: string, { key, name = `Case ${key}`, script }: ZephyrCase) {
  return {
    ...{
      id: 1,
      key,
      name,
      project: { id: 9 },
      createdOn: '2026-01-02T03:04:05Z',
      objective: 'To see',
      precondition: null,
    },
    ...{
      labels: ['smoke'],
      component: null,
      priority: { id: 7 },
      status: { id: 1 },
      folder: { id: 3 },
      owner: { accountId: 'a1' },
    },
    ...{ estimatedTime: 60_000, customFields: { Level: 'L1' } },
    testScript: { self: `${url}/v2/testcases/${key}/${script === undefined ? 'teststeps' : 'testscript'}` },
  }
}

function paged(all: readonly unknown[], query: Record<string, string>): Response {
  const startAt = Number(query['startAt'] ?? 0)
  const maxResults = Math.min(Number(query['maxResults'] ?? 10), 1_000)
  const isLast = startAt + maxResults >= all.length
  return Response.json({
    next: null,
    startAt,
    maxResults,
    total: all.length,
    isLast,
    values: all.slice(startAt, startAt + maxResults),
  })
}
