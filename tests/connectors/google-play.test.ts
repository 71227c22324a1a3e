import { afterAll, beforeAll, beforeEach, expect } from 'bun:test'
import { systemClock } from '../../src/base/mod.ts'
import { approvalDigest } from '../../src/connectors/mod.ts'
import { connectorHost } from '../support/connector-host.ts'
import { connectorOf } from '../support/connectors.ts'
import { passingFaults, times } from '../support/doubles/double-server.ts'
import { type GooglePlayDouble, googlePlayDouble, PACKAGE, SERVICE_ACCOUNT } from '../support/doubles/google-play.ts'
import { isQuick, slowTest as test } from '../support/quick.ts'
import type { ManagementHost } from '../support/runtime/management-host.ts'

const HOUR = 3_600_000
const DAY = 86_400_000

let host: ManagementHost
let play: GooglePlayDouble
beforeAll(async () => {
  if (!isQuick) host = await connectorHost({ clock: systemClock })
})
beforeEach(async () => {
  if (isQuick) return
  await play?.[Symbol.asyncDispose]()
  play = await googlePlayDouble()
})
afterAll(async () => {
  await play?.[Symbol.asyncDispose]()
  await host?.[Symbol.asyncDispose]()
})

const put = (id: string, ageMs: number, more: object = {}) =>
  play.reviews.set(id, { id, changedMs: Date.now() - ageMs, ...more })
const made = (config: object = {}, fields: Record<string, string> = { serviceAccount: SERVICE_ACCOUNT }) =>
  connectorOf(host, {
    ...{ type: 'google-play', shape: 'reviews', credential: { kind: 'fields', fields } },
    config: {
      ...{ app: PACKAGE, url: play.api.url, tokenUrl: `${play.door.url}/token`, ca: play.api.ca, pageReviews: 10 },
      ...config,
    },
  })

test('pulls the last week with titles and replies, then only what was written or changed, and keeps what is shown no more', async () => {
  for (let n = 1; n <= 35; n++) put(`gp:${n}`, n * HOUR)
  put('gp:1', HOUR, { text: 'Slow\tIt takes \ud83d long', reply: 'Sorry', rating: 2 })
  const world = await made()
  expect(await world.run()).toMatchObject({ state: 'done', records: 35, rowsTaken: 35, rowsRefused: 0, warnings: [] })
  const fields = ['id', 'app', 'store', 'rating', 'title', 'text', 'author', 'version', 'language', 'device', 'reply']
  expect((await world.rows(fields)).find(([id]) => id === 'gp:1')).toEqual([
    ...['gp:1', PACKAGE, 'google-play', 2, 'Slow', 'It takes \ufffd long', 'Name of gp:1', '1.2', 'de'],
    ...['shiba (Pixel 8)', 'Sorry'],
  ])
  expect(await world.run()).toMatchObject({ state: 'done', pages: 0, records: 0 })
  put('gp:36', 0)
  put('gp:9', 0, { rating: 1, reply: 'Oh' })
  play.reviews.delete('gp:35')
  expect(await world.run()).toMatchObject({ state: 'done', records: 2, rowsReplaced: 1, removed: 0 })
  expect(await world.rows(['id'])).toHaveLength(36)
})

test('an owner agrees to both hosts, and what is signed goes to no other', async () => {
  put('gp:1', HOUR)
  const world = await made()
  const hosts = [play.api, play.door].map(({ url }) => new URL(url).host)
  expect(world.made.body).toMatchObject({ host: hosts.join(', '), state: 'ready' })
  await world.run()
  // The API sees the token alone, and the door what was signed for it.
  expect(play.api.asked.every(({ headers }) => headers.get('authorization')?.startsWith('Bearer ya29.'))).toBe(true)
  expect(play.door.asked.map(({ headers, path }) => [headers.get('authorization'), path])).toEqual([[null, '/token']])
  const digestOf = (tokenUrl: string) =>
    approvalDigest({
      ...{ type: 'google-play', credential: 'play', network: 'public' },
      config: { app: PACKAGE, tokenUrl },
    })
  const agreed = await digestOf('https://oauth2.googleapis.com/token')
  expect([await digestOf('https://oauth2.googleapis.com/other'), await digestOf('https://evil.example/token')]).toEqual(
    [agreed, expect.not.stringMatching(agreed)],
  )
  // The owner's rules for hosts hold for both.
  const { policy } = host.state.rules
  await host.state.rules.set({ ...policy, hosts: [hosts[0] ?? ''] }, 'user:owner')
  const refused = await world.ask('POST', `${world.path}/run`)
  await host.state.rules.set(policy, 'user:owner')
  expect([refused.body.code, refused.body.detail]).toEqual([
    'connector.host_forbidden',
    expect.stringContaining(hosts[1] ?? ''),
  ])
  const away = { ...world.made.body.config, tokenUrl: `${play.door.url}/away` }
  await world.ask('PATCH', world.path, { config: away })
  play.door.faults = [times(1, () => new Response('', { status: 307, headers: { location: 'https://evil.example/' } }))]
  expect((await world.run()).failure).toMatchObject({ code: 'connector.site_refused' })
})

test('signs in anew when its token ends or is taken back, and by the clock of Google', async () => {
  for (let n = 1; n <= 30; n++) put(`gp:${n}`, n * HOUR)
  play.door.skewMs = play.api.skewMs = -3 * HOUR
  play.expiresIn = 30
  const world = await made()
  expect(await world.run()).toMatchObject({ state: 'done', records: 30 })
  // A token of half a minute is good for one request.
  expect(play.tokens.size).toBeGreaterThanOrEqual(3)
  play.expiresIn = 3_599
  let pages = 0
  play.api.faults = [() => void (++pages === 2 && play.tokens.clear())]
  put('gp:31', 0)
  expect(await world.run()).toMatchObject({ state: 'done', records: 1 })
  play.api.faults = [({ path }) => (path.endsWith('/reviews') ? void play.tokens.clear() : undefined)]
  expect(await world.run()).toMatchObject({ state: 'failed', failure: { code: 'connector.credential_refused' } })
})

test('waits as both hosts ask, and loses nothing by faults', async () => {
  for (let n = 1; n <= 30; n++) put(`gp:${n}`, n * HOUR)
  const world = await made()
  play.api.faults = passingFaults(play.api, '/reviews')
  play.door.faults = [times(2, () => new Response('{}', { status: 503, headers: { 'retry-after': '0' } }))]
  expect(await world.run()).toMatchObject({ state: 'done', records: 30 })
  expect(await world.rows(['id'])).toHaveLength(30)
}, 20_000)

test('tells when more than a week lies between two whole runs', async () => {
  put('gp:1', HOUR)
  const world = await made()
  const wholeAtMs = Date.now() - 9 * DAY
  await world.ask('PUT', `${world.path}/cursor`, { cursor: { wholeAtMs, seen: [] } })
  const { state, warnings } = await world.run()
  expect([state, warnings]).toEqual([
    'done',
    [{ code: 'connector.reviews_missed', message: expect.stringContaining('9 days ago') }],
  ])
  expect(await world.run()).toMatchObject({ warnings: [] })
})

test('what is no service account, no token and no page of reviews is told by its code, and nothing of it repeated', async () => {
  put('gp:1', HOUR)
  for (const serviceAccount of [
    '{"client_email": "a@b", "private_key": "hush-hush"}',
    'hush-hush',
    JSON.stringify({ ...JSON.parse(SERVICE_ACCOUNT), client_email: 7, private_key: 'hush-hush' }),
  ]) {
    const run = await (await made({}, { serviceAccount })).run()
    expect([run.failure.code, JSON.stringify(run).includes('hush')]).toEqual(['connector.credential_unfit', false])
  }
  const stranger = JSON.stringify({ ...JSON.parse(SERVICE_ACCOUNT), client_email: 'other@example' })
  const refused = await (await made({}, { serviceAccount: stranger })).run()
  expect(refused.failure).toMatchObject({ code: 'connector.site_refused' })
  const world = await made()
  const ends = async (...faults: GooglePlayDouble['api']['faults']) => {
    play.api.faults = faults
    const { state, failure } = await world.run()
    return [state, failure?.code]
  }
  expect(await ends(times(1, () => Response.json({ reviews: 'none' })))).toEqual(['failed', 'connector.answer_odd'])
  expect(await ends(times(1, () => Response.json({ reviews: [{ reviewId: '' }] })))).toContain('connector.answer_odd')
  const circle = () => Response.json({ tokenPagination: { nextPageToken: 'again' } })
  expect(await ends(times(9, circle))).toEqual(['failed', 'connector.pages_endless'])
  play.door.faults = [times(1, () => Response.json({ access_token: 'a\r\nx: y' }))]
  expect(await ends()).toEqual(['failed', 'connector.answer_odd'])
  expect(await ends(times(1, () => Response.json({})))).toEqual(['done', undefined])
})
