/**
 * Tries a Blueprint on the owner's rules without deploying it: what of it would be refused, what would wait, and which rule says so.
 * The part of each of its systems that names this Runtime is compiled as the Platform would, with invented ids and secrets.
 */
import { type Bytes, type Clock, newId, type Random } from '../../base/mod.ts'
import type { Blueprint, Finding, Target } from '../../blueprint/mod.ts'
import type { Assignment, DeploymentId, Reason, RuntimeId, TenantId } from '../../wire/mod.ts'
import type { ComponentTypes } from '../deployments/component-types.ts'
import type { Deployments } from '../deployments/deployments.ts'
import { type Additions, additionsByKind, type Need } from '../deployments/needs.ts'
import type { Assignments } from '../state/assignments.ts'
import type { EnrolmentRecord } from '../state/enrolment.ts'
import type { Peers } from '../state/peers.ts'
import type { Policy, PolicyKey } from './policy.ts'
import { RULE_OF } from './rules.ts'

export type BlueprintTestDeps = {
  name: string
  types: ComponentTypes
  deployments: Pick<Deployments, 'consider'>
  state: {
    assignments: Pick<Assignments, 'list'>
    peers: Pick<Peers, 'list'>
    enrolment: Pick<EnrolmentRecord, 'registration'>
  }
  clock: Clock
  random: Random
}

export type TestedSystem = {
  system: string
  /** What would come of it: refused for the reasons, waiting for the owner, or started at once. */
  outcome: 'refused' | 'waits' | 'starts'
  /** Each with the rule behind it, where one is. */
  reasons: (Reason & { rule?: PolicyKey })[]
  adds: Additions
  /** The deployment whose approvals it was held against; absent where none of that name is here. */
  against?: string
}
/** `systems` is empty where the Blueprint is in error, or names this Runtime nowhere. */
export type BlueprintTest = { findings: Finding[]; systems: TestedSystem[] }

/** What a Blueprint may have, `BLUEPRINT_BYTES_MAX`; said again here, since importing it would load its room at each start. */
export const TESTED_BYTES_MAX = 1_048_576

/** A name that leads nowhere (RFC 6761), for a Runtime whose address nobody here knows. */
const UNKNOWN_HOST = 'unknown.invalid'

export async function testBlueprint(
  deps: BlueprintTestDeps,
  tried: { source: string; code?: ReadonlyMap<string, Bytes> | undefined; policy: Policy },
): Promise<BlueprintTest> {
  // With it comes the YAML library, which no Runtime needs but here: the room is loaded at the first test.
  const { compileBlueprint, lintBlueprint } = await import('../../blueprint/mod.ts')
  const code = tried.code ?? new Map()
  const { blueprint, findings } = lintBlueprint(tried.source, { catalogue: deps.types, code })
  if (!blueprint) return { findings, systems: [] }
  const registration = await deps.state.enrolment.registration()
  const own = new Set([deps.name, ...(registration ? [registration.name] : [])])
  const here = await knownHere(deps, blueprint.blueprint)
  const deployment = here?.deployment ?? newId('dep', deps.clock, deps.random)
  const { targets, names } = await placesOf(deps, blueprint, own, registration?.runtime)
  const assignments = await compileBlueprint({
    ...{ blueprint, code, targets, clock: deps.clock, random: deps.random },
    tenant: (registration?.tenant ?? newId('ten', deps.clock, deps.random)) as TenantId,
    deployment: deployment as DeploymentId,
    version: (here?.version ?? 0) + 1,
  })
  const systems: TestedSystem[] = []
  for (const assignment of assignments) {
    if (!own.has(blueprint.systems[assignment.system]?.runtime ?? '')) continue
    const tested = await considered(deps, assignment, tried.policy, names)
    systems.push({ ...tested, ...(here && { against: here.deployment }) })
  }
  return { findings, systems }
}

async function considered(
  { deployments }: BlueprintTestDeps,
  assignment: Assignment,
  policy: Policy,
  names: ReadonlyMap<string, string>,
): Promise<TestedSystem> {
  const { against, adds } = await deployments.consider(assignment, policy)
  // A peer that is not known here has an invented id: its name says more.
  const named = <T extends Reason | Need>(one: T): T => ({ ...one, item: names.get(one.item ?? '') ?? one.item })
  const reasons = against.map(named).map((reason) => {
    const rule = RULE_OF[reason.code]
    return { ...reason, ...(rule && { rule }) }
  })
  const outcome = reasons.length > 0 ? 'refused' : adds.length > 0 ? 'waits' : 'starts'
  return { system: assignment.system, outcome, reasons, adds: additionsByKind(adds.map(named)) }
}

async function knownHere({ state }: BlueprintTestDeps, name: string) {
  const kept = await state.assignments.list(['current', 'waiting'])
  const own = kept.filter(({ blueprint }) => blueprint === name)
  return own.sort((a, b) => b.version - a.version)[0]
}

/** Where each system is: here, at a peer of that name, or at a Runtime that nobody here knows. */
async function placesOf(
  { state, clock, random }: BlueprintTestDeps,
  blueprint: Blueprint,
  own: ReadonlySet<string>,
  self: string | undefined,
): Promise<{ targets: Map<string, Target>; names: Map<string, string> }> {
  const peers = new Map((await state.peers.list()).accepted.map((peer) => [peer.name, peer]))
  const ids = new Map<string, string>()
  const targets = new Map<string, Target>()
  for (const [system, { runtime: name }] of Object.entries(blueprint.systems)) {
    const peer = own.has(name) ? undefined : peers.get(name)
    const invented = ids.get(name) ?? newId('rt', clock, random)
    const runtime = (own.has(name) ? (self ?? invented) : (peer?.runtime ?? invented)) as RuntimeId
    ids.set(name, runtime)
    targets.set(system, {
      runtime,
      bridgeHost: peer?.bridgeHost ?? UNKNOWN_HOST,
      bridgePort: peer?.bridgePort ?? 32_100,
    })
  }
  return { targets, names: new Map([...ids].map(([name, id]) => [id, name])) }
}
