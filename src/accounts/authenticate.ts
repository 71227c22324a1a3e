/** The middleware that knows who asks: by an API token, else by a session's cookie. */
import type { Context, MiddlewareHandler } from 'hono'
import { wantsPage } from '../web/mod.ts'
import type { Accounts } from './accounts.ts'
import { SESSION_COOKIE, sessionTokenOf } from './cookie.ts'
import { RoleTooLow, Unauthenticated } from './errors.ts'
import { type Role, roleReaches, type User } from './roles.ts'

/** The user behind a request, and the session or token that proves it. */
export type Principal = User & { via: 'session' | 'token'; credential: string }
/** What `authenticate` sets: `c.var.user`. */
export type AuthVariables = { user: Principal }

/** Whose accounts, which cookie, and where people without a session go. */
export type AuthenticateOptions = {
  /** The accounts of the application that is asked; a function where the request decides (a Platform's tenants). */
  accounts: Accounts | ((c: Context) => Accounts | Promise<Accounts>)
  cookie?: string | ((c: Context) => string)
  /** Where a person without a session is sent, with `?next=`; without it everyone is refused. */
  signIn?: string | ((c: Context) => string)
}

/**
 * Sets `c.var.user`, or refuses `account.unauthenticated`. A request that carries a token is judged by it alone:
 * a wrong one does not fall back to the cookie, which the check against other sites would not have covered.
 */
export function authenticate(options: AuthenticateOptions): MiddlewareHandler<{ Variables: AuthVariables }> {
  return async (c, next) => {
    const accounts = typeof options.accounts === 'function' ? await options.accounts(c) : options.accounts
    const principal = await principalOf(c, accounts, ofRequest(options.cookie, c) ?? SESSION_COOKIE)
    if (principal === undefined) {
      const signIn = ofRequest(options.signIn, c)
      if (signIn !== undefined && c.req.method === 'GET' && wantsPage(c.req.raw))
        return c.redirect(signInAddress(signIn, c), 303)
      throw new Unauthenticated('signing in is needed')
    }
    c.set('user', principal)
    return next()
  }
}

/** Lets only users pass whose role reaches. Comes after `authenticate`. Refuses `account.role_too_low`. */
export function requireRole(role: Role): MiddlewareHandler<{ Variables: AuthVariables }> {
  return async (c, next) => {
    if (!roleReaches(c.var.user.role, role)) throw new RoleTooLow(`this needs the role ${role}`)
    await next()
  }
}

/** The page to go on to after signing in: a path of our own, or `otherwise`. Keeps links from leading people elsewhere. */
export function safeNext(next: string | undefined, otherwise: string): string {
  if (next === undefined || !/^\/(?![/\\])[\x21-\x5b\x5d-\x7e]*$/.test(next)) return otherwise
  const { host, pathname, search } = new URL(next, 'https://here.invalid')
  // Dot segments resolve to what the check above has not seen: `/.//evil.example` has the path `//evil.example`.
  return host === 'here.invalid' && !pathname.startsWith('//') ? `${pathname}${search}` : otherwise
}

async function principalOf(c: Context, accounts: Accounts, cookie: string): Promise<Principal | undefined> {
  const authorization = c.req.header('authorization')
  if (authorization !== undefined) {
    const token = /^bearer (\S+)$/i.exec(authorization)?.[1]
    const found = token === undefined ? undefined : await accounts.userOfToken(token)
    return found && { ...found.user, via: 'token', credential: found.id }
  }
  const token = sessionTokenOf(c, cookie)
  const session = token === undefined ? undefined : await accounts.sessionOf(token)
  return session && { ...session.user, via: 'session', credential: session.id }
}

function signInAddress(signIn: string, c: Context): string {
  const { pathname, search } = new URL(c.req.url)
  return `${signIn}?next=${encodeURIComponent(`${pathname}${search}`)}`
}

function ofRequest(option: string | ((c: Context) => string) | undefined, c: Context): string | undefined {
  return typeof option === 'function' ? option(c) : option
}
