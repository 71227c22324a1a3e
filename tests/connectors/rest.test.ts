import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'bun:test'
import { parse } from 'yaml'
import { connectorType, connectorTypes } from '../../src/connectors/mod.ts'
import { connectorHost } from '../support/connector-host.ts'
import { type ConnectorSite, connectorSite } from '../support/connectors.ts'
import { times } from '../support/doubles/double-server.ts'
import { TICKETS_TOKEN, type TicketsDouble, ticketsDouble } from '../support/doubles/tickets.ts'
import { HURRY } from '../support/hurried-clock.ts'
import { isQuick, slowTest as test } from '../support/quick.ts'
import type { ManagementHost } from '../support/runtime/management-host.ts'

const T0 = Date.UTC(2026, 0, 2, 3, 4, 5)
const MINUTE = 60_000
const WAIT_MS = 8_000

let host: ManagementHost
let api: TicketsDouble
beforeAll(async () => {
  if (!isQuick) host = await connectorHost()
})
beforeEach(async () => {
  if (!isQuick) api = await ticketsDouble()
})
afterEach(async () => {
  await api?.[Symbol.asyncDispose]()
})
afterAll(async () => {
  await host?.[Symbol.asyncDispose]()
})

const fields = {
  key: { at: '/id', type: 'text' },
  summary: '/title',
  reporter: '/reporter/name',
  project: { value: 'T' },
}
const usual = { authorization: { header: 'X-Api-Key' }, key: '/id', fields }
const byTime = { kind: 'time', at: '/updated', sorted: true }
const since = { updated_since: '{since}', sort: 'updated' }

const put = (from: number, to: number, at = (n: number) => T0 + n * MINUTE) => {
  for (let id = from; id <= to; id++) api.put({ id, title: `ticket ${id}`, updatedMs: at(id) })
}
const siteOf = (config: Record<string, unknown>, shape: 'issues' | 'table' = 'issues'): Promise<ConnectorSite> =>
  connectorSite(host, api, { type: 'rest', shape, token: TICKETS_TOKEN }, config)

const WAYS: readonly (readonly [string, Record<string, unknown>])[] = [
  ['links', { path: '/v2/linked', query: { ...since, per_page: 10 }, paging: { kind: 'link' } }],
  [
    'numbers',
    { path: '/v2/numbered', query: { ...since, page: '{page}' }, paging: { kind: 'page' }, records: '/data/items' },
  ],
  [
    'offsets',
    {
      path: '/v2/offset',
      query: { ...since, offset: '{offset}', per_page: '{size}' },
      paging: { kind: 'offset', size: 10 },
      records: '/items',
    },
  ],
  ['URLs', { path: '/v2/urls', query: since, paging: { kind: 'url', at: '/links/next' }, records: '/items' }],
]

test.each(WAYS)(
  'a REST API that pages by %s is pulled whole, then only what has changed',
  async (_, way) => {
    put(1, 35)
    const site = await siteOf({ ...usual, ...way, cursor: byTime })
    expect(site.made.body).toMatchObject({ state: 'ready' })
    expect(await site.run()).toMatchObject({ state: 'done', records: 35, rowsRefused: 0, warnings: [] })
    expect((await site.rows(['key', 'summary', 'reporter', 'project'])).find(([key]) => key === '7')).toEqual([
      ...['7', 'ticket 7', 'person 1', 'T'],
    ])
    expect(await site.run()).toMatchObject({ state: 'done', pages: 0, records: 0 })
    api.put({ id: 3, title: 'changed', updatedMs: T0 + 40 * MINUTE })
    api.put({ id: 36, title: 'new', updatedMs: T0 + 41 * MINUTE })
    expect(await site.run()).toMatchObject({ state: 'done', records: 2, rowsReplaced: 1 })
    expect((await site.rows(['key'])).length).toBe(36)
    expect((await site.cursor()).updatedUpToMs).toBe(T0 + 41 * MINUTE)
    expect(api.asked.every(({ headers }) => headers.get('authorization') === null)).toBe(true)
  },
  20_000,
)

test('a search with a body and tokens, in no order, moves the cursor at its end; records change while it is read', async () => {
  put(1, 25)
  const way = { path: '/v2/search', method: 'POST', records: '/items', paging: { kind: 'token', at: '/next' } }
  const site = await siteOf({
    ...usual,
    ...way,
    body: { updated_since: '{since}', token: '{token}', size: 10 },
    cursor: { kind: 'time', at: '/updated' },
  })
  api.faults = [
    ({ path }) => (path === '/v2/search' && api.asked.length === 2 ? new Response('{}', { status: 400 }) : undefined),
  ]
  expect(await site.run()).toMatchObject({ state: 'failed', records: 20, failure: { code: 'connector.site_refused' } })
  expect((await site.cursor()).updatedUpToMs).toBeUndefined()
  api.faults = []
  // What was taken already is passed over, though the list is read from its beginning.
  expect(await site.run()).toMatchObject({ state: 'done', records: 5 })
  expect(JSON.parse(api.asked.at(-1)?.body ?? '')).toEqual({ token: 20, size: 10 })
  expect((await site.cursor()).updatedUpToMs).toBe(T0 + 25 * MINUTE)
}, 20_000)

test('what has no time goes by its number; a table gets each version once', async () => {
  put(1, 25)
  const { fields: _, ...asItComes } = usual
  const byId = { path: '/v2/behind', query: { after_id: '{after}' }, cursor: { kind: 'id', at: '/id', sorted: true } }
  const site = await siteOf({ ...asItComes, ...byId }, 'table')
  expect(await site.run()).toMatchObject({ state: 'done', records: 25, rowsRefused: 0 })
  expect((await site.cursor()).after).toBe(25)
  put(26, 30)
  expect(await site.run()).toMatchObject({ state: 'done', records: 5 })
  expect((await site.rows(['id', 'title'])).length).toBe(30)
  const whole = await siteOf({ ...usual, path: '/v2/linked', paging: { kind: 'link' } }, 'table')
  expect(await whole.run()).toMatchObject({ records: 30 })
  api.put({ id: 2, title: 'changed', updatedMs: T0 })
  expect(await whole.run()).toMatchObject({ records: 1 })
  expect((await whole.rows(['key'])).length).toBe(31)
}, 20_000)

test('it is checked, tells of the fields of its first page, and pulls those that were chosen', async () => {
  api.put({
    id: 1,
    title: 'one',
    updatedMs: T0,
    more: { tags: ['a'], 'a/b': null, deep: { er: { est: { hidden: 1 } } } },
  })
  const way = { authorization: { header: 'X-Api-Key' }, key: '/id', path: '/v2/linked' }
  const site = await siteOf(way, 'table')
  expect((await site.ask('POST', `${site.path}/check`)).body.said).toEqual([
    'The first page has 1 record, with the fields id, title, updated, reporter, tags, a/b, deep.',
    'It does not go on behind it.',
  ])
  const { body } = await site.ask('POST', `${site.path}/discover`)
  expect(body.setting).toBe('fields')
  expect(body.fields).toContainEqual({ id: '/reporter/name', name: 'reporter › name', type: 'string', own: false })
  expect(body.fields.map(({ id }: { id: string }) => id)).toEqual([
    ...[
      '/id',
      '/title',
      '/updated',
      '/reporter',
      '/reporter/name',
      '/tags',
      '/a~1b',
      '/deep',
      '/deep/er',
      '/deep/er/est',
    ],
  ])
  await site.change({ ...way, fields: ['/id', '/reporter/name', '/tags'] })
  await site.run()
  expect(await site.rows(['id', 'name', 'tags'])).toEqual([[1, 'person 1', ['a']]])
}, 20_000)

test('waits as long as the site asks by whichever header and clock, and loses nothing by faults in the middle', async () => {
  put(1, 30)
  api.skewMs = -3_600_000
  const site = await siteOf({ ...usual, ...WAYS[0]?.[1], cursor: byTime })
  const resetIn = (ms: number): string => String(Math.ceil((Date.now() + api.skewMs + ms) / 1_000))
  const limited = (status: number, headers: Record<string, string>) => () => new Response('{}', { status, headers })
  api.faults = [
    times(1, () => limited(429, { 'x-ratelimit-reset': resetIn(WAIT_MS) })()),
    times(1, () => limited(403, { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': resetIn(WAIT_MS) })()),
    times(1, limited(503, { 'retry-after': String(WAIT_MS / 1_000) })),
    times(1, () => new Response('[{"id": 1, "ti', { headers: { 'content-type': 'application/json' } })),
  ]
  expect(await site.run()).toMatchObject({ state: 'done', records: 30 })
  const asked = api.asked.map(({ atMs }) => atMs)
  const waitedMs = [0, 1, 2].map((n) => ((asked[n + 1] ?? 0) - (asked[n] ?? 0)) * HURRY)
  // A header tells whole seconds; what heeds none tries again after one, two and four at most.
  for (const ms of waitedMs) expect(ms).toBeGreaterThan(WAIT_MS - 1_000)
  api.faults = [times(9, limited(403, {}))]
  expect((await site.run()).failure.code).toBe('connector.site_forbade')
  api.faults = [times(9, limited(429, { 'retry-after': '7200' }))]
  expect((await site.run()).failure.code).toBe('connector.throttled')
}, 20_000)

test('a text that was cut within an emoji fails no run, and stands in its record with a mark in place of the half', async () => {
  const half =
    '{"id": 1, "title": "cut \\ud83d", "updated": "2026-01-02T03:04:05Z", "reporter": {"name": "\\ud83d\\ude00"}}'
  api.faults = [() => new Response(`[${half}]`, { headers: { 'content-type': 'application/json' } })]
  const site = await siteOf({ ...usual, path: '/v2/linked' })
  expect(await site.run()).toMatchObject({ state: 'done', records: 1, rowsRefused: 0 })
  expect(await site.rows(['key', 'summary', 'reporter'])).toEqual([['1', 'cut \ufffd', '😀']])
  const byRecord = await siteOf({ ...usual, key: undefined, path: '/v2/linked' })
  expect(await byRecord.run()).toMatchObject({ state: 'done', records: 1 })
}, 20_000)

test('a hostile site ends its run by name, is followed nowhere, and takes nothing of what was pulled before', async () => {
  put(1, 10)
  const other = await ticketsDouble()
  const linkedWay = { ...usual, ...WAYS[0]?.[1] }
  const site = await siteOf({ ...linkedWay, cursor: byTime })
  await site.run()
  const fails = async (config: Record<string, unknown>, make: (n: number) => Response): Promise<unknown> => {
    await site.change(config)
    await site.ask('PUT', `${site.path}/cursor`, { cursor: null })
    let asked = 0
    api.faults = [() => make(++asked)]
    const { state, failure } = await site.run()
    expect(asked).toBeLessThan(30)
    return [state, failure?.code]
  }
  const one = {
    id: 1,
    title: 'ticket 1',
    updated: new Date(T0 + MINUTE).toISOString(),
    reporter: { name: 'person 1' },
  }
  const to = (link: string, body: unknown = [one]) =>
    Response.json(body, { headers: { link: `<${link}>; rel="next"` } })
  const always = { ...linkedWay, query: { per_page: 10 } }
  // The same page again and again, by the same link or by another.
  expect(await fails(always, () => to(`${api.url}/v2/linked?page=2`))).toEqual(['failed', 'connector.pages_endless'])
  expect(await fails(always, (n) => to(`${api.url}/v2/linked?page=${n}`))).toEqual([
    'failed',
    'connector.pages_endless',
  ])
  expect(await fails({ ...linkedWay, cursor: byTime }, (n) => to(`${api.url}/v2/linked?page=${n}`))).toEqual([
    'failed',
    'connector.pages_endless',
  ])
  // Always another page, up to what the settings allow.
  const endless = (n: number) => to(`${api.url}/v2/linked?page=${n}`, [{ ...one, id: n }])
  expect(await fails({ ...always, limits: { pages: 20 } }, endless)).toEqual(['failed', 'connector.pages_endless'])
  // Elsewhere, by a link, a redirect, or what looks like a path.
  const urls = { ...usual, path: '/v2/urls', records: '/items', paging: { kind: 'url', at: '/next' } }
  expect(await fails(always, () => to(`${other.url}/v2/linked`))).toEqual(['failed', 'connector.redirected'])
  for (const next of [
    `${other.url}/v2/urls`,
    `//127.0.0.1:${new URL(other.url).port}/`,
    'http://127.0.0.1/',
    'file:///etc/passwd',
  ])
    expect([next, await fails(urls, () => Response.json({ items: [one], next }))]).toEqual([
      next,
      ['failed', 'connector.redirected'],
    ])
  expect(await fails(urls, () => Response.json({ items: [one], next: { a: 1 } }))).toEqual([
    'failed',
    'connector.answer_odd',
  ])
  expect(await fails(always, () => new Response('', { status: 302, headers: { location: other.url } }))).toEqual([
    'failed',
    'connector.redirected',
  ])
  expect(other.asked).toEqual([])
  // Too deep, no list, no JSON.
  const deep = () => new Response(`[{"id":1,"a":${'['.repeat(1_000_000)}${']'.repeat(1_000_000)}}]`)
  expect(await fails(always, deep)).toEqual(['failed', 'connector.answer_odd'])
  expect(await fails(always, () => Response.json({ items: [] }))).toEqual(['failed', 'connector.answer_odd'])
  expect(await fails(always, () => new Response('<html>'))).toEqual(['failed', 'connector.answer_odd'])
  // A gigabyte, though 64 MiB are all that is read of it.
  let sent = 0
  const large = () =>
    new Response(
      new ReadableStream({
        pull: (c) => (sent++ < 1_024 ? c.enqueue(new Uint8Array(1_048_576).fill(0x20)) : c.close()),
      }),
    )
  expect(await fails(always, large)).toEqual(['failed', 'host.answer_too_large'])
  expect(sent).toBeLessThan(600)
  // A time far ahead is taken and hides nothing that comes after.
  api.faults = []
  await site.change({ ...linkedWay, cursor: byTime })
  api.put({ id: 11, title: 'of the year 9999', updatedMs: Date.UTC(9999, 0, 1) })
  await site.run()
  api.put({ id: 12, title: 'of today', updatedMs: T0 + 20 * MINUTE })
  expect(await site.run()).toMatchObject({ state: 'done' })
  const rows = await site.rows(['key', 'summary'])
  expect(
    rows
      .filter(([, summary]) => String(summary).startsWith('of '))
      .map(([key]) => key)
      .sort(),
  ).toEqual(['11', '12'])
  await other[Symbol.asyncDispose]()
}, 60_000)

test('settings that would do nothing, or would show a credential, are refused in words', async () => {
  const refused = async (config: Record<string, unknown>): Promise<string> => {
    const { status, body } = (await siteOf({ ...usual, path: '/v2/linked', ...config })).made
    expect([status, body.code]).toEqual([400, 'connector.unfit'])
    return body.detail
  }
  expect(await refused({ paging: { kind: 'page' } })).toBe('a place {page} is needed in `query` or `body`')
  expect(await refused({ cursor: byTime, query: { updated_since: '{sinse}' } })).toContain('{since}')
  expect(await refused({ path: 'tickets' })).toContain('path must be a path such as /tickets')
  expect(await refused({ path: '//evil.example/tickets' })).toContain('path must be')
  expect(await refused({ records: 'data.items' })).toContain('records must be a JSON pointer such as /data/items')
  expect(await refused({ headers: { Authorization: 'Bearer secret' } })).toContain('nor a credential')
  expect(await refused({ headers: { 'X-HTTP-Method-Override': 'DELETE' } })).toContain('headers')
  expect(await refused({ authorization: { header: 'Host' } })).toContain('authorization.header must be')
  expect(await refused({ paging: { kind: 'links' } })).toContain('paging')
  expect(await refused({ body: { a: 1 } })).toBe('`body` needs `method: POST`')
  expect(await refused({ fieldz: {} })).toContain('fieldz is not known here; did you mean `fields`?')
  expect(await refused({ limits: { pages: 0 } })).toContain('limits.pages')
}, 20_000)

test('an API that does not list the oldest change first, though its settings say so, is told before any is passed over', async () => {
  put(1, 25, (id) => T0 - id * MINUTE)
  const site = await siteOf({
    ...usual,
    ...WAYS[0]?.[1],
    query: { updated_since: '{since}', per_page: 10 },
    cursor: byTime,
  })
  const { state, failure, records } = await site.run()
  expect([state, failure.code, failure.message, records]).toEqual([
    ...['failed', 'connector.unfit', 'cursor.sorted is true, and the API does not list the oldest change first', 0],
  ])
}, 20_000)

test('what the papers show of settings is taken by their types', async () => {
  for (const { parse: read, example } of connectorTypes) read(example)
  const written = await Bun.file(new URL('../../examples/connector-rest.yaml', import.meta.url)).text()
  expect(connectorType('rest').parse(parse(written))).toMatchObject({ path: '/tickets', method: 'GET' })
}, 20_000)
