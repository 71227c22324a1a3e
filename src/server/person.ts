/** Who asks: set by the gate, held against what an act needs, and put into the audit trail. */
import type { Context, MiddlewareHandler } from 'hono'
import { type AuthVariables, CLOCK_SLACK_MS, type Role, RoleTooLow, roleReaches } from '../accounts/mod.ts'
import type { Clock } from '../base/mod.ts'
import type { RequestIdVariables } from '../web/mod.ts'
import { ConfirmFirst, FormIncomplete } from './errors.ts'

/** The peer's address, as the server hands it to the application beside a request. */
export type PeerBindings = { peer: { address: string; port: number } }

/**
 * What routes behind the gate know of a request. `fresh`: the person has proved themselves lately. `secretFields`: what of the form
 * never comes back. `askOnceMore`: a form that was sent on after a proof, without its secrets. Who sets `showsAgain` shows it again,
 * filled in; everywhere else it is refused.
 */
export type PersonEnv = {
  Variables: AuthVariables &
    RequestIdVariables & { fresh: boolean; secretFields?: RegExp | undefined; showsAgain?: boolean }
  Bindings: PeerBindings & { askOnceMore?: boolean }
}

/** A dangerous act is done within ten minutes of a password or second factor: a browser left open is not enough for it. */
export const FRESH_MS = 10 * 60_000

/** Comes after `authenticate`: sets `c.var.fresh`. A token is shown with every request, and so counts as fresh. */
export function freshness(clock: Clock): MiddlewareHandler<PersonEnv> {
  return (c, next) => {
    const { user } = c.var
    // A proof of the future is of a clock that was set back.
    const sinceMs = user.via === 'token' ? 0 : clock.now() - user.confirmedAtMs
    c.set('fresh', sinceMs < FRESH_MS && sinceMs > -CLOCK_SLACK_MS)
    return next()
  }
}

/** How the audit trail and versions name a person: names may change, ids do not. */
export function actorOf(user: { id: string }): string {
  return `user:${user.id}`
}

/**
 * Lets only this role or a higher one on (`account.role_too_low`); gives the actor for the audit trail. Refuses
 * `request.incomplete`: half of a form is not what its person asked for.
 */
export function demand(c: Context<PersonEnv>, role: Role): string {
  const { user } = c.var
  if (c.env?.askOnceMore && !c.get('showsAgain')) throw new FormIncomplete('nothing was done: a part was not kept')
  if (!roleReaches(user.role, role)) throw new RoleTooLow(`this needs the role ${role}`)
  return actorOf(user)
}

/** The same for dangerous acts: who has not proved themselves in the last ten minutes is asked again (`account.confirm_first`). */
export function demandFresh(c: Context<PersonEnv>, role: Role): string {
  const actor = demand(c, role)
  if (!c.var.fresh) throw new ConfirmFirst('this needs a confirmation that it is you')
  return actor
}
