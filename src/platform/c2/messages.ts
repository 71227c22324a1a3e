/** What Runtimes tell the Platform: heartbeats, audit logs, status. Each handler gets what was verified and parsed. */
import type { Trail } from '../../audit/mod.ts'
import { type Clock, rfc3339 } from '../../base/mod.ts'
import { exchanges, type Handler, handle } from '../../wire/mod.ts'
import type { TenantStore } from '../database.ts'
import { farSidesOf } from '../deployments/far-sides.ts'
import { takeStates } from '../deployments/targets.ts'
import { takeLogs } from '../reports/logs.ts'
import { takeStatus } from '../reports/status.ts'
import { notAhead } from '../reports/streams.ts'
import { takeHeartbeat } from '../runtimes.ts'
import { recordWentBack } from '../trail-heads.ts'

export type MessageDeps = {
  db: TenantStore
  trail: Pick<Trail, 'record'>
  clock: Clock
  /** A Runtime has just shown that it is there. */
  heard: (runtime: string, leaving: boolean) => void
}

export function c2Handlers(deps: MessageDeps): Handler[] {
  const { db, clock, heard } = deps
  return [
    handle(exchanges.heartbeat, async (heartbeat, received) => {
      const { wentBack } = await takeHeartbeat(deps, heartbeat, received)
      if (wentBack) await recordWentBack(deps.trail, received.from, wentBack)
      await takeStates(deps, received.from, heartbeat.deployments)
      heard(received.from, heartbeat.leaving)
      const names = [...new Set(heartbeat.deployments.map(({ deployment }) => deployment))]
      const peers = await farSidesOf(db, received.from, names)
      return { time: rfc3339(clock.now()), ...(peers.length > 0 && { peers }) }
    }),
    handle(exchanges.auditLogs, async (batch, { from }) => ({
      through: await takeLogs(db, from, notAhead(batch, clock.now())),
    })),
    handle(exchanges.status, async (batch, { from }) => ({
      through: await takeStatus(db, from, notAhead(batch, clock.now())),
    })),
  ]
}
