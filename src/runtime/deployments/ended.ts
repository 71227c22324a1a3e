/** What it means that a deployment has ended. */
import type { KeptAssignment } from '../state/assignments.ts'

/**
 * Its sources came to their end by themselves, and nobody stopped it. It has no worker and does not start with the Runtime; but a replay
 * of refused records, or an operator's restart, starts it again as it is, without asking its owner. So it still uses what it names:
 * credentials, libraries, folders. What somebody stopped or turned down does not: only an owner lets that run again, and is told then
 * what is lacking.
 */
export function hasEnded({ state, reasons }: Pick<KeptAssignment, 'state' | 'reasons'>): boolean {
  return state === 'stopped' && reasons[0]?.code === 'flow.ended'
}
