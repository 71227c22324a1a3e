/** /v1/runtimes: the Runtimes of a tenant as their heartbeats and inventories tell of them. */
import * as v from 'valibot'
import { ApiRoutes } from '../../server/mod.ts'
import { findRuntime, listRuntimes, type RuntimeView, runtimeView } from '../runtimes.ts'
import type { TenantRoom } from '../tenant-room.ts'

export type RuntimeRoutesDeps = Pick<TenantRoom, 'db' | 'clock' | 'heartbeatIntervalMs' | 'pings'>

/** More than is named here may be told: an older document describes a newer Platform. */
export const RuntimeJson = v.looseObject({
  id: v.string(),
  name: v.string(),
  state: v.picklist(['pending', 'running', 'late', 'stopped']),
  labels: v.record(v.string(), v.string()),
  version: v.string(),
  managementUrl: v.string(),
  bridgePort: v.number(),
  enrolledAt: v.string(),
  heartbeats: v.number(),
  lastHeartbeatAt: v.optional(v.string()),
})
const Named = v.object({ id: v.string() })

export async function runtimeViews(room: Omit<RuntimeRoutesDeps, 'pings'>): Promise<RuntimeView[]> {
  const rows = await listRuntimes(room.db)
  return rows.map((row) => runtimeView(row, room.clock.now(), room.heartbeatIntervalMs))
}

export function runtimeRoutes(room: RuntimeRoutesDeps): ApiRoutes {
  return new ApiRoutes('Runtimes')
    .get(
      '/',
      { summary: 'Every Runtime by name.', role: 'viewer', answer: v.object({ runtimes: v.array(RuntimeJson) }) },
      async () => ({ runtimes: await runtimeViews(room) }),
    )
    .get(
      '/:id',
      { summary: 'One Runtime, by id or name.', role: 'viewer', params: Named, answer: RuntimeJson },
      async ({ params }) =>
        runtimeView(await findRuntime(room.db, params.id), room.clock.now(), room.heartbeatIntervalMs),
    )
    .post(
      '/:id/ping',
      {
        summary: 'Asks a Runtime for its inventory, now.',
        role: 'operator',
        params: Named,
        answer: v.looseObject({ configurationHash: v.string() }),
      },
      async ({ params }) => room.pings.ping((await findRuntime(room.db, params.id)).id),
    )
}
