/** The cookie that carries a session: bound to its host, out of reach of scripts, not sent by pages of other sites. */
import type { Context } from 'hono'
import { deleteCookie, getCookie, setCookie } from 'hono/cookie'
import { KNOWN_BROWSER_MS } from './known-browser.ts'
import { SESSION_MAX_MS } from './sessions.ts'

/** `__Host-` makes browsers insist on Secure, Path=/ and no Domain, so that no other host or plain HTTP can plant one. */
export const SESSION_COOKIE = '__Host-sluice'

const ATTRIBUTES = { secure: true, httpOnly: true, sameSite: 'Lax', path: '/' } as const

/** The cookie's name for one of several applications on a host (a Platform's tenants): they share the path `/`. */
export function sessionCookieOf(application: string): string {
  return `${SESSION_COOKIE}-${application}`
}

/** Gives the browser a session's token. */
export function setSessionCookie(c: Context, token: string, cookie: string = SESSION_COOKIE): void {
  setCookie(c, cookie, token, { ...ATTRIBUTES, maxAge: SESSION_MAX_MS / 1_000 })
}

/** Takes it away again. */
export function clearSessionCookie(c: Context, cookie: string = SESSION_COOKIE): void {
  deleteCookie(c, cookie, ATTRIBUTES)
}

/** The token that the browser sent, if any. */
export function sessionTokenOf(c: Context, cookie: string = SESSION_COOKIE): string | undefined {
  return getCookie(c, cookie)
}

/**
 * What a sign-in under way leaves with the browser: `step` between password and code, `oidc` between here and the provider, `link`
 * between the provider and the word of its person.
 */
export type PassingCookie = 'step' | 'oidc' | 'link'

/** Gives the browser something for the next minutes of a sign-in, beside the session's `cookie`. */
export function setPassingCookie(
  c: Context,
  cookie: string,
  kind: PassingCookie,
  value: string,
  lifetimeMs: number,
): void {
  setCookie(c, passing(cookie, kind), value, { ...ATTRIBUTES, maxAge: lifetimeMs / 1_000 })
}

/** What the browser brings back of it. */
export function passingCookieOf(c: Context, cookie: string, kind: PassingCookie): string | undefined {
  return getCookie(c, passing(cookie, kind))
}

/** Takes it away again. */
export function clearPassingCookie(c: Context, cookie: string, kind: PassingCookie): void {
  deleteCookie(c, passing(cookie, kind), ATTRIBUTES)
}

/** Leaves with the browser that somebody has signed in in it (`browserToken`). It stays when the session ends. */
export function setBrowserCookie(c: Context, value: string, cookie: string = SESSION_COOKIE): void {
  setCookie(c, `${cookie}.browser`, value, { ...ATTRIBUTES, maxAge: KNOWN_BROWSER_MS / 1_000 })
}

/** What the browser brings back of it. */
export function browserCookieOf(c: Context, cookie: string = SESSION_COOKIE): string | undefined {
  return getCookie(c, `${cookie}.browser`)
}

function passing(cookie: string, kind: PassingCookie): string {
  return `${cookie}.${kind}`
}
