/** The middleware that knows who asks: by an API token, else by a session's cookie. */
import type { Context, MiddlewareHandler } from 'hono'
import { wantsPage } from '../web/mod.ts'
import type { Accounts } from './accounts.ts'
import { SESSION_COOKIE, sessionTokenOf } from './cookie.ts'
import { TotpDemanded, Unauthenticated } from './errors.ts'
import type { User } from './roles.ts'

/** The user behind a request, and the session or token (its id) that proves it; `confirmedAtMs` as in `Session`. */
export type Principal = User &
  ({ via: 'session'; credential: string; confirmedAtMs: number } | { via: 'token'; credential: string })
/** What `authenticate` sets: `c.var.user`. */
export type AuthVariables = { user: Principal }

type Knows = Pick<Accounts, 'userOfToken' | 'sessionOf'>

/** Whose accounts, which cookie, and where people without a session go. */
export type AuthenticateOptions = {
  /** The accounts of the application that is asked; a function where the request decides (a Platform's tenants). */
  accounts: Knows | ((c: Context) => Knows | Promise<Knows>)
  cookie?: string | ((c: Context) => string)
  /** Where a person without a session is sent, with `?next=`; without it everyone is refused. */
  signIn?: string | ((c: Context) => string)
  /**
   * What a session may reach, with all that is below, that lacks a demanded authenticator. To the first of them its user is led;
   * without it everything is refused.
   */
  enrolTotp?: readonly [string, ...string[]]
}

/**
 * Sets `c.var.user`, or refuses `account.unauthenticated`, and `totp.demanded` where everyone needs an authenticator.
 * A request that carries a token is judged by it alone: a wrong one does not fall back to the cookie, which the check against
 * other sites would not have covered.
 */
export function authenticate(options: AuthenticateOptions): MiddlewareHandler<{ Variables: AuthVariables }> {
  return async (c, next) => {
    const accounts = typeof options.accounts === 'function' ? await options.accounts(c) : options.accounts
    const known = await principalOf(c, accounts, ofRequest(options.cookie, c) ?? SESSION_COOKIE)
    const isPage = c.req.method === 'GET' && wantsPage(c.req.raw)
    if (known === undefined) {
      const signIn = ofRequest(options.signIn, c)
      if (signIn !== undefined && isPage) return c.redirect(signInAddress(signIn, c), 303)
      throw new Unauthenticated('signing in is needed')
    }
    const { enrolTotp = [] } = options
    const { pathname } = new URL(c.req.url)
    if (known.mustEnrolTotp && !enrolTotp.some((folder) => isBelow(pathname, folder))) {
      if (enrolTotp[0] !== undefined && isPage) return c.redirect(enrolTotp[0], 303)
      throw new TotpDemanded('an authenticator is demanded of everyone here')
    }
    c.set('user', known.principal)
    return next()
  }
}

/** The page to go on to after signing in: a path of our own, or `otherwise`. Keeps links from leading people elsewhere. */
export function safeNext(next: string | undefined, otherwise: string): string {
  if (next === undefined || !/^\/(?![/\\])[\x21-\x5b\x5d-\x7e]*$/.test(next)) return otherwise
  const { host, pathname, search } = new URL(next, 'https://here.invalid')
  // Dot segments resolve to what the check above has not seen: `/.//evil.example` has the path `//evil.example`.
  return host === 'here.invalid' && !pathname.startsWith('//') ? `${pathname}${search}` : otherwise
}

/** The API token that a request carries, if any. */
export function apiTokenOf(c: Context): string | undefined {
  return /^bearer (\S+)$/i.exec(c.req.header('authorization') ?? '')?.[1]
}

type Known = { principal: Principal; mustEnrolTotp: boolean }

async function principalOf(c: Context, accounts: Knows, cookie: string): Promise<Known | undefined> {
  if (c.req.header('authorization') !== undefined) {
    const token = apiTokenOf(c)
    const found = token === undefined ? undefined : await accounts.userOfToken(token)
    return found && { principal: { ...found.user, via: 'token', credential: found.id }, mustEnrolTotp: false }
  }
  const token = sessionTokenOf(c, cookie)
  const session = token === undefined ? undefined : await accounts.sessionOf(token)
  if (session === undefined) return undefined
  const { user, id: credential, confirmedAtMs, mustEnrolTotp } = session
  return { principal: { ...user, via: 'session', credential, confirmedAtMs }, mustEnrolTotp }
}

function isBelow(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`)
}

function signInAddress(signIn: string, c: Context): string {
  const { pathname, search } = new URL(c.req.url)
  return `${signIn}?next=${encodeURIComponent(`${pathname}${search}`)}`
}

function ofRequest(option: string | ((c: Context) => string) | undefined, c: Context): string | undefined {
  return typeof option === 'function' ? option(c) : option
}
