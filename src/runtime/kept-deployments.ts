/** What is kept of all deployments, as it is shown, for who looks each second: read again only once something of it was written. */
import { remembered } from '../store/mod.ts'
import type { AssignedBridge, AssignedComponent, Assignment } from '../wire/mod.ts'
import type { Deployments } from './deployments/deployments.ts'
import { type Additions, additionsByKind } from './deployments/needs.ts'
import { RowNotAuthentic } from './errors.ts'
import type { RuntimeState } from './open-state.ts'
import type { KeptAssignment } from './state/assignments.ts'

/** What is shown of an assignment: where records come from and go. No configuration, and no secret of a bridge. */
export type Flow = {
  wiring: Pick<AssignedComponent, 'name' | 'type' | 'from'>[]
  bridges: Pick<AssignedBridge, 'bridge' | 'peer' | 'from' | 'to' | 'direction'>[]
}

/** One look: all of it as of one moment. What something else wrote fails with `runtime.row_not_authentic`, by itself alone. */
export type Kept = {
  /** Deployment → its version in force and the one that waits; the newest deployment first. */
  rows: ReadonlyMap<string, readonly KeptAssignment[]>
  /** Opens these together, so that `flow` finds them. */
  openAll(wanted: readonly KeptAssignment[]): Promise<void>
  flow(version: KeptAssignment): Promise<Flow>
  /** What approving the version that waits would allow beyond what is allowed now. */
  adds(waiting: KeptAssignment): Promise<Additions>
  peerNames: PeerNames
}
/** What the owner's own list calls the Runtimes at the other ends of bridges, by their ids. */
type PeerNames = () => Promise<ReadonlyMap<string, string>>

export type KeptDeploymentsDeps = Pick<RuntimeState, 'assignments' | 'peers'> & {
  db: Pick<RuntimeState['db'], 'revisionOf' | 'tables'>
  rules: Pick<RuntimeState['rules'], 'policy'>
  deployments: Pick<Deployments, 'waiting'>
}

export class KeptDeployments {
  /** All that is kept, ≈ 2 KiB for each deployment (1,024). */
  readonly look: () => Promise<Kept>

  constructor(deps: KeptDeploymentsDeps) {
    const { db, peers } = deps
    const { runtimeAssignments, runtimePeers, ...others } = db.tables
    const peerNames = remembered(db, [runtimePeers], async () => {
      return new Map((await peers.list()).accepted.map(({ runtime, name }) => [runtime, name]))
    })
    /** What decides about what an approval would add. */
    const weighed = [
      others.runtimeApprovals,
      others.runtimeLibraries,
      others.runtimeOwnerDocuments,
      others.runtimeEnrolment,
    ]
    this.look = remembered(db, [runtimeAssignments, runtimePeers, ...weighed], () => readKept(deps, peerNames))
  }
}

async function readKept({ assignments, rules, deployments }: KeptDeploymentsDeps, peerNames: PeerNames): Promise<Kept> {
  const rows = new Map<string, KeptAssignment[]>()
  for (const one of await assignments.list(['current', 'waiting']))
    rows.set(one.deployment, [...(rows.get(one.deployment) ?? []), one])
  const flows = new Map<KeptAssignment, Promise<Flow>>()
  const adds = new Map<KeptAssignment, Promise<Additions>>()
  let { policy } = rules
  return {
    rows,
    peerNames,
    async openAll(wanted) {
      const unknown = wanted.filter((version) => !flows.has(version))
      if (unknown.length === 0) return
      const open = await assignments.opener(unknown)
      for (const version of unknown)
        void once(flows, version, async () => flowOf(await open(version.deployment, version.version)))
    },
    flow: (version) =>
      once(flows, version, async () => flowOf(await assignments.open(version.deployment, version.version))),
    adds(waiting) {
      // The rules are in force a moment after they were written.
      if (policy !== rules.policy) adds.clear()
      policy = rules.policy
      return once(adds, waiting, async () => {
        const { adds: needs } = await deployments.waiting(waiting.deployment)
        return additionsByKind(needs, await peerNames())
      })
    },
  }
}

/** Made once; what failed for another reason than what was read is made again. */
function once<Key, T>(made: Map<Key, Promise<T>>, key: Key, make: () => Promise<T>): Promise<T> {
  const known = made.get(key)
  if (known) return known
  const making = make()
  made.set(key, making)
  making.catch((error) => {
    if (!(error instanceof RowNotAuthentic) && made.get(key) === making) made.delete(key)
  })
  return making
}

/** What runs is looked at as long as it runs. */
const ofAssignments = new WeakMap<Assignment, Flow>()

/** The same one of the same assignment. */
export function flowOf(assignment: Assignment): Flow {
  const flow = ofAssignments.get(assignment) ?? shownOf(assignment)
  ofAssignments.set(assignment, flow)
  return flow
}

function shownOf({ components, bridges }: Assignment): Flow {
  return {
    wiring: components.map(({ name, type, from }) => ({ name, type, from })),
    bridges: bridges.map(({ bridge, peer, from, to, direction }) => ({ bridge, peer, from, to, direction })),
  }
}
