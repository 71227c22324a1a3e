/** Where every way in ends: the browser gets its session and goes on, or is asked for the second half. */
import type { Context } from 'hono'
import {
  type Accounts,
  browserCookieOf,
  CodeRefused,
  CodeUsed,
  ConfirmationUnfit,
  SECOND_STEP_MS,
  type SignedIn,
  SignInBusy,
  SignInRefused,
  SignInTooOften,
  sessionTokenOf,
  setBrowserCookie,
  setPassingCookie,
  setSessionCookie,
  type User,
  type Visitor,
} from '../../accounts/mod.ts'
import { type FormFailure, problemOf, renderPage, type View } from '../../web/mod.ts'
import { actorOf, type PeerBindings } from '../person.ts'
import type { ServerPlace } from '../place.ts'

/** What of accounts these pages need; an application that does not exist has the same, and nobody in it. */
export type Doorkeeper = Pick<
  Accounts,
  | 'signIn'
  | 'browserToken'
  | 'signInByCode'
  | 'viewLink'
  | 'redeemLink'
  | 'sessionOf'
  | 'endSession'
  | 'userOfToken'
  | 'confirmSession'
  | 'findUser'
> & { oidc: Pick<Accounts['oidc'], 'settings' | 'begin' | 'finish' | 'plan' | 'arrive' | 'offer'> }

export type GateDeps = {
  accounts: Doorkeeper
  place: ServerPlace
  /** Tells the audit trail. */
  record: (act: { actor: string; action: string; subject: string; detail?: Record<string, string> }) => Promise<void>
  /** Where browsers reach this server: where an OpenID provider sends them back to. */
  origin: () => string
  /** Where a user goes on who has just set a password by a link, if not to the first page. */
  welcome?: (user: User) => string | undefined
}

/** The address of the page where people sign in. */
export function signInAddress({ base }: ServerPlace): string {
  return `${base}/sign-in`
}

/** How somebody proved who they are. */
export type Proof = 'password' | 'link' | 'oidc' | 'code' | 'recovery-code'

export type GateEnv = { Bindings: PeerBindings }
/**
 * Gives the browser its session and leads it on, or to the page that asks for a code. The audit trail comes first: a session that
 * cannot be told of ends before anyone holds it. The session that the browser had before ends.
 */
export async function letIn(
  c: Context<GateEnv>,
  deps: GateDeps,
  signedIn: SignedIn,
  { how, onward }: { how: Proof; onward: string },
): Promise<Response> {
  const { accounts, place, record } = deps
  if ('secondStep' in signedIn) return askForCode(c, place, signedIn.secondStep, onward)
  const { token, session } = signedIn
  let browser: string
  try {
    const actor = actorOf(session.user)
    browser = await accounts.browserToken(session.user.id)
    await record({ actor, action: 'session.opened', subject: session.id, detail: { how } })
    const before = await accounts.sessionOf(sessionTokenOf(c, place.cookie) ?? '')
    if (before) await accounts.endSession(before.user.id, before.id)
  } catch (error) {
    await accounts.endSession(session.user.id, session.id)
    throw error
  }
  setSessionCookie(c, token, place.cookie)
  setBrowserCookie(c, browser, place.cookie)
  return c.redirect(onward, 303)
}

type Refused = SignInRefused | SignInTooOften | SignInBusy | CodeRefused | CodeUsed | ConfirmationUnfit

/** An attempt that was refused for a reason that the page shows. */
export function isRefusedSignIn(error: unknown): error is Refused {
  const kinds = [SignInRefused, SignInTooOften, SignInBusy, CodeRefused, CodeUsed, ConfirmationUnfit]
  return kinds.some((kind) => error instanceof kind)
}

/** The address of the page that asks for a code. */
export function codeAddress({ base }: Pick<ServerPlace, 'base'>): string {
  return `${base}/sign-in/code`
}

/** Leaves the step's token with the browser, and leads it to the page that asks. */
function askForCode(c: Context<GateEnv>, place: ServerPlace, secondStep: string, next: string): Response {
  setPassingCookie(c, place.cookie, 'step', secondStep, SECOND_STEP_MS)
  return c.redirect(`${codeAddress(place)}?next=${encodeURIComponent(next)}`, 303)
}

/** Where a browser comes from, and by what it may be known. */
export function visitorOf(c: Context<GateEnv>, { cookie }: Pick<ServerPlace, 'cookie'>): Visitor {
  const { address } = c.env.peer
  return { address, userAgent: c.req.header('user-agent'), browser: browserCookieOf(c, cookie) }
}

/** The same page once more for an attempt that was refused: 401, or 429 and 503 with the time until trying again makes sense. */
export async function refusedPage(c: Context, error: Refused, view: View): Promise<Response> {
  const { status, retryAfter } = problemOf(error)
  if (retryAfter !== undefined) c.header('retry-after', String(retryAfter))
  return c.html(await renderPage(view), status as FormFailure['status'])
}
