import { afterAll, beforeAll, beforeEach, expect } from 'bun:test'
import { connectorHost } from '../support/connector-host.ts'
import { type ConnectorWorld, connectorWorld } from '../support/connectors.ts'
import { passingFaults, times } from '../support/doubles/double-server.ts'
import { type JiraDouble, jiraDouble } from '../support/doubles/jira.ts'
import { describeSlow as describe, isQuick, slowTest as test } from '../support/quick.ts'
import type { ManagementHost } from '../support/runtime/management-host.ts'

const T0 = Date.UTC(2026, 0, 2, 3, 4, 5)
const MINUTE = 60_000

let host: ManagementHost
beforeAll(async () => {
  if (!isQuick) host = await connectorHost()
})
afterAll(async () => {
  await host?.[Symbol.asyncDispose]()
})

describe.each(['cloud', 'data-center'] as const)('a connector to what is around the issues of Jira, %s', (edition) => {
  let jira: JiraDouble
  let world: ConnectorWorld
  beforeEach(async () => {
    await jira?.[Symbol.asyncDispose]()
    jira = await jiraDouble(edition)
    world = await connectorWorld(host, jira, edition)
  })
  afterAll(async () => {
    await jira?.[Symbol.asyncDispose]()
  })
  const rows = async (fields: string[]) =>
    (
      await world.ask('POST', `/v1/data-tenants/${world.tenant}/datasets/${world.dataset}/query`, {
        ...{ fields, limit: 1_000, sort: [{ field: 'key' }] },
      })
    ).body.rows
  const comment = (id: number, body = `text ${id}`) => ({ id: String(id), body, createdMs: T0 + id })

  test('pulls all comments of an issue, of which a search gives the first alone; then those of issues that were updated', async () => {
    for (let n = 1; n <= 12; n++) jira.put({ key: `ABC-${n}`, updatedMs: T0 + n * MINUTE })
    jira.around.comments.set(
      'ABC-1',
      Array.from({ length: 45 }, (_, n) => comment(100 + n)),
    )
    jira.around.comments.set('ABC-2', [{ ...comment(200), author: 'Mo Example' }])
    await world.make('comments', { config: { objects: 'comments', pageIssues: 5, deletions: 'daily' } })
    expect(await world.run('comments')).toMatchObject({ state: 'done', records: 46, rowsRefused: 0, warnings: [] })
    expect((await rows(['key', 'type', 'parent', 'project', 'description', 'reporter', 'created_at'])).at(-1)).toEqual([
      ...['comment-200', 'comment', 'ABC-2', 'ABC', 'text 200', 'Mo Example', new Date(T0 + 200).toISOString()],
    ])
    const asked = jira.asked.length
    expect(await world.run('comments')).toMatchObject({ state: 'done', pages: 0 })
    expect(jira.asked.slice(asked).filter(({ path }) => path.endsWith('/comment'))).toEqual([])
    jira.around.comments.set('ABC-2', [comment(200, 'edited'), comment(201)])
    jira.around.comments.get('ABC-1')?.splice(0, 1)
    jira.put({ key: 'ABC-2', updatedMs: T0 + 30 * MINUTE }, { key: 'ABC-1', updatedMs: T0 + 31 * MINUTE })
    expect(await world.run('comments')).toMatchObject({ state: 'done', records: 46, removed: 1 })
    const found = Object.fromEntries(await rows(['key', 'description']))
    expect([Object.keys(found).length, found['comment-200'], found['comment-100']]).toEqual([46, 'edited', undefined])
  })

  test('pulls worklogs and changes, by time and by what became of which field', async () => {
    jira.put({ key: 'ABC-1', updatedMs: T0 }, { key: 'XYZ-1', updatedMs: T0 })
    jira.around.worklogs.set('ABC-1', [{ id: '7', comment: 'dug', seconds: 3_600, createdMs: T0 }])
    jira.around.histories.set(
      'ABC-1',
      Array.from({ length: 30 }, (_, n) => ({
        id: String(n),
        field: 'status',
        from: 'Open',
        to: `S${n}`,
        createdMs: T0 + n,
      })),
    )
    await world.make('work', { config: { objects: 'worklogs' } })
    expect(await world.run('work')).toMatchObject({ state: 'done', records: 1 })
    expect(await rows(['key', 'description', 'fields'])).toEqual([
      ['worklog-7', 'dug', { seconds_spent: 3_600, started_at: new Date(T0).toISOString() }],
    ])
    await world.make('changes', { config: { objects: 'changelogs' } })
    expect(await world.run('changes')).toMatchObject({ state: 'done', records: 30 })
    expect(Object.fromEntries(await rows(['key', 'summary']))['change-29']).toBe('status: Open → S29')
  })

  test('lists projects, versions, boards, sprints, users and fields, takes what has changed, and removes what is gone', async () => {
    jira.around.projects = [
      { key: 'ABC', name: 'Abc' },
      { key: 'XYZ', name: 'Xyz' },
    ]
    jira.around.versions.set('ABC', [
      { id: '1', name: '1.0', released: true },
      { id: '2', name: '2.0' },
    ])
    jira.around.boards = [
      ...Array.from({ length: 23 }, (_, n) => ({
        id: n + 1,
        name: `B${n + 1}`,
        type: 'kanban' as const,
        project: 'ABC',
      })),
      { id: 30, name: 'Scrum', type: 'scrum', project: 'ABC' },
      { id: 31, name: 'Scrum too', type: 'scrum', project: 'ABC' },
    ]
    jira.around.sprints.set(30, [{ id: 5, name: 'Sprint 5', state: 'active' }])
    jira.around.sprints.set(31, [{ id: 5, name: 'Sprint 5', state: 'active' }])
    jira.around.users = Array.from({ length: 25 }, (_, n) => ({ id: `u${n}`, name: `User ${n}` }))
    const counts: Record<string, number> = {}
    for (const objects of ['projects', 'versions', 'boards', 'sprints', 'users', 'fields']) {
      await world.make(objects, { config: { objects, deletions: 'every-run' } })
      const run = await world.run(objects)
      counts[objects] = run.records
      expect([objects, run.state, run.rowsRefused, run.failure]).toEqual([objects, 'done', 0, null])
      expect([objects, (await world.run(objects)).pages]).toEqual([objects, 0])
    }
    expect(counts).toEqual({ projects: 1, versions: 2, boards: 25, sprints: 1, users: 25, fields: 5 })
    const found = Object.fromEntries(
      (await rows(['key', 'summary', 'status'])).map(([key, ...rest]: string[]) => [key, rest]),
    )
    expect(found['version-1']).toEqual(['1.0', 'released'])
    expect(found['sprint-5']).toEqual(['Sprint 5', 'active'])
    expect(found['user-u3']).toEqual(['User 3', 'active'])
    jira.around.sprints.set(30, [{ id: 5, name: 'Sprint 5', state: 'closed' }])
    jira.around.versions.set('ABC', [{ id: '2', name: '2.0' }])
    expect(await world.run('sprints')).toMatchObject({ records: 1, rowsReplaced: 1, removed: 0 })
    expect(await world.run('versions')).toMatchObject({ records: 0, removed: 1 })
    // What comes back is taken anew.
    jira.around.versions.set('ABC', [
      { id: '1', name: '1.0', released: true },
      { id: '2', name: '2.0' },
    ])
    expect(await world.run('versions')).toMatchObject({ records: 1, removed: 0 })
  }, 30_000)

  test('goes on behind the last page of issues when it was cut off, and tells of answers that are none', async () => {
    for (let n = 1; n <= 15; n++) {
      jira.put({ key: `ABC-${n}`, updatedMs: T0 + n * MINUTE })
      jira.around.comments.set(`ABC-${n}`, [comment(n)])
    }
    await world.make('comments', { config: { objects: 'comments', pageIssues: 5 } })
    let comments = 0
    const forbids = ({ path }: { path: string }) =>
      path.endsWith('/comment') && ++comments === 8 ? new Response('{}', { status: 403 }) : undefined
    jira.faults = [forbids]
    expect(await world.run('comments')).toMatchObject({ state: 'failed', records: 5 })
    jira.faults = passingFaults(jira, '/comment')
    expect(await world.run('comments')).toMatchObject({ state: 'done', records: 10 })
    expect(await rows(['key'])).toHaveLength(15)
    const ends = async (make: () => Response) => {
      jira.put({ key: 'ABC-1', updatedMs: T0 + 99 * MINUTE + comments++ * MINUTE })
      jira.faults = [times(50, make, '/comment')]
      const { state, failure } = await world.run('comments')
      return [state, failure?.code]
    }
    expect(await ends(() => Response.json({ comments: [{ body: 'without an id' }] }))).toContain('connector.answer_odd')
    expect(await ends(() => Response.json({ comments: [], total: 1_000_000 }))).toEqual(['done', undefined])
    // An issue that was removed since it was found has nothing any more.
    expect(await ends(() => new Response('{}', { status: 404 }))).toEqual(['done', undefined])
  }, 20_000)
})
