/** /v1/runtimes */
import { Hono } from 'hono'
import { requireRole } from '../../accounts/mod.ts'
import { findRuntime, listRuntimes, type RuntimeView, runtimeView } from '../runtimes.ts'
import type { TenantRoom } from '../tenant-room.ts'
import type { Env } from './variables.ts'

export async function runtimeViews(room: TenantRoom): Promise<RuntimeView[]> {
  const rows = await listRuntimes(room.db)
  return rows.map((row) => runtimeView(row, room.clock.now(), room.heartbeatIntervalMs))
}

export function runtimeRoutes(room: TenantRoom): Hono<Env> {
  return new Hono<Env>()
    .get('/', async (c) => c.json({ runtimes: await runtimeViews(room) }))
    .get('/:id', async (c) => {
      const row = await findRuntime(room.db, c.req.param('id'))
      return c.json(runtimeView(row, room.clock.now(), room.heartbeatIntervalMs))
    })
    .post('/:id/ping', requireRole('operator'), async (c) => {
      const { id } = await findRuntime(room.db, c.req.param('id'))
      return c.json(await room.pings.ping(id))
    })
}
