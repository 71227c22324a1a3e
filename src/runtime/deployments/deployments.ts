/** What this Runtime was told to do, what its owner allows of it, and what is in force. */
import { type Clock, codeOf, describeError, type Log } from '../../base/mod.ts'
import {
  type Assignment,
  type DeploymentResult,
  type DeploymentState,
  digestOfJson,
  type Reason,
} from '../../wire/mod.ts'
import { DeploymentChanged, DeploymentNotFound, DeploymentNotWaiting } from '../errors.ts'
import type { Approvals } from '../state/approvals.ts'
import type { Assignments, KeptAssignment } from '../state/assignments.ts'
import type { CodeFiles } from '../state/code-files.ts'
import type { Registration } from '../state/enrolment.ts'
import { authentic, type Offered, signedBy } from './authenticity.ts'
import type { ComponentTypes } from './component-types.ts'
import { examine, type Surroundings, touchesOf } from './examine.ts'
import { additions, type Need, needsOf, remembered } from './needs.ts'
import { Turns } from './turns.ts'

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

export class Deployments {
  readonly #deps: DeploymentsDeps
  /** One thing at a time for each deployment: messages and the owner's decisions may come together. */
  readonly #turns = new Turns()

  constructor(deps: DeploymentsDeps) {
    this.#deps = deps
  }

  /** Takes what the Platform sent: in force at once, kept for the owner, or refused with reasons. */
  apply(offered: Offered, registration: Registration): Promise<DeploymentResult> {
    return this.#turns.run(offered.deployment, async () => {
      const found = await authentic(offered, registration)
      if ('reason' in found) return this.#refuse(offered, found.outcome, [found.reason])
      const known = await this.#alreadyKnown(found.assignment)
      if (known) return known
      const lacking = await this.#deps.code.lacking(offered.manifest.code.map((file) => file.sha256))
      if (lacking.length > 0) return { outcome: 'needs-code', state: 'received', reasons: [], lacking }
      const reasons = examine(found.assignment, await this.#deps.surroundings())
      if (reasons.length > 0) return this.#refuse(offered, 'refused', reasons)
      return this.#admit(found.assignment, offered.signature)
    })
  }

  /** What an owner would agree to by approving the version that waits; `deployment.not_waiting` if none does. */
  async waiting(deployment: string): Promise<{ kept: KeptAssignment; adds: Need[] }> {
    const { assignment, kept } = await this.#openWaiting(deployment)
    return { kept, adds: await this.#additions(assignment) }
  }

  /** The owner agrees to the version that waits. `deployment.changed` if that is another one by now. */
  approve(deployment: string, version: number | undefined, actor: string): Promise<KeptAssignment | undefined> {
    return this.#turns.run(deployment, async () => {
      const { assignment, kept } = await this.#openWaiting(deployment, version)
      const reasons = examine(assignment, await this.#deps.surroundings())
      if (reasons.length > 0)
        throw new DeploymentNotWaiting(`${deployment} cannot run: ${reasons[0]?.code} ${reasons[0]?.item ?? ''}`)
      const adds = await this.#additions(assignment)
      await this.#deps.record(actor, 'deployment.approved', deployment, { version: kept.version, items: adds.length })
      await this.#agree(assignment, adds, actor)
      await this.#deps.assignments.promote(deployment, kept.version)
      await this.#start(assignment)
      return this.#deps.assignments.find(deployment, kept.version)
    })
  }

  /** The owner turns the waiting version down; what is in force goes on. */
  refuse(
    deployment: string,
    version: number | undefined,
    by: { actor: string; reason?: string | undefined },
  ): Promise<{ deployment: string; version: number; state: 'refused' }> {
    return this.#turns.run(deployment, async () => {
      const { kept } = await this.#openWaiting(deployment, version)
      // The owner's own words stay here; the Platform learns the outcome only.
      const detail = { version: kept.version, ...(by.reason !== undefined && { reason: by.reason }) }
      await this.#deps.record(by.actor, 'deployment.refused', deployment, detail)
      const reasons = [{ code: 'owner.refused' }]
      await this.#deps.assignments.retire(deployment, kept.version, 'refused', reasons)
      this.#deps.onChange(deployment, kept.version, 'refused', reasons)
      return { deployment, version: kept.version, state: 'refused' as const }
    })
  }

  /** Ends a deployment, for the Platform or the owner: what waits is dropped, what runs is drained in the background. */
  stop(deployment: string, actor: string): Promise<DeploymentState> {
    return this.#turns.run(deployment, async () => {
      const { assignments, record, crew, log } = this.#deps
      const waiting = await assignments.placed(deployment, 'waiting')
      const current = await assignments.placed(deployment, 'current')
      if (!waiting && !current) return 'stopped'
      await record(actor, 'deployment.stopped', deployment, { version: (waiting ?? current)?.version ?? 0 })
      if (waiting) await this.#become(waiting, 'stopped', true)
      if (!current || current.state === 'stopped') return 'stopped'
      await this.#become(current, 'draining', false)
      crew
        .stop(deployment)
        .then(() => this.#become(current, 'stopped', false))
        .catch((error) => log.error('a deployment did not stop', { deployment, error: describeError(error) }))
      return 'draining'
    })
  }

  /**
   * Forgets a deployment that has ended, its approvals too, so that whatever comes of it again waits for the owner. `others` removes
   * what other rooms keep of it, before its own rows go. Does nothing to one that runs or waits by now.
   */
  forget(deployment: string, others: () => Promise<void>): Promise<void> {
    return this.#turns.run(deployment, async () => {
      const { assignments, approvals, crew, record } = this.#deps
      const current = await assignments.placed(deployment, 'current')
      const ended = !current || current.state === 'stopped' || current.state === 'refused'
      if (!ended || (await assignments.placed(deployment, 'waiting'))) return
      await record('runtime', 'deployment.forgotten', deployment, {})
      await crew.forget(deployment)
      await others()
      await approvals.forget(deployment)
      await assignments.forget(deployment)
    })
  }

  /**
   * After a start of the process: what was in force goes on, if the tenant's signature over it still holds. One that cannot be
   * opened or started is `failed` with the reason; the others go on without it.
   */
  async resume(): Promise<void> {
    const { assignments, registration, log } = this.#deps
    const enrolled = await registration()
    for (const kept of await assignments.list(['current'])) {
      const { deployment, version } = kept
      try {
        await this.#resumeOne(kept, enrolled)
      } catch (error) {
        log.error('a deployment could not be resumed', { deployment, version, error: describeError(error) })
        const reasons = [{ code: codeOf(error) }]
        this.#deps.onChange(deployment, version, 'failed', reasons)
        await assignments
          .setState(deployment, version, 'failed', reasons)
          .catch((cause) => log.error('a state was not kept', { deployment, error: describeError(cause) }))
      }
    }
  }

  async #resumeOne(kept: KeptAssignment, enrolled: Registration | undefined): Promise<void> {
    const { assignments, record, onChange } = this.#deps
    if (kept.state === 'draining') await this.#become(kept, 'stopped', false)
    if (kept.state === 'draining' || kept.state === 'stopped' || kept.state === 'refused') return
    const { deployment, version, signature } = kept
    const assignment = await assignments.open(deployment, version)
    if (enrolled && (await signedBy(enrolled, assignment, signature))) return this.#start(assignment)
    const code = 'assignment.signature_refused'
    await record('runtime', 'deployment.refused', deployment, { version, code })
    await assignments.setState(deployment, version, 'refused', [{ code }])
    onChange(deployment, version, 'refused', [{ code }])
  }

  async #openWaiting(deployment: string, version?: number): Promise<{ assignment: Assignment; kept: KeptAssignment }> {
    const { assignments, registration } = this.#deps
    const kept = await assignments.placed(deployment, 'waiting')
    if (!kept) {
      const known = await assignments.placed(deployment, 'current')
      if (!known) throw new DeploymentNotFound(`there is no deployment ${deployment}`)
      throw new DeploymentNotWaiting(`no version of ${deployment} waits for approval`)
    }
    if (version !== undefined && version !== kept.version) {
      throw new DeploymentChanged(`version ${kept.version} of ${deployment} waits, not ${version}`)
    }
    const assignment = await assignments.open(deployment, kept.version)
    const enrolled = await registration()
    if (!enrolled || !(await signedBy(enrolled, assignment, kept.signature))) {
      throw new DeploymentNotWaiting(`the tenant's signature over ${deployment} does not hold any more`)
    }
    return { assignment, kept }
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
    const newest = await this.#newestVersion(deployment)
    if (version < newest) return this.#refuse(assignment, 'refused', [{ code: 'deployment.version_old' }])
    return kept && resultOf('applied', kept.state, kept.reasons)
  }

  async #newestVersion(deployment: string): Promise<number> {
    const kept = await this.#deps.assignments.list()
    return Math.max(0, ...kept.filter((one) => one.deployment === deployment).map((one) => one.version))
  }

  async #admit(assignment: Assignment, signature: string): Promise<DeploymentResult> {
    const { assignments, record, onChange } = this.#deps
    const { deployment, version } = assignment
    const digest = await digestOfJson(assignment)
    const adds = await this.#additions(assignment)
    if (adds.length > 0) {
      const reasons = adds.slice(0, 32).map(reasonOf)
      await record('platform', 'deployment.received', deployment, { version, waits: adds.length })
      await assignments.keep(assignment, { place: 'waiting', state: 'awaiting-approval', reasons, digest, signature })
      onChange(deployment, version, 'awaiting-approval', reasons)
      return resultOf('awaiting-approval', 'awaiting-approval', reasons)
    }
    await record('platform', 'deployment.applied', deployment, { version })
    await this.#agree(assignment, [], 'platform')
    await assignments.keep(assignment, { place: 'current', state: 'preparing', reasons: [], digest, signature })
    await this.#start(assignment)
    return resultOf('applied', 'preparing', [])
  }

  async #additions(assignment: Assignment): Promise<Need[]> {
    const approved = await this.#deps.approvals.of(assignment.deployment)
    return additions(this.#needs(assignment), approved, assignment)
  }

  #needs(assignment: Assignment): Need[] {
    return needsOf(assignment, (component) => touchesOf(component, this.#deps.types))
  }

  async #agree(assignment: Assignment, adds: readonly Need[], actor: string): Promise<void> {
    const { approvals } = this.#deps
    await approvals.add(assignment.deployment, remembered(this.#needs(assignment), assignment), actor)
    const declassified = adds.filter((need) => need.kind === 'declassification')
    await approvals.remove(
      assignment.deployment,
      declassified.map((need) => ({ kind: 'restricted-field', item: need.item })),
    )
  }

  async #start(assignment: Assignment): Promise<void> {
    const { deployment, version } = assignment
    await this.#deps.assignments.setState(deployment, version, 'preparing', [])
    this.#deps.onChange(deployment, version, 'preparing', [])
    this.#deps.crew.replace(assignment)
  }

  async #refuse(
    about: { deployment: string; version: number },
    outcome: 'refused' | 'not-understood',
    reasons: Reason[],
  ): Promise<DeploymentResult> {
    const [first] = reasons
    const detail = { version: about.version, code: first?.code ?? outcome, item: first?.item ?? '' }
    await this.#deps.record('runtime', 'deployment.refused', about.deployment, detail)
    return resultOf(outcome, 'refused', reasons)
  }

  async #become(kept: KeptAssignment, state: DeploymentState, retire: boolean): Promise<void> {
    const { assignments, onChange } = this.#deps
    if (retire) await assignments.retire(kept.deployment, kept.version, state, [])
    else await assignments.setState(kept.deployment, kept.version, state, [])
    onChange(kept.deployment, kept.version, state, [])
  }
}

function resultOf(
  outcome: DeploymentResult['outcome'],
  state: DeploymentState,
  reasons: readonly Reason[],
): DeploymentResult {
  return { outcome, state, reasons: [...reasons], lacking: [] }
}

/** `approval.write_path` and the item: the Platform compiled it, so naming it tells nothing new. */
function reasonOf(need: Need): Reason {
  return { code: `approval.${need.kind.replaceAll('-', '_')}`, item: need.item.slice(0, 256) }
}
