import { afterAll, beforeAll, beforeEach, describe, expect } from 'bun:test'
import { connectorHost } from '../support/connector-host.ts'
import { type ConnectorOf, connectorOf } from '../support/connectors.ts'
import { APP, type AppStoreDouble, appStoreDouble, ISSUER, KEY_ID, PRIVATE_KEY } from '../support/doubles/app-store.ts'
import { passingFaults, times } from '../support/doubles/double-server.ts'
import { isQuick, slowTest as test } from '../support/quick.ts'
import type { ManagementHost } from '../support/runtime/management-host.ts'

const T0 = Date.UTC(2026, 0, 2, 3, 4, 5)
const HOUR = 3_600_000
const DAY = 86_400_000

let host: ManagementHost
let store: AppStoreDouble
beforeAll(async () => {
  if (!isQuick) host = await connectorHost()
})
beforeEach(async () => {
  if (isQuick) return
  await store?.[Symbol.asyncDispose]()
  store = await appStoreDouble()
})
afterAll(async () => {
  await store?.[Symbol.asyncDispose]()
  await host?.[Symbol.asyncDispose]()
})

const put = (id: string, createdMs: number, more: object = {}) => store.reviews.set(id, { id, createdMs, ...more })
const ids = async (world: ConnectorOf) => (await world.rows(['id'])).map(([id]) => id).sort()

describe('a connector to App Store Connect', () => {
  const made = (config: object = {}) =>
    connectorOf(host, {
      ...{ type: 'app-store', shape: 'reviews', credential: { kind: 'key_pair', fields: { privateKey: PRIVATE_KEY } } },
      config: { app: APP, keyId: KEY_ID, issuerId: ISSUER, url: store.url, ca: store.ca, pageReviews: 10, ...config },
    })

  test('pulls every review with its reply, then only what is new or was changed within the days it looks back', async () => {
    for (let n = 1; n <= 35; n++) put(`r${n}`, T0 + n * DAY, { territory: n % 2 ? 'DEU' : 'USA' })
    put('r35', T0 + 35 * DAY, { reply: 'Thank you', rating: 1, title: 'Bad \ud83d', body: 'Worse' })
    const world = await made()
    expect(await world.run()).toMatchObject({
      state: 'done',
      records: 35,
      rowsTaken: 35,
      rowsRefused: 0,
      warnings: [],
    })
    const fields = [
      'id',
      'app',
      'store',
      'rating',
      'title',
      'text',
      'author',
      'country',
      'created_at',
      'reply',
      'replied_at',
    ]
    expect((await world.rows(fields)).find(([id]) => id === 'r35')).toEqual([
      ...['r35', APP, 'app-store', 1, 'Bad \ufffd', 'Worse', 'Nick of r35', 'DEU'],
      ...[new Date(T0 + 35 * DAY).toISOString(), 'Thank you', '2026-01-05T16:00:00.000Z'],
    ])
    const asked = store.asked.length
    expect(await world.run()).toMatchObject({ state: 'done', pages: 0, records: 0 })
    // Thirty days back and one page more at most, not all.
    expect(store.asked.length - asked).toBeLessThanOrEqual(4)
    put('r36', T0 + 36 * DAY)
    put('r20', T0 + 20 * DAY, { reply: 'Late', territory: 'USA' })
    expect(await world.run()).toMatchObject({ state: 'done', records: 2, rowsReplaced: 1 })
    expect(await ids(world)).toHaveLength(36)
    const other = await made({ territories: ['usa'] })
    await other.run()
    expect((await other.rows(['country'])).every(([country]) => country === 'USA')).toBe(true)
  })

  test('goes on where it was cut off, since what comes first is the newest, and begins anew at a place that is known no more', async () => {
    for (let n = 1; n <= 40; n++) put(`r${n}`, T0 + n * HOUR)
    const world = await made()
    const gone = () => new Response('{}', { status: 403 })
    let pages = 0
    store.faults = [({ path }) => (path.endsWith('/customerReviews') && ++pages === 3 ? gone() : undefined)]
    expect(await world.run()).toMatchObject({
      state: 'failed',
      failure: { code: 'connector.site_forbade' },
      records: 20,
    })
    put('r41', T0 + 41 * HOUR)
    expect(await world.run()).toMatchObject({ state: 'done', records: 20 })
    expect(await world.run()).toMatchObject({ state: 'done', records: 1 })
    expect(await ids(world)).toHaveLength(41)
    const cursor = (next: string) => ({ cursor: { seen: [], pass: { newestMs: T0, next } } })
    const old = `${store.url}/v1/apps/1/customerReviews?cursor=old`
    expect((await world.ask('PUT', `${world.path}/cursor`, cursor(old))).status).toBe(204)
    expect(await world.run()).toMatchObject({ state: 'done', records: 41, rowsReplaced: 41 })
    // A place at another host is none.
    await world.ask('PUT', `${world.path}/cursor`, cursor('https://evil.example/v1/apps'))
    expect(await world.run()).toMatchObject({ state: 'done', records: 41 })
    await world.ask('PUT', `${world.path}/cursor`, { cursor: { seen: 'all' } })
    expect(await world.run()).toMatchObject({ state: 'failed', failure: { code: 'connector.unfit' } })
  })

  test('signs by the clock of the store, waits as it asks, and loses nothing by faults', async () => {
    for (let n = 1; n <= 30; n++) put(`r${n}`, T0 + n * HOUR)
    store.skewMs = -2 * HOUR
    const world = await made()
    const { body } = await world.ask('POST', `${world.path}/check`)
    expect(body.said).toEqual([
      'The app is Example.',
      expect.stringMatching(/^The newest review is of 2026-01-0[23]T/),
      expect.stringMatching(/^The site’s clock is 7\d{3} s behind this one\./),
    ])
    store.faults = passingFaults(store, '/customerReviews')
    expect(await world.run()).toMatchObject({ state: 'done', records: 30 })
    expect(await ids(world)).toHaveLength(30)
    store.faults = []
    store.skewMs = 3 * HOUR
    expect(await world.run()).toMatchObject({ state: 'done' })
  }, 20_000)

  test('removes reviews that are gone, and none that only slipped out of a page or that all seem to be gone at once', async () => {
    for (let n = 1; n <= 50; n++) put(`r${n}`, T0 + n * HOUR)
    const world = await made({ deletions: 'every-run' })
    expect(await world.run()).toMatchObject({ state: 'done', removed: 0 })
    store.reviews.delete('r3')
    store.slipped.add('r4')
    expect(await world.run()).toMatchObject({ state: 'done', removed: 1 })
    expect(await ids(world)).toHaveLength(49)
    for (let n = 10; n <= 45; n++) store.reviews.delete(`r${n}`)
    const run = await world.run()
    expect([run.removed, run.warnings.map(({ code }: { code: string }) => code)]).toEqual([
      0,
      ['connector.removals_implausible'],
    ])
  })

  test('is not approved by another key, and told what is wrong with an answer that is none', async () => {
    put('r1', T0)
    const world = await made()
    const ends = async (...faults: AppStoreDouble['faults']) => {
      store.faults = faults
      await world.ask('PUT', `${world.path}/cursor`, { cursor: null })
      const { state, failure } = await world.run()
      return [state, failure?.code]
    }
    const page = (more: object) => () => Response.json({ data: [], ...more })
    expect(await ends(times(9, page({ data: [{ id: 'x' }] })))).toEqual(['failed', 'connector.answer_odd'])
    expect(await ends(times(9, page({ data: [{ id: 'a\nb', attributes: {} }] })))).toEqual([
      'failed',
      'connector.answer_odd',
    ])
    expect(await ends(times(9, page({ links: { next: `${store.url}/v1/x` } })))).toEqual([
      'failed',
      'connector.pages_endless',
    ])
    const circle = page({ data: [{ id: 'a', attributes: {} }], links: { next: `${store.url}/v1/x` } })
    expect(await ends(times(9, circle))).toEqual(['failed', 'connector.pages_endless'])
    const away = page({ data: [{ id: 'a', attributes: {} }], links: { next: 'https://evil.example/v1/x' } })
    expect(await ends(times(9, away))).toEqual(['failed', 'connector.redirected'])
    store.faults = []
    const { body } = await (await made({ keyId: 'OTHERKEY99' })).ask('GET', '/v1/credentials')
    expect(JSON.stringify(body)).not.toContain('PRIVATE')
    const stranger = await made({ keyId: 'OTHERKEY99' })
    expect(await stranger.run()).toMatchObject({ state: 'failed', failure: { code: 'connector.credential_refused' } })
  })
})

describe('a connector to the feeds of the App Store', () => {
  const made = (config: object = {}) =>
    connectorOf(host, {
      ...{ type: 'app-store-feed', shape: 'reviews' },
      config: { app: APP, countries: ['de', 'us'], url: store.url, ca: store.ca, ...config },
    })

  test('pulls the newest 500 of each country without signing in, then what is new, and passes over the app itself', async () => {
    for (let n = 1; n <= 510; n++) put(`de${n}`, T0 + n * HOUR, { territory: 'DE' })
    put('us1', T0, { territory: 'US', rating: 2 })
    const world = await made()
    expect(world.made.body.state).toBe('ready')
    expect(await world.run()).toMatchObject({ state: 'done', records: 501, rowsTaken: 501, warnings: [] })
    const fields = ['id', 'country', 'rating', 'version', 'author', 'text', 'created_at', 'fields']
    expect((await world.rows(fields)).find(([id]) => id === 'us1')).toEqual([
      ...['us1', 'US', 2, '1.2', 'Nick of us1', 'Text of us1', new Date(T0).toISOString()],
      { votes: '3', votes_helpful: '2' },
    ])
    expect(await world.run()).toMatchObject({ state: 'done', pages: 0 })
    put('us1', T0 + DAY, { territory: 'US', rating: 5 })
    expect(await world.run()).toMatchObject({ state: 'done', records: 1, rowsReplaced: 1 })
    expect((await world.rows(['id', 'rating'])).find(([id]) => id === 'us1')).toEqual(['us1', 5])
    expect(store.asked.every(({ headers }) => !headers.has('authorization'))).toBe(true)
  })

  test('waits and tries again as the store asks, and takes no credential', async () => {
    for (let n = 1; n <= 60; n++) put(`de${n}`, T0 + n * HOUR, { territory: 'DE' })
    const world = await made()
    store.faults = passingFaults(store, '/rss/')
    expect(await world.run()).toMatchObject({ state: 'done', records: 60 })
    store.faults = [times(9, () => Response.json({ feed: { entry: 'nothing' } }))]
    expect(await world.run()).toMatchObject({ state: 'failed', failure: { code: 'connector.answer_odd' } })
    const lent = await connectorOf(host, {
      ...{ type: 'app-store-feed', shape: 'reviews', credential: { kind: 'token', fields: { token: 'secret' } } },
      config: { app: APP },
    })
    expect(lent.made.body.code).toBe('connector.credential_unfit')
    const letters = Array.from({ length: 21 }, (_, n) => `A${String.fromCharCode(65 + n)}`)
    expect((await made({ countries: letters })).made.body.code).toBe('connector.unfit')
    expect((await made({ countries: letters.slice(1) })).made.status).toBe(201)
  }, 20_000)
})
