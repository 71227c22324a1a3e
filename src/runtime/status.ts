/** How the Runtime is: its figures, its link to the Platform, every deployment, and what of it all needs a person. */
import type { Clock } from '../base/mod.ts'
import type { Certificates } from '../certificates/mod.ts'
import { buildFacts } from '../host/mod.ts'
import { type DetailDeps, deploymentDetails } from './deployment-detail.ts'
import type { RuntimeState } from './open-state.ts'
import type { Station } from './station.ts'

export type EnrolmentView = Pick<Station, 'enrolment' | 'owed'> & { state: Pick<RuntimeState, 'enrolment'> }
export type StatusView = EnrolmentView &
  DetailDeps & { clock: Clock } & Pick<Station, 'name' | 'addresses' | 'uptimeMs' | 'disk' | 'attention'>
export type CertificateView = { certificates: Pick<Certificates, 'view'> }

/** What of the certificate in use the overview tells; its own page tells all. */
export function certificateOf({ certificates }: CertificateView) {
  const { shown, installed } = certificates.view()
  const { fingerprint, validToMs } = shown
  return { fingerprint, validToMs, installed: installed?.fingerprint === fingerprint }
}

/** The figures of `/v1/status` and of the overview, with what needs a person; instants in milliseconds since 1970. */
export async function statusOf(station: StatusView) {
  const figures = {
    ...{ version: buildFacts.version, name: station.name, uptimeMs: station.uptimeMs(), ...station.addresses() },
    nowMs: station.clock.now(),
    disk: await station.disk(),
    platform: await enrolmentOf(station),
    deployments: await deploymentDetails(station),
  }
  return { ...figures, attention: await station.attention.lines(figures) }
}

/** How it stands with the Platform. */
export async function enrolmentOf({ state, enrolment, owed: { logs, status } }: EnrolmentView) {
  const registration = await state.enrolment.registration()
  const link = enrolment.link?.state
  const about = registration && {
    ...{ runtime: registration.runtime, name: registration.name, tenant: registration.tenant },
    ...{ tenantName: registration.tenantName, platform: registration.platformUrl },
  }
  const attempted = !registration && (await state.enrolment.attempt()) !== undefined
  const stands: 'enrolled' | 'pending' | 'none' = registration ? 'enrolled' : attempted ? 'pending' : 'none'
  return {
    state: stands,
    ...about,
    ...(link?.lastSentMs !== undefined && { lastHeartbeatMs: link.lastSentMs }),
    ...(link?.lastAnsweredMs !== undefined && { lastHeartbeatAnsweredMs: link.lastAnsweredMs }),
    ...(link?.lastFailure !== undefined && { failure: link.lastFailure }),
    ...(link?.clockOffsetMs !== undefined && { clockOffsetMs: link.clockOffsetMs }),
    heartbeats: link?.answered ?? 0,
    owed: {
      ...{ auditLogs: logs.waiting, status: status.waiting, dropped: logs.dropped + status.dropped },
      /** Kept and not readable any more: the disk changed them. */
      lost: logs.lost + status.lost,
    },
  }
}
