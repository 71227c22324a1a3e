/** What a Runtime does by itself while it runs: reports, renewals, tidying, an enrolment to resume. All of it ends with the signal. */
import { DELIVER_MS, LOOK_MS } from '../alerts/mod.ts'
import { type Clock, describeError, every, type Log, pause } from '../base/mod.ts'
import { SCHEDULE_LOOK_MS } from '../connectors/mod.ts'
import { RETENTION_LOOK_MS, RetentionLooks } from '../datasets/mod.ts'
import { GARBAGE_LOOK_MS } from '../host/mod.ts'
import { ACCESS_RENEWAL_MS } from '../server/mod.ts'
import { BRIDGE_LEAF_RENEWAL_MS, CERTIFICATES_CHECK_MS } from './certificates.ts'
import { STATUS_REPORT_INTERVAL_MS } from './changes.ts'
import { DRIFT_INTERVAL_MS } from './drift/drift.ts'
import { SAMPLE_INTERVAL_MS } from './history/history.ts'
import type { Enrolment } from './link/enrolment.ts'
import { ACCESS_RETRY_MS, type LocalAccess } from './local-access.ts'
import type { EnrolmentRecord } from './state/enrolment.ts'
import type { Station } from './station.ts'
import type { Workers } from './supervision/crew.ts'

/** Waits between attempts at an enrolment that was interrupted, milliseconds. */
const ENROLMENT_RETRY_MS = 15_000
/** How often a deployment that could not go on at the start is looked at. */
const HELD_BACK_LOOK_MS = 10_000
/** By then the first look at what is wrong is over, the last of what runs for the first time. */
export const STARTED_MS = LOOK_MS + 2_000
/** How often what nobody needs any more is forgotten. */
const TIDY_INTERVAL_MS = 3_600_000

type Regular = { clock: Clock; signal: AbortSignal; log: Log }
export type RegularDeps = Regular & {
  station: Station
  tendCertificates: () => Promise<void>
  /** The file by which the command of this machine gets in. */
  access: Pick<LocalAccess, 'refresh' | 'retry'>
  /** Looks at what is wrong, to be told. */
  lookForAlerts: () => Promise<void>
  /** Tells it. A receiver that hangs holds up no look. */
  deliverAlerts: () => Promise<void>
  /** Gives back what only a start needed. */
  releaseMemory: () => void
  /** Sees to it that a flood leaves no more garbage than it must. */
  lookAtMemory: () => void
  bridgeLeaf: (label: string) => Promise<{ certificatePem: string; privateKeyPem: string }>
}

/** Resolves when the signal was aborted and what was under way has ended. */
export async function regularTasks(deps: RegularDeps): Promise<void> {
  const { station, tendCertificates, bridgeLeaf, log } = deps
  const { datasets, settings } = station.state
  const retention = new RetentionLooks({ ...deps, datasets, kept: settings.keptAt('retention') })
  await Promise.all([
    every(STATUS_REPORT_INTERVAL_MS, deps, async () => station.changes.report()),
    every(HELD_BACK_LOOK_MS, deps, () => station.deployments.resumeHeldBack()),
    atOnceAndEvery(CERTIFICATES_CHECK_MS, deps, tendCertificates),
    every(ACCESS_RENEWAL_MS, deps, () => deps.access.refresh()),
    every(ACCESS_RETRY_MS, deps, () => deps.access.retry()),
    every(GARBAGE_LOOK_MS, deps, async () => deps.lookAtMemory()),
    every(LOOK_MS, deps, deps.lookForAlerts),
    every(DELIVER_MS, deps, deps.deliverAlerts),
    every(BRIDGE_LEAF_RENEWAL_MS, deps, () => renewBridgeLeaves(station.workers, bridgeLeaf, log)),
    every(SAMPLE_INTERVAL_MS, deps, async () => {
      station.history.sample(station.workers.list())
      await station.keptHistory.keepSome(station.history)
    }),
    atOnceAndEvery(DRIFT_INTERVAL_MS, deps, async () => void (await station.drift.check())),
    every(SCHEDULE_LOOK_MS, deps, () => station.state.connectors.tick()),
    atOnceAndEvery(RETENTION_LOOK_MS, deps, () => retention.look()),
    every(TIDY_INTERVAL_MS, deps, () => station.tidying.tidy()),
    resumeEnrolment(station.enrolment, station.state.enrolment, deps),
    releaseAfterStart(deps),
  ])
}

/** What was due while the Runtime was off does not wait for another interval. */
async function atOnceAndEvery(ms: number, regular: Regular, work: () => Promise<void>): Promise<void> {
  await work().catch((error) => regular.log.error('a regular task failed', { error: describeError(error) }))
  await every(ms, regular, work)
}

/** Gives every listening bridge a new certificate. One worker that does not take its own keeps none of the others from theirs. */
export async function renewBridgeLeaves(
  workers: Pick<Workers, 'listening'>,
  bridgeLeaf: RegularDeps['bridgeLeaf'],
  log: Log,
): Promise<void> {
  const renewals = workers.listening().map(async ({ bridge, label, worker }) => {
    try {
      const tls = await bridgeLeaf(label)
      await worker.ask('renew-tls', { bridge: bridge as `br_${string}`, tls })
    } catch (error) {
      log.error('the certificate of a bridge was not renewed', { bridge, error: describeError(error) })
    }
  })
  await Promise.all(renewals)
}

async function releaseAfterStart({ clock, signal, releaseMemory }: RegularDeps): Promise<void> {
  if (await pause(clock, STARTED_MS, signal)) releaseMemory()
}

/** Goes on with an enrolment that was begun and not finished, by an earlier process or by this one, until there is a link. */
export async function resumeEnrolment(
  enrolment: Pick<Enrolment, 'link' | 'resume'>,
  record: Pick<EnrolmentRecord, 'attempt'>,
  { clock, signal, log }: Regular,
): Promise<void> {
  while (!signal.aborted && !enrolment.link) {
    try {
      if ((await record.attempt()) && (await enrolment.resume())) return
    } catch (error) {
      if (!signal.aborted) log.warn('an enrolment that was begun is not finished yet', { error: describeError(error) })
    }
    await pause(clock, ENROLMENT_RETRY_MS, signal)
  }
}
