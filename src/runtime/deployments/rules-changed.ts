/** What other rules would end: everything that runs or waits and would be forbidden under them, each with why. */
import type { Reason } from '../../wire/mod.ts'
import { RowNotAuthentic } from '../errors.ts'
import type { Assignments, KeptAssignment } from '../state/assignments.ts'
import { policyReasons, type Surroundings } from './examine.ts'
import { mayRun, mayWait } from './places.ts'

export type Affected = {
  deployment: string
  version: number
  blueprint: string
  place: 'current' | 'waiting'
  reasons: Reason[]
}

/** `under.policy` are the rules to come. Of more than may run or wait those that changed last are over the bound. */
export async function affectedBy(
  assignments: Pick<Assignments, 'list' | 'open'>,
  under: Pick<Surroundings, 'types' | 'folders' | 'policy'>,
): Promise<Affected[]> {
  const kept = (await assignments.list(['current', 'waiting'])).sort((a, b) => a.changedAtMs - b.changedAtMs)
  const staying: KeptAssignment[] = []
  const affected: Affected[] = []
  for (const one of kept) {
    if (one.state === 'stopped' || one.state === 'refused') continue
    const { deployment, version, blueprint, place } = one
    const reasons = [...(await forbiddenOf(assignments, one, under)), ...placeReasons(staying, one, under)]
    if (reasons.length === 0) staying.push(one)
    else affected.push({ deployment, version, blueprint, place: place === 'waiting' ? 'waiting' : 'current', reasons })
  }
  return affected
}

function placeReasons(
  staying: readonly KeptAssignment[],
  { deployment, place }: KeptAssignment,
  { policy }: Pick<Surroundings, 'policy'>,
): Reason[] {
  return place === 'waiting' ? mayWait(staying, deployment, policy) : mayRun(staying, deployment, policy)
}

/** One that cannot be opened is not judged: it is shown as what it is, and does not start again. */
async function forbiddenOf(
  assignments: Pick<Assignments, 'open'>,
  { deployment, version }: KeptAssignment,
  under: Pick<Surroundings, 'types' | 'folders' | 'policy'>,
): Promise<Reason[]> {
  try {
    return policyReasons(await assignments.open(deployment, version), under)
  } catch (error) {
    if (error instanceof RowNotAuthentic) return []
    throw error
  }
}
