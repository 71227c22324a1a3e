/** How a version stands: each change of it is kept and told, and what may not run is not started. */
import { describeError } from '../../base/mod.ts'
import type { Assignment, DeploymentState, Reason } from '../../wire/mod.ts'
import { DeploymentForbidden } from '../errors.ts'
import type { Policy } from '../policy/policy.ts'
import type { KeptAssignment } from '../state/assignments.ts'
import { signedBy } from './authenticity.ts'
import { examine } from './examine.ts'
import { mayRun } from './places.ts'
import type { DeploymentsDeps } from './ports.ts'

type Version = Pick<KeptAssignment, 'deployment' | 'version'>

export class Standing {
  readonly #deps: DeploymentsDeps
  /** Drains under way; one that something was started after does not say that it is stopped. */
  readonly #drains = new Map<string, symbol>()

  constructor(deps: DeploymentsDeps) {
    this.#deps = deps
  }

  /** A version that is in force by now gets its worker; the one before is drained first. */
  async start(assignment: Assignment): Promise<void> {
    this.#drains.delete(assignment.deployment)
    await this.become(assignment, 'preparing', [])
    this.#deps.crew.replace(assignment)
  }

  /** Drains what runs, in the background. */
  async drain(kept: KeptAssignment, reasons: Reason[]): Promise<void> {
    const { deployment } = kept
    const { crew, log } = this.#deps
    await this.become(kept, 'draining', reasons)
    const mine = Symbol(deployment)
    this.#drains.set(deployment, mine)
    crew
      .stop(deployment)
      .then(async () => {
        if (this.#drains.get(deployment) !== mine) return
        this.#drains.delete(deployment)
        await this.become(kept, 'stopped', reasons)
      })
      .catch((error) => log.error('a deployment did not stop', { deployment, error: describeError(error) }))
  }

  async become({ deployment, version }: Version, state: DeploymentState, reasons: Reason[]): Promise<void> {
    await this.#deps.assignments.setState(deployment, version, state, reasons)
    this.#deps.onChange(deployment, version, state, reasons)
  }

  /** Takes a version out of the queue. */
  async retire({ deployment, version }: Version, state: 'stopped' | 'refused', reasons: Reason[]): Promise<void> {
    await this.#deps.assignments.retire(deployment, version, state, reasons)
    this.#deps.onChange(deployment, version, state, reasons)
  }

  /** Refuses `deployment.forbidden` where the tenant's signature does not hold any more. */
  async openSigned({ deployment, version, signature }: KeptAssignment): Promise<Assignment> {
    const assignment = await this.#deps.assignments.open(deployment, version)
    const enrolled = await this.#deps.registration()
    if (!enrolled || !(await signedBy(enrolled, assignment, signature))) {
      throw new DeploymentForbidden(`the tenant's signature over ${deployment} does not hold any more`)
    }
    return assignment
  }

  /** Everything against its running at this moment, or under other rules than those in force. */
  async against(assignment: Assignment, policy?: Policy): Promise<Reason[]> {
    const inForce = await this.#deps.surroundings()
    const around = policy ? { ...inForce, policy } : inForce
    const current = await this.#deps.assignments.list(['current'])
    return [...examine(assignment, around), ...mayRun(current, assignment.deployment, around.policy)]
  }

  /** Refuses `deployment.forbidden` with the first of it. */
  async demandRunnable(assignment: Assignment): Promise<void> {
    const [first] = await this.against(assignment)
    if (first) throw new DeploymentForbidden(`it cannot run here: ${first.code} ${first.item ?? ''}`.trim())
  }
}
