/**
 * A browser in which somebody has signed in before, known by a sealed cookie. Attempts from it have a count and a line of their own: no
 * flood, not even one from the same address, keeps its person out. The cookie opens nothing, and whoever steals it gets the guesses
 * that any address has, until its person gets another password. (OWASP, "Slow Down Online Guessing Attacks with Device Cookies".)
 */

import { eq } from 'drizzle-orm'
import { base64url, codeOf, EncodingInvalid, fromBase64url, fromUtf8, newId, utf8 } from '../base/mod.ts'
import { unwrap, type WrappingKey, wrap } from '../crypto/mod.ts'
import { users } from '../store/mod.ts'
import type { AccountsDeps } from './deps.ts'

/** From the last time that its person signed in. */
export const KNOWN_BROWSER_MS = 30 * 24 * 60 * 60_000

type BrowserDeps = Pick<AccountsDeps, 'db' | 'sealing' | 'clock' | 'random'>
/** With when the password was set that held then; null for who has none. */
type Sealed = { id: string; untilMs: number; passwordSetAtMs: number | null }

/** What a browser keeps in which this user (by id) has just signed in; another each time. */
export async function browserToken(deps: BrowserDeps, userId: string): Promise<string> {
  const sealed: Sealed = {
    id: newId('brw', deps.clock, deps.random),
    untilMs: deps.clock.now() + KNOWN_BROWSER_MS,
    passwordSetAtMs: await passwordSetAt(deps, userId),
  }
  return base64url(await wrap(await deps.sealing(), binding(userId), utf8(JSON.stringify(sealed))))
}

/** By what the browser that brings it is known as this user's; nothing where it is made up, too old, older than the password, or another user's. */
export async function knownBrowser(
  deps: BrowserDeps,
  userId: string,
  token: string | undefined,
): Promise<string | undefined> {
  if (token === undefined) return undefined
  const key = await deps.sealing()
  const opened = await unwrapped(key, userId, token)
  // Read for names that are nobody's as well: what takes time for some has to take it for all.
  const isOfThisPassword = opened?.passwordSetAtMs === (await passwordSetAt(deps, userId))
  return opened && isOfThisPassword && deps.clock.now() < opened.untilMs ? opened.id : undefined
}

async function passwordSetAt({ db }: BrowserDeps, userId: string): Promise<number | null> {
  const { id, passwordSetAtMs } = users
  const row = await db.select({ passwordSetAtMs }).from(users).where(eq(id, userId)).get()
  return row?.passwordSetAtMs ?? null
}

/** Nothing for what was not sealed here: strangers may send whatever they like, and stay strangers. */
async function unwrapped(key: WrappingKey, userId: string, token: string): Promise<Sealed | undefined> {
  try {
    return JSON.parse(fromUtf8(await unwrap(key, binding(userId), fromBase64url(token))))
  } catch (error) {
    if (codeOf(error) === 'crypto.not_authentic' || error instanceof EncodingInvalid) return undefined
    throw error
  }
}

function binding(userId: string) {
  return { purpose: 'known-browser', id: userId }
}
