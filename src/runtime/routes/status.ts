/** How the Runtime is: the answers of `/v1/status` and `/v1/enrolment`, and the figures of the overview. */
import { rfc3339 } from '../../base/mod.ts'
import { buildFacts } from '../../host/mod.ts'
import { type DetailDeps, deploymentDetails } from '../deployment-detail.ts'
import type { RuntimeState } from '../open-state.ts'
import type { Station } from '../station.ts'

export type EnrolmentView = Pick<Station, 'enrolment' | 'owed'> & { state: Pick<RuntimeState, 'enrolment'> }
export type StatusView = EnrolmentView & DetailDeps & Pick<Station, 'name' | 'addresses' | 'uptimeMs'>

export async function enrolmentOf({ state, enrolment, owed: { logs, status } }: EnrolmentView) {
  const registration = await state.enrolment.registration()
  const link = enrolment.link?.state
  const about = registration && {
    ...{ runtime: registration.runtime, name: registration.name, tenant: registration.tenant },
    ...{ tenantName: registration.tenantName, platform: registration.platformUrl },
  }
  return {
    state: registration ? 'enrolled' : (await state.enrolment.attempt()) ? 'pending' : 'none',
    ...about,
    ...(link?.lastSentMs !== undefined && { lastHeartbeatAt: rfc3339(link.lastSentMs) }),
    ...(link?.lastAnsweredMs !== undefined && { lastHeartbeatAnsweredAt: rfc3339(link.lastAnsweredMs) }),
    ...(link?.lastFailure !== undefined && { failure: link.lastFailure }),
    heartbeats: link?.answered ?? 0,
    owed: {
      ...{ auditLogs: logs.waiting, status: status.waiting, dropped: logs.dropped + status.dropped },
      /** Kept and not readable any more: the disk changed them. */
      lost: logs.lost + status.lost,
    },
  }
}

export async function statusOf(station: StatusView) {
  return {
    ...{ version: buildFacts.version, name: station.name, uptimeMs: station.uptimeMs(), ...station.addresses() },
    platform: await enrolmentOf(station),
    deployments: await deploymentDetails(station),
  }
}
