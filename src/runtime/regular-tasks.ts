/** What a Runtime does by itself while it runs: reports, renewals, tidying, an enrolment to resume. All of it ends with the signal. */
import { type Clock, describeError, every, type Log, pause } from '../base/mod.ts'
import { BRIDGE_LEAF_RENEWAL_MS, MANAGEMENT_LEAF_CHECK_MS } from './certificates.ts'
import { STATUS_REPORT_INTERVAL_MS } from './changes.ts'
import type { Enrolment } from './link/enrolment.ts'
import type { EnrolmentRecord } from './state/enrolment.ts'
import type { Station } from './station.ts'
import type { Workers } from './supervision/crew.ts'

/** Waits between attempts at an enrolment that was interrupted, milliseconds. */
const ENROLMENT_RETRY_MS = 15_000
/** How often what nobody needs any more is forgotten. */
const TIDY_INTERVAL_MS = 3_600_000

type Regular = { clock: Clock; signal: AbortSignal; log: Log }
export type RegularDeps = Regular & {
  station: Station
  renewManagementLeaf: () => Promise<void>
  bridgeLeaf: (label: string) => Promise<{ certificatePem: string; privateKeyPem: string }>
}

/** Resolves when the signal was aborted and what was under way has ended. */
export async function regularTasks(deps: RegularDeps): Promise<void> {
  const { station, renewManagementLeaf, bridgeLeaf, log } = deps
  await Promise.all([
    every(STATUS_REPORT_INTERVAL_MS, deps, async () => station.changes.report()),
    every(MANAGEMENT_LEAF_CHECK_MS, deps, renewManagementLeaf),
    every(BRIDGE_LEAF_RENEWAL_MS, deps, () => renewBridgeLeaves(station.workers, bridgeLeaf, log)),
    every(TIDY_INTERVAL_MS, deps, () => station.tidying.tidy()),
    resumeEnrolment(station.enrolment, station.state.enrolment, deps),
  ])
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

async function resumeEnrolment(enrolment: Enrolment, record: EnrolmentRecord, { clock, signal, log }: Regular) {
  while (!signal.aborted && !enrolment.link) {
    try {
      if (!(await record.attempt()) || (await enrolment.resume())) return
    } catch (error) {
      if (!signal.aborted) log.warn('an enrolment that was begun is not finished yet', { error: describeError(error) })
    }
    await pause(clock, ENROLMENT_RETRY_MS, signal)
  }
}
