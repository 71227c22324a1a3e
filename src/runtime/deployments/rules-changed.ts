/** What other rules would end: everything that runs, waits, or has ended and can start again, and would be forbidden under them, each with why. */
import type { Reason } from '../../wire/mod.ts'
import { RowNotAuthentic } from '../errors.ts'
import type { Assignments, KeptAssignment } from '../state/assignments.ts'
import { hasEnded } from './ended.ts'
import { policyReasons, type Surroundings } from './examine.ts'
import { mayRun, mayWait } from './places.ts'

export type Affected = {
  deployment: string
  version: number
  blueprint: string
  place: 'current' | 'waiting'
  /** Its flow came to its end: under these rules it does not start again. */
  ended: boolean
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
    const ended = hasEnded(one)
    if ((one.state === 'stopped' && !ended) || one.state === 'refused') continue
    const { deployment, version, blueprint } = one
    const place = one.place === 'waiting' ? 'waiting' : 'current'
    // What has ended takes nobody's place.
    const places = ended ? [] : placeReasons(staying, one, under)
    const reasons = [...(await forbiddenOf(assignments, one, under)), ...places]
    if (reasons.length === 0) staying.push(one)
    else affected.push({ deployment, version, blueprint, place, ended, reasons })
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
