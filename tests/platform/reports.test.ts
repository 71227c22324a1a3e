import { expect, test } from 'bun:test'
import { Hono } from 'hono'
import { rfc3339 } from '../../src/base/mod.ts'
import { LOG_LINES_MAX, queryLogs, takeLogs } from '../../src/platform/reports/logs.ts'
import { HISTORY, historyOf, statusOf, takeStatus, thinHistory } from '../../src/platform/reports/status.ts'
import { notAhead } from '../../src/platform/reports/streams.ts'
import { reportRoutes } from '../../src/platform/routes/reports.ts'
import type { PersonEnv, Site } from '../../src/server/mod.ts'
import { type AuditLog, type DeploymentStatus, ENTRIES_MAX } from '../../src/wire/mod.ts'
import { tenantStore } from '../support/platform/tenant-store.ts'
import { DEPLOYMENT, FakeClock, RUNTIME, STRANGER, T0 } from '../support/wire/parties.ts'

const statusAt = (atMs: number, version = 1): DeploymentStatus => ({
  ...{ at: rfc3339(atMs), deployment: DEPLOYMENT, version, state: 'running', reasons: [], components: [], bridges: [] },
})
const line = (level: AuditLog['level']): AuditLog => ({
  at: rfc3339(T0),
  deployment: DEPLOYMENT,
  level,
  template: 'a.b',
  fields: {},
})

test('the newest status is kept whole, its history one a minute and one an hour', async () => {
  await using made = await tenantStore()
  const { db } = made
  const entries = Array.from({ length: 130 }, (_, index) => statusAt(T0 + index * 30_000, index + 1))
  expect(await takeStatus(db, RUNTIME, { first: 1, entries })).toBe(130)
  expect((await statusOf(db, DEPLOYMENT)).get(RUNTIME)?.version).toBe(130)
  const minutes = await historyOf(db, DEPLOYMENT, { sinceMs: T0, stepMs: HISTORY.minute.stepMs })
  expect(minutes.map(({ status }) => status.version)).toEqual(Array.from({ length: 65 }, (_, index) => (index + 1) * 2))
  const hours = await historyOf(db, DEPLOYMENT, { sinceMs: T0, stepMs: HISTORY.hour.stepMs })
  expect(hours.map(({ status }) => status.version)).toEqual([120, 130])
})

test('thinning removes minutes after two days and hours after 400 days, and nothing before', async () => {
  await using made = await tenantStore()
  const { db } = made
  const clock = new FakeClock(T0)
  await takeStatus(db, RUNTIME, { first: 1, entries: [statusAt(T0)] })
  const kept = async () => {
    await thinHistory(db, clock)
    const [minutes, hours] = [HISTORY.minute, HISTORY.hour].map(({ stepMs }) =>
      historyOf(db, DEPLOYMENT, { sinceMs: 0, stepMs }),
    )
    return [(await minutes)?.length, (await hours)?.length]
  }
  clock.advance(HISTORY.minute.keptMs)
  expect(await kept()).toEqual([1, 1])
  clock.advance(1)
  expect(await kept()).toEqual([0, 1])
  clock.advance(HISTORY.hour.keptMs - HISTORY.minute.keptMs)
  expect(await kept()).toEqual([0, 0])
})

test('streams of two Runtimes, and two streams of one, have positions of their own', async () => {
  await using made = await tenantStore()
  const { db } = made
  expect(await takeLogs(db, RUNTIME, { first: 1, entries: [line('info')] })).toBe(1)
  expect(await takeLogs(db, STRANGER, { first: 1, entries: [line('info'), line('info')] })).toBe(2)
  expect(await takeStatus(db, RUNTIME, { first: 1, entries: [statusAt(T0)] })).toBe(1)
  expect(await takeLogs(db, RUNTIME, { first: 1, entries: [line('info'), line('error')] })).toBe(2)
  expect((await queryLogs(db, { runtime: RUNTIME, limit: 10 })).map(({ level }) => level)).toEqual(['info', 'error'])
})

test('a page of logs never has more lines than its bound, and pages join without a gap', async () => {
  await using made = await tenantStore()
  const { db } = made
  const entries = Array.from({ length: ENTRIES_MAX }, () => line('info'))
  for (let first = 1; first <= LOG_LINES_MAX; first += ENTRIES_MAX) await takeLogs(db, RUNTIME, { first, entries })
  const newest = await queryLogs(db, { limit: LOG_LINES_MAX + 1 })
  expect(newest).toHaveLength(LOG_LINES_MAX)
  const [oldest] = newest
  const before = await queryLogs(db, { before: oldest?.sequence ?? 0, limit: LOG_LINES_MAX })
  expect(before).toHaveLength(1_024 - LOG_LINES_MAX)
  const after = await queryLogs(db, { after: before.at(-1)?.sequence ?? 0, limit: 2 })
  expect(after.map(({ sequence }) => sequence)).toEqual(newest.slice(0, 2).map(({ sequence }) => sequence))
})

test('the log is followed: the newest lines that match, then each that comes, and on from where a reader was', async () => {
  await using made = await tenantStore()
  const { db } = made
  const feeds: Parameters<Site['follow']>[1][] = []
  const follow: Site['follow'] = (_c, feed) => {
    feeds.push(feed)
    return new Response()
  }
  const about = { tenant: 'ten_x' as const, tenantName: 'x', heartbeatIntervalMs: 10_000 }
  const app = new Hono<PersonEnv>()
  app.use('*', (c, next) => {
    c.set('user', { id: 'usr_1', name: 'ann', role: 'viewer', via: 'session' } as never)
    return next()
  })
  app.route('/', reportRoutes({ ...about, db, clock: new FakeClock(T0) }, { follow }).hono)
  const begin = async (query: string, headers: Record<string, string> = {}) => {
    await app.request(`/logs?${query}`, { headers: { accept: 'text/event-stream', ...headers } })
    const next = feeds.at(-1)?.next
    return async () => (await next?.())?.events.map(({ id, data }) => `${id} ${JSON.parse(data).level}`)
  }
  const fresh = await begin('limit=2')
  expect(await fresh()).toEqual([])
  await takeLogs(db, RUNTIME, { first: 1, entries: [line('info'), line('error'), line('info')] })
  expect(await fresh()).toEqual(['1 info', '2 error', '3 info'])
  expect(await fresh()).toEqual([])
  expect(await (await begin('limit=2'))()).toEqual(['2 error', '3 info'])
  expect(await (await begin('after=1', { 'last-event-id': '2' }))()).toEqual(['3 info'])
  expect(await (await begin('level=error'))()).toEqual(['2 error'])
  expect((await app.request('/logs?limit=1')).headers.get('content-type')).toContain('application/json')
})

test('what a Runtime tells of times to come is taken as of now, so that no thinning misses it; what is late stays late', async () => {
  await using made = await tenantStore()
  const { db } = made
  const clock = new FakeClock(T0)
  const entries = [statusAt(T0 - HISTORY.minute.stepMs), statusAt(T0 + 50 * 365 * 86_400_000)]
  await takeStatus(db, RUNTIME, notAhead({ first: 1, entries }, clock.now()))
  const minutes = await historyOf(db, DEPLOYMENT, { sinceMs: 0, stepMs: HISTORY.minute.stepMs })
  expect(minutes.map(({ status }) => status.at)).toEqual([rfc3339(T0 - HISTORY.minute.stepMs), rfc3339(T0)])
  clock.advance(HISTORY.hour.keptMs + HISTORY.hour.stepMs)
  await thinHistory(db, clock)
  expect(await historyOf(db, DEPLOYMENT, { sinceMs: 0, stepMs: HISTORY.hour.stepMs })).toEqual([])
  await takeLogs(db, RUNTIME, notAhead({ first: 1, entries: [{ ...line('info'), at: rfc3339(T0 + 1) }] }, T0))
  expect((await queryLogs(db, { limit: 1 }))[0]?.at).toBe(rfc3339(T0))
})
