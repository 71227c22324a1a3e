/** What drift looks at: deployments, what runs of them, their code, approvals, peers, the owner's rules, settings and identity. */
import { canonicalJson, hex } from '../../base/mod.ts'
import { sha256Hex } from '../../crypto/mod.ts'
import { digestOfJson } from '../../wire/mod.ts'
import { signedBy } from '../deployments/authenticity.ts'
import { RowNotAuthentic } from '../errors.ts'
import type { RuntimeState } from '../open-state.ts'
import type { KeptAssignment } from '../state/assignments.ts'
import type { Workers } from '../supervision/crew.ts'
import type { DriftSource, Looked } from './drift.ts'

export type SourcesDeps = {
  state: Pick<
    RuntimeState,
    | 'assignments'
    | 'approvals'
    | 'code'
    | 'peers'
    | 'rules'
    | 'trail'
    | 'enrolment'
    | 'authority'
    | 'signing'
    | 'agreement'
    | 'mac'
  >
  workers: Pick<Workers, 'list'>
  /** What the process was started with, without secrets. */
  settings: () => Record<string, unknown>
}

export function driftSources(deps: SourcesDeps): DriftSource[] {
  const { state, settings } = deps
  const [itself, kept] = ['itself', 'kept'] as const
  return [
    {
      ...{ name: 'deployments', against: itself, look: () => deployments(deps) },
      says: 'Versions in force: as the tenant signed them, and as they were received.',
    },
    {
      ...{ name: 'workers', against: itself, look: () => running(deps) },
      says: 'What runs: the versions that are in force, and no others.',
    },
    {
      ...{ name: 'code', against: itself, look: () => code(deps) },
      says: 'Code files of what is in force, by content.',
    },
    {
      ...{ name: 'approvals', against: itself, look: () => approvals(deps) },
      says: 'What was approved: as this Runtime wrote it.',
    },
    {
      ...{ name: 'peers', against: itself, look: () => peers(deps) },
      says: 'Accepted peers: as this Runtime wrote them.',
    },
    {
      ...{ name: 'policy', against: itself, look: () => policy(deps) },
      says: 'The owner’s rules: as the audit trail says that they were set last.',
    },
    {
      ...{ name: 'settings', against: kept, look: () => keyed(state, 'settings', settings()) },
      says: 'Settings that the process was started with, by flags, variables and file.',
    },
    {
      ...{ name: 'identity', against: kept, look: () => identity(state) },
      says: 'This Runtime’s own keys and its certificate authority.',
    },
  ]
}

async function deployments({ state }: SourcesDeps): Promise<Looked> {
  const faults: string[] = []
  const found: unknown[] = []
  const registration = await state.enrolment.registration()
  for (const { deployment, version, digest, signature } of await inForce(state)) {
    try {
      const assignment = await state.assignments.open(deployment, version)
      const is = await digestOfJson(assignment)
      found.push([deployment, version, is])
      const isSigned = registration !== undefined && (await signedBy(registration, assignment, signature))
      if (is !== digest || !isSigned) faults.push(deployment)
    } catch (error) {
      if (!(error instanceof RowNotAuthentic)) throw error
      faults.push(deployment)
    }
  }
  // Not keyed: the Platform knows what it deployed, and can hold this against it.
  return { hash: await digestOfJson(found), faults }
}

async function running({ state, workers }: SourcesDeps): Promise<Looked> {
  const due = new Map((await inForce(state)).map((kept) => [kept.deployment, kept]))
  const live = workers.list().filter((one) => one.state !== 'stopped')
  const found = live.map(({ assignment }) => [assignment.deployment, assignment.version]).sort()
  const faults = live
    .filter(({ assignment }) => due.get(assignment.deployment)?.version !== assignment.version)
    .map(({ assignment }) => assignment.deployment)
  const alive = new Set<string>(live.map(({ assignment }) => assignment.deployment))
  const missing = [...due.values()].filter(({ deployment, state: is }) => is === 'running' && !alive.has(deployment))
  return { hash: await digestOfJson(found), faults: [...faults, ...missing.map(({ deployment }) => deployment)] }
}

async function code({ state }: SourcesDeps): Promise<Looked> {
  const named = new Set<string>()
  for (const { deployment, version } of await inForce(state)) {
    const { components } = await state.assignments.open(deployment, version)
    for (const component of components) if (component.code) named.add(component.code.sha256)
  }
  const faults: string[] = []
  const found: string[] = []
  for (const sha256 of [...named].sort()) {
    const content = await state.code.find(sha256)
    const is = content ? await sha256Hex(content) : 'missing'
    found.push(is)
    if (is !== sha256) faults.push(sha256)
  }
  return { hash: await digestOfJson(found), faults }
}

async function approvals({ state }: SourcesDeps): Promise<Looked> {
  const faults: string[] = []
  const found: unknown[] = []
  for (const { deployment } of await inForce(state)) {
    try {
      const needs = await state.approvals.of(deployment)
      found.push([deployment, needs.map(({ kind, item }) => `${kind} ${item}`).sort()])
    } catch (error) {
      if (!(error instanceof RowNotAuthentic)) throw error
      faults.push(deployment)
    }
  }
  return { ...(await keyed(state, 'approvals', found)), faults }
}

async function peers({ state }: SourcesDeps): Promise<Looked> {
  const { accepted, notAuthentic } = await state.peers.list()
  const found = accepted.map(({ runtime, fingerprint }) => [runtime, fingerprint]).sort()
  return { ...(await keyed(state, 'peers', found)), faults: notAuthentic }
}

/** The trail is a signed chain: a document that was replaced, or taken away, is not what it says. */
async function policy({ state }: SourcesDeps): Promise<Looked> {
  const { policy: is, authentic } = await state.rules.stored()
  const last = await lastSet(state)
  const isAsSet = last === undefined ? !state.rules.inForce.changed : last === (await digestOfJson(is))
  const isInForce = canonicalJson(is) === canonicalJson(state.rules.policy)
  const faults = [...(authentic && isAsSet ? [] : ['not_as_set']), ...(isInForce ? [] : ['not_in_force'])]
  return { ...(await keyed(state, 'policy', is)), faults }
}

async function lastSet({ trail }: SourcesDeps['state']): Promise<unknown> {
  for (let before: number | undefined; ; ) {
    const { entries, next } = await trail.search({ action: 'policy.changed', limit: 1, before })
    if (entries[0] || next === undefined) return entries[0]?.detail?.['digest']
    before = next
  }
}

function identity({ authority, signing, agreement, mac }: SourcesDeps['state']): Promise<Looked> {
  const found = { authority: authority.certificatePem, signing: signing.kid, agreement: agreement.kid }
  return keyed({ mac }, 'identity', found)
}

/** By the Runtime's own key: what it is of cannot be guessed from it. */
async function keyed({ mac }: Pick<SourcesDeps['state'], 'mac'>, name: string, found: unknown): Promise<Looked> {
  return { hash: hex(await mac.of('drift', { name, found: canonicalJson(found) })), faults: [] }
}

/** In force and meant to run; the order is always the same. */
async function inForce({ assignments }: Pick<RuntimeState, 'assignments'>): Promise<KeptAssignment[]> {
  const kept = await assignments.list(['current'])
  return kept.filter(({ state }) => state !== 'stopped' && state !== 'refused')
}
