/** How many deployments may run and how many versions may wait: a Platform that asks for more than the owner's rules allow is refused. */
import type { Reason } from '../../wire/mod.ts'
import type { Policy } from '../policy/policy.ts'
import type { KeptAssignment } from '../state/assignments.ts'

/** Why one more deployment may not run beside what is in force; its own worker, if it has one, is replaced and not counted. */
export function mayRun(current: readonly KeptAssignment[], deployment: string, { workersMax }: Policy): Reason[] {
  const others = current.filter((kept) => kept.place === 'current' && kept.deployment !== deployment && hasWorker(kept))
  return others.length < workersMax ? [] : [{ code: 'policy.workers_max', item: String(workersMax) }]
}

/** Why one more version may not wait; one that waits of the same deployment gives its place. */
export function mayWait(waiting: readonly KeptAssignment[], deployment: string, { waitingMax }: Policy): Reason[] {
  const others = waiting.filter((kept) => kept.place === 'waiting' && kept.deployment !== deployment)
  return others.length < waitingMax ? [] : [{ code: 'policy.waiting_max', item: String(waitingMax) }]
}

/** A failed one is started again and again, a draining one still holds its memory. */
function hasWorker({ state }: KeptAssignment): boolean {
  return state !== 'stopped' && state !== 'refused'
}
