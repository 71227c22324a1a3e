/** After a start of the process: what was in force goes on, if the tenant's signature over it holds and it may still run here. */
import { codeOf, describeError } from '../../base/mod.ts'
import type { Assignment, DeploymentState, Reason } from '../../wire/mod.ts'
import { kept } from '../kept.ts'
import type { KeptAssignment } from '../state/assignments.ts'
import type { Registration } from '../state/enrolment.ts'
import { signedBy } from './authenticity.ts'
import { examine } from './examine.ts'
import { mayRun } from './places.ts'
import type { DeploymentsDeps } from './ports.ts'

export type ResumptionDeps = Pick<
  DeploymentsDeps,
  'assignments' | 'surroundings' | 'registration' | 'record' | 'onChange' | 'log'
> & {
  start: (assignment: Assignment) => Promise<void>
  /** A drain that the last process did not finish is finished. */
  drained: (kept: KeptAssignment) => Promise<void>
  /** It was not started for reasons that may go away. */
  heldBack: (deployment: string) => void
}

/**
 * Starts what was in force. What cannot be opened, or may not run any more (a credential is gone, a rule has changed, a type is
 * unknown), is `failed` with the reasons, and looked at again until it may; the others go on without it.
 */
export async function resumeAll(deps: ResumptionDeps): Promise<void> {
  const enrolled = await deps.registration()
  const started: KeptAssignment[] = []
  for (const kept of await deps.assignments.list(['current'])) {
    const { deployment, version } = kept
    try {
      if (await resumeOne(deps, kept, { enrolled, started })) started.push(kept)
    } catch (error) {
      deps.log.error('a deployment could not be resumed', { deployment, version, error: describeError(error) })
      deps.heldBack(deployment)
      await fail(deps, kept, 'failed', [{ code: codeOf(error) }])
    }
  }
}

type Before = { enrolled: Registration | undefined; started: readonly KeptAssignment[] }

/** True when it was started. */
async function resumeOne(deps: ResumptionDeps, kept: KeptAssignment, before: Before): Promise<boolean> {
  const { deployment, version, signature } = kept
  if (kept.state === 'draining') await deps.drained(kept)
  if (kept.state === 'draining' || kept.state === 'stopped' || kept.state === 'refused') return false
  const assignment = await deps.assignments.open(deployment, version)
  if (!before.enrolled || !(await signedBy(before.enrolled, assignment, signature))) {
    const code = 'assignment.signature_refused'
    await deps.record('runtime', 'deployment.refused', deployment, { version, code })
    await fail(deps, kept, 'refused', [{ code }])
    return false
  }
  const around = await deps.surroundings()
  const reasons = [...examine(assignment, around), ...mayRun(before.started, deployment, around.policy)]
  const [first] = reasons
  if (!first) {
    await deps.start(assignment)
    return true
  }
  const detail = { version, code: first.code, item: first.item ?? '' }
  await deps.record('runtime', 'deployment.not_resumed', deployment, detail)
  deps.heldBack(deployment)
  await fail(deps, kept, 'failed', reasons)
  return false
}

async function fail(
  { assignments, onChange, log }: ResumptionDeps,
  { deployment, version }: KeptAssignment,
  state: DeploymentState,
  reasons: Reason[],
): Promise<void> {
  onChange(deployment, version, state, reasons)
  await kept(log, 'a state was', assignments.setState(deployment, version, state, reasons), { deployment })
}
