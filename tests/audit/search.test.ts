import { describe, expect, test } from 'bun:test'
import { SEARCH_LINES_MAX, type Trail } from '../../src/audit/mod.ts'
import { SEARCHED_LINES_MAX } from '../../src/audit/search.ts'
import { auditTrail } from '../../src/store/mod.ts'
import { openedTrail, type TrailTables } from '../support/audit/trail.ts'
import { slowTest } from '../support/quick.ts'

type Row = typeof auditTrail.$inferInsert

/** Lines as the trail has them, but for the hashes, which a search does not look at. */
async function fill(db: TrailTables, lines: number, of: (count: number) => Partial<Row> = () => ({})): Promise<void> {
  const row = { atMs: 1, actor: 'user:a', action: 'credential.set', subject: 'c', detail: '{}', hash: '' }
  const counts = Array.from({ length: lines }, (_, at) => at + 1)
  for (let from = 0; from < lines; from += 2_000) {
    const some = counts.slice(from, from + 2_000)
    await db.insert(auditTrail).values(some.map((count) => ({ ...row, ...of(count), count })))
  }
}

async function all(trail: Trail, query: Parameters<Trail['search']>[0]): Promise<number[]> {
  const found: number[] = []
  for (let before = query.before; ; ) {
    const { entries, next } = await trail.search({ ...query, before })
    found.push(...entries.map(({ count }) => count))
    if (next === undefined) return found
    before = next
  }
}

describe('search()', () => {
  test('gives the newest first, and by its cursor every line once', async () => {
    using opened = await openedTrail()
    await fill(opened.db, 25)
    const first = await opened.trail.search({ limit: 10 })
    expect(first.entries.map(({ count }) => count)).toEqual([25, 24, 23, 22, 21, 20, 19, 18, 17, 16])
    expect(first.next).toBe(16)
    expect(await all(opened.trail, { limit: 10 })).toEqual(Array.from({ length: 25 }, (_, at) => 25 - at))
    expect(await opened.trail.search({ limit: 25 })).not.toHaveProperty('next')
  })

  test('finds by who, what, to what and when, each alone and all together', async () => {
    using opened = await openedTrail()
    await fill(opened.db, 12, (count) => ({
      actor: count % 2 ? 'user:a' : 'user:b',
      action: ['credential.set', 'credential.removed', 'session.opened'][count % 3] ?? '',
      subject: `s${count % 4}`,
      atMs: count * 100,
    }))
    const { trail } = opened
    expect(await all(trail, { limit: 100, actor: 'user:b' })).toEqual([12, 10, 8, 6, 4, 2])
    expect(await all(trail, { limit: 100, action: 'session.opened' })).toEqual([11, 8, 5, 2])
    expect(await all(trail, { limit: 100, action: 'credential.*' })).toEqual([12, 10, 9, 7, 6, 4, 3, 1])
    expect(await all(trail, { limit: 100, subject: 's3' })).toEqual([11, 7, 3])
    expect(await all(trail, { limit: 100, sinceMs: 400, untilMs: 600 })).toEqual([6, 5, 4])
    expect(await all(trail, { limit: 100, actor: 'user:b', action: 'credential.*', sinceMs: 700 })).toEqual([12, 10])
    expect(await all(trail, { limit: 100, actor: 'nobody' })).toEqual([])
  })

  test('characters that patterns know stand for themselves', async () => {
    using opened = await openedTrail()
    await fill(opened.db, 2, (count) => ({ action: count === 1 ? 'a%b.c' : 'axb.c' }))
    expect(await all(opened.trail, { limit: 10, action: 'a%b.*' })).toEqual([1])
    expect(await all(opened.trail, { limit: 10, action: 'a_b.*' })).toEqual([])
  })

  test('a page has 1,000 lines at most', async () => {
    using opened = await openedTrail()
    await fill(opened.db, SEARCH_LINES_MAX + 1)
    expect((await opened.trail.search({ limit: 5_000 })).entries).toHaveLength(SEARCH_LINES_MAX)
  })

  slowTest(
    'one search looks at a bounded stretch and says where to go on, so that a rare line is still found',
    async () => {
      using opened = await openedTrail()
      await fill(opened.db, SEARCHED_LINES_MAX + 3, (count) => ({ actor: count === 2 ? 'user:rare' : 'user:a' }))
      const first = await opened.trail.search({ limit: 10, actor: 'user:rare' })
      expect(first).toEqual({ entries: [], next: 4 })
      expect(await all(opened.trail, { limit: 10, actor: 'user:rare' })).toEqual([2])
    },
  )

  test('lines that are missing do not end it', async () => {
    using opened = await openedTrail()
    await fill(opened.db, 3)
    await opened.db.insert(auditTrail).values({
      ...{ count: 70_000, atMs: 1, actor: 'user:a', action: 'a.b', subject: 'c', detail: '{}', hash: '' },
    })
    expect(await all(opened.trail, { limit: 2 })).toEqual([70_000, 3, 2, 1])
  })
})
