/** An account that is locked stands in the audit trail. */
import type { Trail } from '../../audit/mod.ts'

/** For `openAccounts`: an account on which attempts keep failing stands in the audit trail, with the network that tried last. */
export function lockRecorder(trail: Pick<Trail, 'record'>): (userId: string, address: string) => Promise<void> {
  return (userId, address) =>
    trail.record({
      actor: 'system',
      action: 'account.locked',
      subject: userId,
      detail: { address: address.slice(0, 64) },
    })
}
