/** What Runtimes tell the Platform: heartbeats, audit logs, status. Each handler gets what was verified and parsed. */
import { type Clock, rfc3339 } from '../../base/mod.ts'
import { exchanges, type Handler, handle } from '../../wire/mod.ts'
import type { TenantStore } from '../database.ts'
import { takeStates } from '../deployments/targets.ts'
import { takeLogs } from '../reports/logs.ts'
import { takeStatus } from '../reports/status.ts'
import { takeHeartbeat } from '../runtimes.ts'

export type MessageDeps = {
  db: TenantStore
  clock: Clock
  /** A Runtime has just shown that it is there. */
  heard: (runtime: string, leaving: boolean) => void
}

export function c2Handlers(deps: MessageDeps): Handler[] {
  const { db, clock, heard } = deps
  return [
    handle(exchanges.heartbeat, async (heartbeat, received) => {
      await takeHeartbeat(deps, heartbeat, received)
      await takeStates(deps, received.from, heartbeat.deployments)
      heard(received.from, heartbeat.leaving)
      return { time: rfc3339(clock.now()) }
    }),
    handle(exchanges.auditLogs, async (batch, { from }) => ({ through: await takeLogs(db, from, batch) })),
    handle(exchanges.status, async (batch, { from }) => ({ through: await takeStatus(db, from, batch) })),
  ]
}
