/** The pages before a session: sign in, open a one-time link, sign out. The same for every address, whether a tenant is behind it or not. */
import { type Context, Hono } from 'hono'
import * as v from 'valibot'
import {
  type Accounts,
  clearSessionCookie,
  LinkRefused,
  type LinkView,
  PASSWORD_LENGTH_MIN,
  PasswordUnfit,
  SignInBusy,
  SignInRefused,
  SignInTooOften,
  safeNext,
  sessionTokenOf,
  setSessionCookie,
  type Visitor,
} from '../../accounts/mod.ts'
import { OneTimeLinkPage, readForm, renderPage, SignInPage, type View } from '../../web/mod.ts'

/** What of accounts these pages need; a tenant that does not exist has the same, and nobody in it. */
export type Doorkeeper = Pick<Accounts, 'signIn' | 'viewLink' | 'redeemLink' | 'sessionOf' | 'endSession'>

/** Nobody: every name, link and session is refused. */
export const nobody: Doorkeeper = {
  signIn: () => Promise.reject(new SignInRefused('the name or the password is not right')),
  viewLink: () => Promise.reject(new LinkRefused('this link does not work any more')),
  redeemLink: () => Promise.reject(new LinkRefused('this link does not work any more')),
  sessionOf: async () => undefined,
  endSession: async () => undefined,
}

export type SignInDeps = {
  accounts: Doorkeeper
  /** `/t/<tenant>`. */
  base: string
  cookie: string
  /** Tells the audit trail. */
  signedIn: (user: { id: string }, how: 'password' | 'link') => Promise<void>
}

/** The peer's address, as the server hands it to the application. */
export type PeerBindings = { Bindings: { peer: { address: string; port: number } } }

const place = { kind: 'platform', name: '' } as const
const Text = v.pipe(v.string(), v.maxLength(512))
const SignIn = v.object({ name: Text, password: Text, next: v.optional(Text) })
const Redeem = v.object({ token: Text, password: v.optional(Text) })

export function signInRoutes(deps: SignInDeps): Hono<PeerBindings> {
  const { accounts, base, cookie } = deps
  const action = `${base}/sign-in`
  return new Hono<PeerBindings>()
    .get('/sign-in', (c) => {
      const next = safeNext(c.req.query('next'), `${base}/`)
      return page(c, <SignInPage place={place} action={action} next={next} />)
    })
    .post('/sign-in', async (c) => {
      const { name, password, next } = await readForm(c, SignIn)
      const onward = safeNext(next, `${base}/`)
      try {
        const { address, userAgent } = visitorOf(c)
        const token = await admit(deps, await accounts.signIn(name, password, address, userAgent), 'password')
        setSessionCookie(c, token, cookie)
        return c.redirect(onward, 303)
      } catch (error) {
        if (!(error instanceof SignInRefused || error instanceof SignInTooOften || error instanceof SignInBusy))
          throw error
        const failure = { message: error.message, ...(error.advice !== undefined && { advice: error.advice }) }
        return page(c, <SignInPage place={place} action={action} next={onward} name={name} failure={failure} />, 401)
      }
    })
    .get('/link/:token', async (c) => {
      const token = c.req.param('token')
      return page(c, linkPage(deps, token, await accounts.viewLink(token)))
    })
    .post('/link', async (c) => {
      const { token, password } = await readForm(c, Redeem)
      const view = await accounts.viewLink(token)
      try {
        const opened = await accounts.redeemLink(token, visitorOf(c), password)
        setSessionCookie(c, await admit(deps, opened, 'link'), cookie)
        return c.redirect(`${base}/`, 303)
      } catch (error) {
        if (!(error instanceof PasswordUnfit)) throw error
        return page(c, linkPage(deps, token, view, error.message), 422)
      }
    })
    .post('/sign-out', async (c) => {
      const token = sessionTokenOf(c, cookie)
      const session = token === undefined ? undefined : await accounts.sessionOf(token)
      if (session) await accounts.endSession(session.user.id, session.id)
      clearSessionCookie(c, cookie)
      return c.redirect(`${base}/sign-in`, 303)
    })
}

/** The token of a session, once the audit trail has it: a session that cannot be told of ends before anyone holds it. */
async function admit(
  { accounts, signedIn }: Pick<SignInDeps, 'accounts' | 'signedIn'>,
  { token, session }: Awaited<ReturnType<Doorkeeper['signIn']>>,
  how: 'password' | 'link',
): Promise<string> {
  try {
    await signedIn(session.user, how)
    return token
  } catch (error) {
    await accounts.endSession(session.user.id, session.id)
    throw error
  }
}

function linkPage(deps: SignInDeps, token: string, view: LinkView, passwordError?: string): View {
  return (
    <OneTimeLinkPage
      place={place}
      action={`${deps.base}/link`}
      token={token}
      name={view.user.name}
      asksPassword={view.purpose === 'set-password'}
      passwordLengthMin={PASSWORD_LENGTH_MIN}
      {...(passwordError !== undefined && { passwordError })}
    />
  )
}

function visitorOf(c: Context<PeerBindings>): Visitor {
  return { address: c.env.peer.address, userAgent: c.req.header('user-agent') }
}

async function page(c: Context, view: View, status: 200 | 401 | 422 = 200): Promise<Response> {
  return c.html(await renderPage(view), status)
}
