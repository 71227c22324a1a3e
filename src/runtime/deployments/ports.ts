/** What the deployments of a Runtime stand on, and who runs them. */
import type { Clock, Log } from '../../base/mod.ts'
import type { Assignment, DeploymentState, Reason } from '../../wire/mod.ts'
import type { Approvals } from '../state/approvals.ts'
import type { Assignments } from '../state/assignments.ts'
import type { CodeFiles } from '../state/code-files.ts'
import type { Registration } from '../state/enrolment.ts'
import type { Refusals } from '../state/refusals.ts'
import type { ComponentTypes } from './component-types.ts'
import type { Surroundings } from './examine.ts'

/** Who runs what is in force. */
export interface Crew {
  /** Puts a version into force in place of what ran before, which is drained first. Returns at once. */
  replace(assignment: Assignment): void
  /** Drains what runs; resolves when it has ended. */
  stop(deployment: string): Promise<void>
  /** Keeps nothing of what has ended. */
  forget(deployment: string): Promise<void>
}

export type DeploymentsDeps = {
  assignments: Assignments
  approvals: Approvals
  refusals: Refusals
  code: CodeFiles
  types: ComponentTypes
  surroundings: () => Promise<Surroundings>
  registration: () => Promise<Registration | undefined>
  crew: Crew
  /** Puts an act into the audit trail. */
  record: (actor: string, action: string, deployment: string, detail: Record<string, string | number>) => Promise<void>
  /** Told after every change of a deployment's state. */
  onChange: (deployment: string, version: number, state: DeploymentState, reasons: Reason[]) => void
  clock: Clock
  log: Log
}
