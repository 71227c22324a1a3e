/** What this Runtime was told to do, what its owner allows of it, and what is in force. */

import { type Role, RoleTooLow } from '../../accounts/mod.ts'
import { describeError, KeyedTurns } from '../../base/mod.ts'
import type { Assignment, DeploymentResult, DeploymentState, Reason } from '../../wire/mod.ts'
import { DeploymentChanged, DeploymentForbidden, DeploymentNotFound, DeploymentNotWaiting } from '../errors.ts'
import type { Policy } from '../policy/policy.ts'
import type { KeptAssignment } from '../state/assignments.ts'
import type { Registration } from '../state/enrolment.ts'
import type { RefusedVersion } from '../state/refusals.ts'
import { Agreement } from './agreement.ts'
import type { Offered } from './authenticity.ts'
import { hasEnded } from './ended.ts'
import { Intake } from './intake.ts'
import type { Need } from './needs.ts'
import type { DeploymentsDeps } from './ports.ts'
import { refusedWords } from './reasons.ts'
import { resumeAll } from './resumption.ts'
import { type Affected, affectedBy } from './rules-changed.ts'
import { Standing } from './standing.ts'

/** The version that waits, opened; what its owner would agree to, and what stands against its running whatever the owner says. */
export type Waiting = { kept: KeptAssignment; assignment: Assignment; adds: Need[]; against: Reason[] }
/** Who turns a version down. `tell`: the Platform is told the reason as well; it stays here otherwise. */
export type Refusal = { actor: string; reason?: string | undefined; tell?: boolean | undefined }

const OWNER_STOPPED: readonly Reason[] = [{ code: 'owner.stopped' }]

export class Deployments {
  readonly #deps: DeploymentsDeps
  readonly #agreement: Agreement
  readonly #standing: Standing
  readonly #intake: Intake
  /** One thing at a time for each deployment: messages and the owner's decisions may come together. */
  readonly #turns = new KeyedTurns()
  /** One admission at a time: two that come together must not both take the last place, or start under rules that just changed. */
  readonly #admissions = new KeyedTurns()
  /** Deployments that were in force at the start and could not go on then, with what the last look failed at. */
  readonly #heldBack = new Map<string, string | undefined>()

  constructor(deps: DeploymentsDeps) {
    this.#deps = deps
    this.#agreement = new Agreement(deps)
    this.#standing = new Standing(deps)
    const [agreement, standing] = [this.#agreement, this.#standing]
    this.#intake = new Intake(deps, { agreement, standing, alone: (work) => this.undisturbed(work) })
  }

  /** Takes what the Platform sent: in force at once, kept for the owner, or refused with reasons. */
  apply(offered: Offered, registration: Registration): Promise<DeploymentResult> {
    return this.#turns.run(offered.deployment, () => this.#intake.take(offered, registration))
  }

  /** The newest version of each deployment that was refused, where none was taken since; the last refused first. */
  refused(): Promise<RefusedVersion[]> {
    return this.#deps.refusals.list()
  }

  /** What an owner would agree to by approving the version that waits; `deployment.not_waiting` if none does. */
  async waiting(deployment: string): Promise<Waiting> {
    const { assignment, kept } = await this.#openWaiting(deployment)
    const against = await this.#standing.against(assignment)
    return { kept, assignment, against, adds: await this.#agreement.additions(assignment) }
  }

  /** The owner agrees to the version that waits. `deployment.changed` if that is another one by now; `deployment.forbidden` if it may not run. */
  approve(deployment: string, version: number | undefined, actor: string): Promise<KeptAssignment | undefined> {
    return this.#turns.run(deployment, async () => {
      const { assignment, kept } = await this.#openWaiting(deployment, version)
      return this.undisturbed(async () => {
        await this.#standing.demandRunnable(assignment)
        const adds = await this.#agreement.additions(assignment)
        await this.#deps.record(actor, 'deployment.approved', deployment, { version: kept.version, items: adds.length })
        await this.#agreement.extend(assignment, adds, actor)
        await this.#deps.assignments.promote(deployment, kept.version)
        await this.#standing.start(assignment)
        return this.#deps.assignments.find(deployment, kept.version)
      })
    })
  }

  /** The owner turns the waiting version down; what is in force goes on. The owner's words stay here unless `tell` says otherwise. */
  refuse(
    deployment: string,
    version: number | undefined,
    { actor, reason, tell }: Refusal,
  ): Promise<{ deployment: string; version: number; state: 'refused' }> {
    return this.#turns.run(deployment, async () => {
      const { kept } = await this.#openWaiting(deployment, version)
      const words = reason?.trim() ?? ''
      const told = tell === true && words !== ''
      const detail = { version: kept.version, ...(words !== '' && { reason: words, told: told ? 1 : 0 }) }
      await this.#deps.record(actor, 'deployment.refused', deployment, detail)
      const reasons = [{ code: 'owner.refused', ...(told && { item: words.slice(0, 256) }) }]
      await this.#standing.retire(kept, 'refused', reasons)
      return { deployment, version: kept.version, state: 'refused' as const }
    })
  }

  /**
   * Ends a deployment: what waits is dropped, what runs is drained in the background. After the Platform's own stop (`platform`) a
   * new version starts again within what was approved; after anybody of this Runtime has stopped it, whatever comes of it waits.
   */
  stop(deployment: string, actor: string, why = OWNER_STOPPED): Promise<DeploymentState> {
    return this.#turns.run(deployment, async () => {
      const { assignments, record, refusals } = this.#deps
      if (actor === 'platform') await refusals.remove(deployment)
      const waiting = await assignments.placed(deployment, 'waiting')
      const current = await assignments.placed(deployment, 'current')
      if (!waiting && !current) return 'stopped'
      await record(actor, 'deployment.stopped', deployment, { version: (waiting ?? current)?.version ?? 0 })
      const isOwners = actor !== 'platform'
      if (isOwners) await this.#agreement.hold(deployment, actor)
      const reasons = isOwners ? [...why] : []
      if (waiting) await this.#standing.retire(waiting, 'stopped', reasons)
      if (!current || (current.state === 'stopped' && !isOwners)) return 'stopped'
      if (current.state === 'stopped' || current.state === 'refused') {
        await this.#standing.become(current, 'stopped', reasons)
        return 'stopped'
      }
      await this.#standing.drain(current, reasons)
      return 'draining'
    })
  }

  /**
   * Lets the version in force run anew, whether it runs, failed, ended or was stopped here. What was stopped, or is about to be, only
   * an owner lets run again (`account.role_too_low`). Refuses `deployment.not_found` where none is in force, and
   * `deployment.forbidden` if it may not run.
   */
  restart(deployment: string, actor: string, role: Role): Promise<DeploymentState> {
    return this.#turns.run(deployment, async () => {
      const kept = await this.#deps.assignments.placed(deployment, 'current')
      if (!kept) throw new DeploymentNotFound(`no version of ${deployment} is in force`)
      // Decided here: a stop that came while this waited for its turn counts.
      if (
        role !== 'owner' &&
        ((kept.state === 'stopped' && !hasEnded(kept)) || (await this.#agreement.isHeld(deployment)))
      ) {
        throw new RoleTooLow('what was stopped only an owner lets run again')
      }
      const assignment = await this.#standing.openSigned(kept)
      return this.undisturbed(async () => {
        await this.#standing.demandRunnable(assignment)
        const [exchanged] = await this.#agreement.exchangedLibraries(assignment)
        if (exchanged !== undefined) {
          throw new DeploymentForbidden(
            `${exchanged} is not what was approved; deploy it anew, and approve what is there`,
          )
        }
        await this.#deps.record(actor, 'deployment.restarted', deployment, { version: kept.version })
        await this.#agreement.release(deployment)
        await this.#standing.start(assignment)
        return 'preparing' as const
      })
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

  /** After a start of the process: what was in force goes on where it still may. */
  resume(): Promise<void> {
    return resumeAll({
      ...this.#deps,
      heldBack: (deployment) => this.#heldBack.set(deployment, undefined),
      start: (assignment) => this.#standing.start(assignment),
      drained: async (kept) => {
        const isHeld = await this.#agreement.isHeld(kept.deployment)
        await this.#standing.become(kept, 'stopped', isHeld ? [...OWNER_STOPPED] : [])
      },
    })
  }

  /** Starts what `resume` held back and may run by now: its credential is there again, or the rules are looser. */
  async resumeHeldBack(): Promise<void> {
    for (const [deployment, before] of this.#heldBack) {
      try {
        await this.#resumeOne(deployment)
      } catch (cause) {
        const error = describeError(cause)
        // Once for each cause: it is looked at again and again.
        if (error !== before) this.#deps.log.error('a deployment could not go on', { deployment, error })
        this.#heldBack.set(deployment, error)
      }
    }
  }

  #resumeOne(deployment: string): Promise<void> {
    return this.#turns.run(deployment, async () => {
      const kept = await this.#deps.assignments.placed(deployment, 'current')
      // Whatever came of it meanwhile was decided by somebody.
      if (kept?.state !== 'failed') return void this.#heldBack.delete(deployment)
      const assignment = await this.#standing.openSigned(kept)
      await this.undisturbed(async () => {
        if ((await this.#standing.against(assignment)).length > 0) return
        this.#heldBack.delete(deployment)
        await this.#deps.record('runtime', 'deployment.resumed', deployment, { version: kept.version })
        await this.#standing.start(assignment)
      })
    })
  }

  /** What would come of an assignment under these rules, without taking it in: all that stands against it, and what it adds. */
  async consider(assignment: Assignment, policy: Policy): Promise<{ against: Reason[]; adds: Need[] }> {
    const against = await this.#standing.against(assignment, policy)
    return { against, adds: await this.#agreement.additions(assignment, policy) }
  }

  /** What runs or waits and would be forbidden under these rules, each with why. */
  async affectedBy(policy: Policy): Promise<Affected[]> {
    return affectedBy(this.#deps.assignments, { ...(await this.#deps.surroundings()), policy })
  }

  /** Ends what the rules forbid by now: what runs is stopped, what waits is turned down, with the reasons. */
  async end({ deployment, version, place, reasons }: Affected, actor: string): Promise<void> {
    if (place === 'current') return void (await this.stop(deployment, actor, reasons))
    await this.#turns.run(deployment, async () => {
      const waiting = await this.#deps.assignments.placed(deployment, 'waiting')
      if (waiting?.version !== version) return
      const detail = { version, code: reasons[0]?.code ?? '', item: reasons[0]?.item ?? '' }
      await this.#deps.record(actor, 'deployment.refused', deployment, detail)
      await this.#standing.retire(waiting, 'refused', reasons)
    })
  }

  /** Nothing is admitted while this is done: for changing the rules by which it is. */
  undisturbed<T>(work: () => Promise<T>): Promise<T> {
    return this.#admissions.run('', work)
  }

  async #openWaiting(deployment: string, version?: number): Promise<{ assignment: Assignment; kept: KeptAssignment }> {
    const { assignments } = this.#deps
    const kept = await assignments.placed(deployment, 'waiting')
    if (!kept) {
      const known = await assignments.placed(deployment, 'current')
      const refused = await this.#deps.refusals.find(deployment)
      if (refused) throw new DeploymentNotWaiting(refusedWords(refused))
      if (!known) throw new DeploymentNotFound(`there is no deployment ${deployment}`)
      throw new DeploymentNotWaiting(`no version of ${deployment} waits for approval`)
    }
    if (version !== undefined && version !== kept.version) {
      throw new DeploymentChanged(`version ${kept.version} of ${deployment} waits, not ${version}`)
    }
    return { kept, assignment: await this.#standing.openSigned(kept) }
  }
}
