/** Sign-in, one-time links, sign-out: what stands before a session. */
import { type Context, Hono } from 'hono'
import * as v from 'valibot'
import {
  type Accounts,
  clearSessionCookie,
  LinkRefused,
  type LinkView,
  PASSWORD_LENGTH_MIN,
  PasswordUnfit,
  type Session,
  SignInBusy,
  SignInRefused,
  SignInTooOften,
  safeNext,
  sessionTokenOf,
  setSessionCookie,
} from '../../accounts/mod.ts'
import type { Trail } from '../../audit/mod.ts'
import { OneTimeLinkPage, type Place, parseInput, readForm, renderPage, SignInPage, type View } from '../../web/mod.ts'
import { actorOf, type PersonEnv } from './person.ts'

const Credentials = v.object({ name: v.string(), password: v.string(), next: v.optional(v.string()) })
const Link = v.object({ token: v.string(), password: v.optional(v.string()) })
const LinkQuery = v.object({ token: v.string() })

export type GateDeps = { accounts: Accounts; trail: Trail; name: string }

export function gateRoutes(deps: GateDeps): Hono<PersonEnv> {
  const place: Place = { kind: 'runtime', name: deps.name }
  return new Hono<PersonEnv>()
    .get('/sign-in', (c) => page(c, <SignInPage place={place} action="/sign-in" {...nextOf(c.req.query('next'))} />))
    .post('/sign-in', async (c) => signIn(c, deps, place))
    .get('/link', async (c) => {
      const { token } = parseInput(LinkQuery, c.req.query())
      return page(c, linkPage(place, await deps.accounts.viewLink(token), token))
    })
    .post('/link', async (c) => redeem(c, deps, place))
    .post('/sign-out', async (c) => {
      const token = sessionTokenOf(c)
      const session = token === undefined ? undefined : await deps.accounts.sessionOf(token)
      if (session) {
        await deps.accounts.endSession(session.user.id, session.id)
        await record(deps, 'session.ended', session)
      }
      clearSessionCookie(c)
      return c.redirect('/sign-in', 303)
    })
}

async function signIn(c: Context<PersonEnv>, deps: GateDeps, place: Place): Promise<Response> {
  const { name, password, next } = await readForm(c, Credentials)
  try {
    const { address } = c.env.peer
    const { token, session } = await deps.accounts.signIn(name, password, address, c.req.header('user-agent'))
    await record(deps, 'session.opened', session)
    setSessionCookie(c, token)
    return c.redirect(safeNext(next, '/'), 303)
  } catch (error) {
    const expected = error instanceof SignInRefused || error instanceof SignInTooOften || error instanceof SignInBusy
    if (!expected) throw error
    const failure = { message: error.message, ...(error.advice !== undefined && { advice: error.advice }) }
    c.status(error instanceof SignInRefused ? 401 : 429)
    return page(c, <SignInPage place={place} action="/sign-in" name={name} failure={failure} {...nextOf(next)} />)
  }
}

async function redeem(c: Context<PersonEnv>, deps: GateDeps, place: Place): Promise<Response> {
  const { token, password } = await readForm(c, Link)
  try {
    const visitor = { address: c.env.peer.address, userAgent: c.req.header('user-agent') }
    const opened = await deps.accounts.redeemLink(token, visitor, password)
    await record(deps, 'session.opened_by_link', opened.session)
    setSessionCookie(c, opened.token)
    return c.redirect('/', 303)
  } catch (error) {
    if (error instanceof LinkRefused || !(error instanceof PasswordUnfit)) throw error
    c.status(422)
    return page(c, linkPage(place, await deps.accounts.viewLink(token), token, error.message))
  }
}

function linkPage(place: Place, view: LinkView, token: string, passwordError?: string): View {
  return (
    <OneTimeLinkPage
      place={place}
      action="/link"
      token={token}
      name={view.user.name}
      asksPassword={view.purpose === 'set-password'}
      passwordLengthMin={PASSWORD_LENGTH_MIN}
      {...(passwordError !== undefined && { passwordError })}
    />
  )
}

function record({ trail }: GateDeps, action: string, session: Session): Promise<void> {
  return trail.record({ actor: actorOf(session.user), action, subject: session.id })
}

function nextOf(next: string | undefined): { next?: string } {
  return next === undefined ? {} : { next }
}

async function page(c: Context, view: View): Promise<Response> {
  return c.html(await renderPage(view))
}
