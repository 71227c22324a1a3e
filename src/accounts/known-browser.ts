/**
 * A browser in which somebody has signed in before, known by a sealed cookie. Attempts from it have a count and a line of their own: no
 * flood, not even one from the same address, keeps its person out. The cookie opens nothing, and whoever steals it gets the guesses
 * that any address has. (OWASP, "Slow Down Online Guessing Attacks with Device Cookies".)
 */
import { base64url, codeOf, EncodingInvalid, fromBase64url, fromUtf8, newId, utf8 } from '../base/mod.ts'
import { unwrap, type WrappingKey, wrap } from '../crypto/mod.ts'
import type { AccountsDeps } from './deps.ts'

/** From the last time that its person signed in. */
export const KNOWN_BROWSER_MS = 30 * 24 * 60 * 60_000

type BrowserDeps = Pick<AccountsDeps, 'sealing' | 'clock' | 'random'>
type Sealed = { id: string; untilMs: number }

/** What a browser keeps in which this user (by id) has just signed in; another each time. */
export async function browserToken(deps: BrowserDeps, userId: string): Promise<string> {
  const sealed: Sealed = { id: newId('brw', deps.clock, deps.random), untilMs: deps.clock.now() + KNOWN_BROWSER_MS }
  return base64url(await wrap(await deps.sealing(), binding(userId), utf8(JSON.stringify(sealed))))
}

/** By what the browser that brings it is known as this user's; nothing where it is made up, too old, or another user's. */
export async function knownBrowser(
  deps: BrowserDeps,
  userId: string,
  token: string | undefined,
): Promise<string | undefined> {
  if (token === undefined) return undefined
  const key = await deps.sealing()
  const opened = await unwrapped(key, userId, token)
  return opened && deps.clock.now() < opened.untilMs ? opened.id : undefined
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
