/** What routes behind the gate know of a request. */
import type { AuthVariables } from '../../accounts/mod.ts'
import type { RequestIdVariables } from '../../web/mod.ts'

export type Env = { Variables: AuthVariables & RequestIdVariables }

/** How the audit trail and versions name a user. */
export function actorOf(user: { id: string }): string {
  return `user:${user.id}`
}
