import { expect, test } from 'bun:test'
import { LIVE_STREAMS_OF_ONE_MAX } from '../../src/web/live.ts'
import { type ManagementHost, managementHost, ORIGIN } from '../support/runtime/management-host.ts'

const watch = (host: ManagementHost, headers: Record<string, string>): Promise<Response> =>
  Promise.resolve(
    host.app.fetch(new Request(`${ORIGIN}/logs/live`, { headers }), { peer: { address: '192.0.2.1', port: 40_000 } }),
  )

test('one viewer holds so many live pages, whatever tokens they were opened with, and an owner has theirs all the same', async () => {
  await using host = await managementHost()
  const { id: user } = await host.accounts.createUser({ name: 'watcher', role: 'viewer' })
  const token = async (name: string) =>
    (await host.accounts.createApiToken({ user, name, expires: Date.now() + 3_600_000 })).token
  const tokens = [await token('one'), await token('two')]
  const opened: Response[] = []
  for (let n = 0; n <= LIVE_STREAMS_OF_ONE_MAX; n++) {
    opened.push(await watch(host, { authorization: `Bearer ${tokens[n % 2]}` }))
  }
  expect(opened.map(({ status }) => status)).toEqual([...Array(LIVE_STREAMS_OF_ONE_MAX).fill(200), 429])
  const owners = await watch(host, { cookie: await host.sessionFor('owner') })
  expect(owners.status).toBe(200)
  await Promise.all([...opened, owners].map(({ body }) => body?.cancel()))
})
