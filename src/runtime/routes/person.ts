/** Who asks: set by the middleware of `accounts`, and put into the audit trail. */
import type { Context } from 'hono'
import { type AuthVariables, type Role, RoleTooLow, roleReaches } from '../../accounts/mod.ts'
import type { RequestIdVariables } from '../../web/mod.ts'

/** What the server hands to a request beside it. */
type Bindings = { peer: { address: string; port: number } }
export type PersonEnv = { Variables: AuthVariables & RequestIdVariables; Bindings: Bindings }

/** How the audit trail names a person, here as at the Platform: names may change, ids do not. */
export function actorOf(user: { id: string }): string {
  return `user:${user.id}`
}

/** Lets only this role or a higher one on (`account.role_too_low`); gives the actor for the audit trail. */
export function demand(c: Context<PersonEnv>, role: Role): string {
  const { user } = c.var
  if (!roleReaches(user.role, role)) throw new RoleTooLow(`this needs the role ${role}`)
  return actorOf(user)
}
