/** What comes of an assignment that the Platform sends: in force at once, kept for the owner, or refused with reasons. */
import {
  type Assignment,
  type DeploymentResult,
  type DeploymentState,
  digestOfJson,
  type Reason,
} from '../../wire/mod.ts'
import type { Registration } from '../state/enrolment.ts'
import { type Agreement, reasonOf } from './agreement.ts'
import { authentic, type Offered } from './authenticity.ts'
import { examine } from './examine.ts'
import { Pace } from './pace.ts'
import { mayWait } from './places.ts'
import type { DeploymentsDeps } from './ports.ts'
import type { Standing } from './standing.ts'

/** Reasons told of a version that waits; the first ones are enough to go by. */
const REASONS_MAX = 32

export type IntakeParts = {
  agreement: Agreement
  standing: Standing
  /** One admission at a time. */
  alone: <T>(work: () => Promise<T>) => Promise<T>
}

export class Intake {
  readonly #deps: DeploymentsDeps
  readonly #parts: IntakeParts
  readonly #pace: Pace

  constructor(deps: DeploymentsDeps, parts: IntakeParts) {
    this.#deps = deps
    this.#parts = parts
    this.#pace = new Pace(deps.clock)
  }

  async take(offered: Offered, registration: Registration): Promise<DeploymentResult> {
    const found = await authentic(offered, registration)
    if ('reason' in found) return this.#refuse(offered, found.outcome, [found.reason])
    const known = await this.#alreadyKnown(found.assignment)
    if (known) return known
    const reasons = examine(found.assignment, await this.#deps.surroundings())
    if (reasons.length > 0) return this.#refuse(found.assignment, 'refused', reasons)
    // Only now: code of what may not run anyway is not asked for.
    const lacking = await this.#deps.code.lacking(offered.manifest.code)
    if (lacking.length > 0) return { outcome: 'needs-code', state: 'received', reasons: [], lacking }
    return this.#parts.alone(() => this.#admit(found.assignment, offered.signature))
  }

  /**
   * A version that is kept is answered by how it stands and never started again: the Platform gives a new version to all that is
   * to run anew, so what comes a second time is a redelivery, and may not undo a stop. One before the newest, or another content
   * under a known version, is refused.
   */
  async #alreadyKnown(assignment: Assignment): Promise<DeploymentResult | undefined> {
    const { deployment, version } = assignment
    const kept = await this.#deps.assignments.find(deployment, version)
    const digest = await digestOfJson(assignment)
    if (kept && kept.digest !== digest)
      return this.#refuse(assignment, 'refused', [{ code: 'deployment.version_reused' }])
    if (kept?.place === 'waiting') return resultOf('awaiting-approval', kept.state, kept.reasons)
    if (kept?.state === 'refused') return resultOf('refused', kept.state, kept.reasons)
    if (kept?.place === 'current') return resultOf('applied', kept.state, kept.reasons)
    if (version < (await this.#deps.assignments.newest(deployment)))
      return this.#refuse(assignment, 'refused', [{ code: 'deployment.version_old' }])
    return kept && resultOf('applied', kept.state, kept.reasons)
  }

  async #admit(assignment: Assignment, signature: string): Promise<DeploymentResult> {
    const { assignments, refusals, record, onChange } = this.#deps
    const { agreement, standing } = this.#parts
    const { deployment, version } = assignment
    const adds = await agreement.additions(assignment)
    // The rules may have changed since it was first looked at.
    const against = adds.length > 0 ? await this.#againstWaiting(assignment) : await standing.against(assignment)
    if (against.length > 0) return this.#refuse(assignment, 'refused', against)
    if (!(await agreement.hasRoomFor(assignment))) {
      return this.#refuse(assignment, 'refused', [{ code: 'assignment.too_many_restricted' }])
    }
    if (!this.#pace.take()) return resultOf('refused', 'refused', [{ code: 'policy.too_many_assignments' }])
    const facts = { digest: await digestOfJson(assignment), signature }
    await refusals.remove(deployment)
    if (adds.length > 0) {
      const reasons = adds.slice(0, REASONS_MAX).map(reasonOf)
      await record('platform', 'deployment.received', deployment, { version, waits: adds.length })
      await assignments.keep(assignment, { ...facts, place: 'waiting', state: 'awaiting-approval', reasons })
      onChange(deployment, version, 'awaiting-approval', reasons)
      return resultOf('awaiting-approval', 'awaiting-approval', reasons)
    }
    await record('platform', 'deployment.applied', deployment, { version })
    await agreement.keepRestricted(assignment)
    await assignments.keep(assignment, { ...facts, place: 'current', state: 'preparing', reasons: [] })
    await standing.start(assignment)
    return resultOf('applied', 'preparing', [])
  }

  async #againstWaiting(assignment: Assignment): Promise<Reason[]> {
    const around = await this.#deps.surroundings()
    const waiting = await this.#deps.assignments.list(['waiting'])
    return [...examine(assignment, around), ...mayWait(waiting, assignment.deployment, around.policy)]
  }

  async #refuse(
    about: { deployment: string; version: number; blueprint?: string },
    outcome: 'refused' | 'not-understood',
    reasons: Reason[],
  ): Promise<DeploymentResult> {
    const [first] = reasons
    if (this.#pace.take()) {
      const unrecorded = this.#pace.leftOut()
      const detail = { version: about.version, code: first?.code ?? outcome, item: first?.item ?? '' }
      const more = unrecorded > 0 ? { unrecorded } : {}
      await this.#deps.record('runtime', 'deployment.refused', about.deployment, { ...detail, ...more })
      // One that is older than what is known here is nobody's to mend.
      const { deployment, version, blueprint } = about
      const isOld = first?.code === 'deployment.version_old'
      if (!isOld) await this.#deps.refusals.add({ deployment, version, ...(blueprint && { blueprint }), reasons })
    }
    return resultOf(outcome, 'refused', reasons)
  }
}

function resultOf(
  outcome: DeploymentResult['outcome'],
  state: DeploymentState,
  reasons: readonly Reason[],
): DeploymentResult {
  return { outcome, state, reasons: [...reasons], lacking: [] }
}
