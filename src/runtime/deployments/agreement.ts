/** What the owner agreed to, deployment by deployment, and what an assignment adds to it. */
import type { Assignment, Reason } from '../../wire/mod.ts'
import { touchesOf } from './examine.ts'
import { type AdditionRules, additions, type Need, needsOf, remembered, restrictedFields, splitItem } from './needs.ts'
import type { DeploymentsDeps } from './ports.ts'

export type AgreementDeps = Pick<DeploymentsDeps, 'approvals' | 'types' | 'surroundings'>

/** Fields that are remembered as restricted, of one deployment: 4,096 rows × ≈ 200 B < 1 MiB. */
export const RESTRICTED_FIELDS_MAX = 4_096

export class Agreement {
  readonly #deps: AgreementDeps

  constructor(deps: AgreementDeps) {
    this.#deps = deps
  }

  /** What waits for the owner; nothing when it is within what was approved for this deployment. Other deployments' approvals do not count. */
  async additions(assignment: Assignment, rules?: AdditionRules): Promise<Need[]> {
    const { approvals, surroundings } = this.#deps
    const inForce = rules ?? (await surroundings()).policy
    return additions(await this.#needs(assignment), await approvals.of(assignment.deployment), assignment, inForce)
  }

  /** Libraries of it that have another content by now than was approved; one that nobody removed and installed anew has not. */
  async exchangedLibraries(assignment: Assignment): Promise<string[]> {
    const adds = (await this.additions(assignment)).filter(({ kind }) => kind === 'library')
    return adds.map(({ item }) => splitItem(item)[0])
  }

  /** The owner agrees to all of it, to being run again after a stop too. */
  async extend(assignment: Assignment, adds: readonly Need[], actor: string): Promise<void> {
    const { deployment } = assignment
    await this.#deps.approvals.add(deployment, remembered(await this.#needs(assignment), assignment), actor)
    const declassified = adds.filter((need) => need.kind === 'declassification')
    await this.#deps.approvals.remove(deployment, [
      ...declassified.map(({ item }): Need => ({ kind: 'restricted-field', item })),
      STOPPED,
    ])
  }

  /** A version starts within what was approved: it agrees to nothing more, and what it restricts is remembered. */
  async keepRestricted(assignment: Assignment): Promise<void> {
    await this.#deps.approvals.add(assignment.deployment, restrictedFields(assignment), 'platform')
  }

  /** Whether what it restricts can be remembered beside what earlier versions restricted: nothing of that may be forgotten. */
  async hasRoomFor(assignment: Assignment): Promise<boolean> {
    const approved = await this.#deps.approvals.of(assignment.deployment)
    const known = approved.filter(({ kind }) => kind === 'restricted-field').map(({ item }) => item)
    const fields = new Set([...known, ...restrictedFields(assignment).map(({ item }) => item)])
    return fields.size <= RESTRICTED_FIELDS_MAX
  }

  /** The owner stopped it: from now on whatever comes of it waits. */
  async hold(deployment: string, actor: string): Promise<void> {
    await this.#deps.approvals.add(deployment, [STOPPED], actor)
  }

  async release(deployment: string): Promise<void> {
    await this.#deps.approvals.remove(deployment, [STOPPED])
  }

  async isHeld(deployment: string): Promise<boolean> {
    return (await this.#deps.approvals.of(deployment)).some(({ kind }) => kind === STOPPED.kind)
  }

  async #needs(assignment: Assignment): Promise<Need[]> {
    const { types, surroundings } = this.#deps
    return needsOf(assignment, (component) => touchesOf(component, types), (await surroundings()).libraries)
  }
}

const STOPPED: Need = { kind: 'stopped-by-owner', item: '' }

/** `approval.write_path` and the item: the Platform compiled it, so naming it tells nothing new. Of flows and libraries not the hash. */
export function reasonOf({ kind, item }: Need): Reason {
  const told = kind === 'flow' || kind === 'library' ? splitItem(item)[0] : item
  return { code: `approval.${kind.replaceAll('-', '_')}`, item: told.slice(0, 256) }
}
