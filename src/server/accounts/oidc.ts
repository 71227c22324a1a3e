/** Signing in by the OpenID provider that an owner set up: the way there, and the way back. */

import { type Context, Hono } from 'hono'
import {
  type Accounts,
  clearPassingCookie,
  OIDC_TIES_MS,
  type OidcErrand,
  OidcMissing,
  OidcRefused,
  type OidcReturned,
  type Plan,
  passingCookieOf,
  safeNext,
  sessionTokenOf,
  setPassingCookie,
} from '../../accounts/mod.ts'
import { recorded } from '../../audit/mod.ts'
import { homeOf, type ServerPlace } from '../place.ts'
import { type Doorkeeper, type GateDeps, type GateEnv, letIn, visitorOf } from './let-in.ts'

/** Longer ones would not fit into the cookie that carries them; who has one lands on the first page. */
const NEXT_LENGTH_MAX = 1_024

/** Of an application that has no provider and nobody in it. */
export const noProvider: Doorkeeper['oidc'] = {
  settings: async () => undefined,
  begin: () => Promise.reject(missing()),
  finish: () => Promise.reject(missing()),
  plan: () => Promise.reject(missing()),
  arrive: () => Promise.reject(missing()),
  offer: () => Promise.reject(missing()),
}

/** What a button says that leads to the provider, where there is one. */
export async function providerLabel(
  { accounts, place }: { accounts: Pick<Doorkeeper, 'oidc'>; place: ServerPlace },
  query: { next: string; for?: 'confirm' },
): Promise<{ label: string; href: string } | undefined> {
  const settings = await accounts.oidc.settings()
  return settings && { label: settings.label, href: `${place.base}/sign-in/oidc?${new URLSearchParams(query)}` }
}

/**
 * By GET, since the policy of our pages lets no form lead away. What strangers gain by sending somebody here is a sign-in to that
 * person's own account.
 */
export function oidcRoutes(deps: GateDeps): Hono<GateEnv> {
  const { place } = deps
  return new Hono<GateEnv>()
    .get('/sign-in/oidc', async (c) => {
      const asked = safeNext(c.req.query('next'), homeOf(place))
      const next = asked.length > NEXT_LENGTH_MAX ? homeOf(place) : asked
      // Asked for as a confirmation, the provider has to ask the person, whoever is signed in there.
      return leadToProvider(c, deps, {
        next,
        errand: { kind: c.req.query('for') === 'confirm' ? 'confirm' : 'sign-in' },
      })
    })
    .get('/sign-in/oidc/back', async (c) => {
      const cookie = passingCookieOf(c, place.cookie, 'oidc')
      clearPassingCookie(c, place.cookie, 'oidc')
      const returned = await deps.accounts.oidc.finish(new URL(c.req.url).searchParams, cookie, c.env.peer.address)
      return returned.errand.kind === 'link'
        ? offer(c, deps, returned, returned.errand.userId)
        : arrive(c, deps, returned)
    })
}

/** Sends the browser to the provider; what it has to bring back goes along as a cookie. */
export async function leadToProvider(
  c: Context,
  {
    accounts,
    place,
    origin,
  }: Pick<GateDeps, 'place' | 'origin'> & { accounts: { oidc: Pick<Accounts['oidc'], 'begin'> } },
  { next, errand }: { next: string; errand: OidcErrand },
): Promise<Response> {
  const redirectUri = `${origin()}${place.base}/sign-in/oidc/back`
  const { address, cookie } = await accounts.oidc.begin({ redirectUri, next, errand })
  setPassingCookie(c, place.cookie, 'oidc', cookie, OIDC_TIES_MS)
  return c.redirect(address, 303)
}

async function arrive(c: Context<GateEnv>, deps: GateDeps, returned: OidcReturned): Promise<Response> {
  const { accounts, record } = deps
  const plan = await accounts.oidc.plan(returned)
  const act = actOf(plan, returned.vouched)
  const work = () => accounts.oidc.arrive(returned, plan, visitorOf(c, deps.place))
  const { signedIn } = await (act ? recorded({ record }, act, work) : work())
  return letIn(c, deps, signedIn, { how: 'oidc', onward: returned.next })
}

/** What of a sign-in the trail is told beside the session. */
function actOf(plan: Plan, { issuer, subject }: { issuer: string; subject: string }) {
  const by = { issuer: issuer.slice(0, 256), subject: subject.slice(0, 256) }
  if (plan.kind === 'new') {
    const { name, role } = plan
    return { actor: 'system', action: 'user.created_by_provider', subject: name, detail: { name, role, ...by } }
  }
  const { user, role } = plan
  return role && { actor: 'system', action: 'user.role_set_by_provider', subject: user.id, detail: { role, ...by } }
}

/**
 * Only in the session that began it: another's would tie a stranger's account to this user. And only kept for the next page, where
 * the person sees whose account it is before it becomes a way in.
 */
async function offer(c: Context<GateEnv>, deps: GateDeps, returned: OidcReturned, userId: string): Promise<Response> {
  const { accounts, place } = deps
  const session = await accounts.sessionOf(sessionTokenOf(c, place.cookie) ?? '')
  if (session?.user.id !== userId) throw new OidcRefused('this browser is not signed in as who began')
  setPassingCookie(c, place.cookie, 'link', await accounts.oidc.offer(returned, userId), OIDC_TIES_MS)
  return c.redirect(returned.next, 303)
}

function missing(): OidcMissing {
  return new OidcMissing('no OpenID provider is set up here')
}
