/** The pages before a session: sign in, open a one-time link, sign out. The same for every address, whether anyone is behind it or not. */
import { type Context, Hono } from 'hono'
import * as v from 'valibot'
import {
  clearSessionCookie,
  LinkRefused,
  type LinkView,
  PASSWORD_LENGTH_MIN,
  PasswordUnfit,
  SignInRefused,
  safeNext,
  sessionTokenOf,
} from '../accounts/mod.ts'
import { OneTimeLinkPage, readForm, renderPage, SignInPage, type View } from '../web/mod.ts'
import {
  type Doorkeeper,
  type GateDeps,
  type GateEnv,
  isRefusedSignIn,
  letIn,
  refusedPage,
  signInAddress,
  visitorOf,
} from './accounts/let-in.ts'
import { noProvider, oidcRoutes, providerLabel } from './accounts/oidc.ts'
import { secondFactorRoutes } from './accounts/second-factor.tsx'
import { ShortText } from './inputs.ts'
import { actorOf } from './person.ts'
import { homeOf, type ServerPlace } from './place.ts'

/** Nobody: every name, link and session is refused. */
export const nobody: Doorkeeper = {
  browserToken: () => Promise.reject(new SignInRefused('the name or the password is not right')),
  signIn: () => Promise.reject(new SignInRefused('the name or the password is not right')),
  viewLink: () => Promise.reject(new LinkRefused('this link does not work any more')),
  redeemLink: () => Promise.reject(new LinkRefused('this link does not work any more')),
  signInByCode: () => Promise.reject(new LinkRefused('this link does not work any more')),
  oidc: noProvider,
  sessionOf: async () => undefined,
  endSession: async () => undefined,
  userOfToken: async () => undefined,
  confirmSession: () => Promise.reject(new SignInRefused('the name or the password is not right')),
  findUser: () => Promise.reject(new SignInRefused('the name or the password is not right')),
}

const SignIn = v.object({ name: ShortText, password: ShortText, next: v.optional(ShortText) })
const Redeem = v.object({ token: ShortText, password: v.optional(ShortText) })

export function gateRoutes(deps: GateDeps): Hono<GateEnv> {
  const { accounts, place } = deps
  return new Hono<GateEnv>()
    .get('/sign-in', async (c) => page(c, await signInPage(deps, safeNext(c.req.query('next'), homeOf(place)))))
    .post('/sign-in', (c) => signIn(c, deps))
    .get('/link/:token', async (c) => {
      const token = c.req.param('token')
      return page(c, linkPage(place, token, await accounts.viewLink(token)))
    })
    .post('/link', (c) => redeem(c, deps))
    .post('/sign-out', (c) => signOut(c, deps))
    .route('/', secondFactorRoutes(deps))
    .route('/', oidcRoutes(deps))
}

async function signIn(c: Context<GateEnv>, deps: GateDeps): Promise<Response> {
  const { accounts, place } = deps
  const { name, password, next } = await readForm(c, SignIn)
  const onward = safeNext(next, homeOf(place))
  try {
    const signedIn = await accounts.signIn(name, password, visitorOf(c, place))
    return await letIn(c, deps, signedIn, { how: 'password', onward })
  } catch (error) {
    if (!isRefusedSignIn(error)) throw error
    const failure = { message: error.message, ...(error.advice !== undefined && { advice: error.advice }) }
    return refusedPage(c, error, await signInPage(deps, onward, { name, failure }))
  }
}

async function redeem(c: Context<GateEnv>, deps: GateDeps): Promise<Response> {
  const { accounts, place } = deps
  const { token, password } = await readForm(c, Redeem)
  const view = await accounts.viewLink(token)
  try {
    const signedIn = await accounts.redeemLink(token, visitorOf(c, place), password)
    const onward = view.purpose === 'set-password' ? deps.welcome?.(view.user) : undefined
    return await letIn(c, deps, signedIn, { how: 'link', onward: onward ?? homeOf(place) })
  } catch (error) {
    if (!(error instanceof PasswordUnfit)) throw error
    return page(c, linkPage(place, token, view, error.message), 422)
  }
}

async function signOut(c: Context<GateEnv>, { accounts, place, record }: GateDeps): Promise<Response> {
  const token = sessionTokenOf(c, place.cookie)
  const session = token === undefined ? undefined : await accounts.sessionOf(token)
  if (session) {
    await accounts.endSession(session.user.id, session.id)
    await record({ actor: actorOf(session.user), action: 'session.ended', subject: session.id })
  }
  clearSessionCookie(c, place.cookie)
  return c.redirect(signInAddress(place), 303)
}

type Retry = { name: string; failure: { message: string; advice?: string } }

async function signInPage(deps: GateDeps, next: string, retry?: Retry): Promise<View> {
  const { place } = deps
  const provider = await providerLabel(deps, { next })
  const shown = { place: place.shown, action: signInAddress(place), next, ...retry, ...(provider && { provider }) }
  return <SignInPage {...shown} />
}

function linkPage(place: ServerPlace, token: string, view: LinkView, passwordError?: string): View {
  return (
    <OneTimeLinkPage
      place={place.shown}
      action={`${place.base}/link`}
      token={token}
      name={view.user.name}
      asksPassword={view.purpose === 'set-password'}
      passwordLengthMin={PASSWORD_LENGTH_MIN}
      {...(passwordError !== undefined && { passwordError })}
    />
  )
}

async function page(c: Context, view: View, status: 200 | 422 = 200): Promise<Response> {
  return c.html(await renderPage(view), status)
}
