/** The page before a dangerous act: a session proves again that its person is there, and goes on where it was, with what it had sent. */
import { type Context, Hono, type MiddlewareHandler } from 'hono'
import * as v from 'valibot'
import { safeNext } from '../../accounts/mod.ts'
import {
  CARRIED_PREFIX,
  type CarriedForm,
  ConfirmPage,
  checkField,
  limitBody,
  readForm,
  renderPage,
  type View,
  wantsPage,
} from '../../web/mod.ts'
import { ConfirmFirst } from '../errors.ts'
import { ShortText } from '../inputs.ts'
import { actorOf, type PersonEnv } from '../person.ts'
import { homeOf, type ServerPlace } from '../place.ts'
import { CARRIED_BYTES_MAX, carriedForm, ownPath, sentOn } from './carried-form.ts'
import { type Doorkeeper, isRefusedSignIn, refusedPage } from './let-in.ts'
import { providerLabel } from './oidc.ts'

export type ConfirmDeps = {
  accounts: Pick<Doorkeeper, 'confirmSession' | 'findUser' | 'oidc'>
  place: ServerPlace
  record: (act: { actor: string; action: string; subject: string }) => Promise<void>
  /** Sends a held form on, through everything that a request of a browser goes through. */
  send: (request: Request, env: PersonEnv['Bindings']) => Response | Promise<Response>
}

/** A byte of a field may be three as it is sent, and before each name stands a word. */
const CONFIRM_BYTES_MAX = 4 * CARRIED_BYTES_MAX

const Proof = v.objectWithRest(
  {
    ...{ password: v.optional(ShortText), code: v.optional(ShortText), next: v.optional(ShortText) },
    ...{ to: v.optional(v.string()), incomplete: checkField() },
  },
  v.union([v.string(), v.array(v.string())]),
)
type Proof = v.InferOutput<typeof Proof>

/** The address of the page; it leads on to `next`. */
export function confirmAddress({ base }: Pick<ServerPlace, 'base'>, next: string | undefined): string {
  return `${base}/confirm${next === undefined ? '' : `?next=${encodeURIComponent(next)}`}`
}

export function confirmRoutes(deps: ConfirmDeps): Hono<PersonEnv> {
  return new Hono<PersonEnv>()
    .get('/confirm', async (c) =>
      c.html(await renderPage(await page(c, deps, { next: safeNext(c.req.query('next'), homeOf(deps.place)) }))),
    )
    .post('/confirm', limitBody(CONFIRM_BYTES_MAX), (c) => confirm(c, deps))
}

/** A form that came too early is answered by the page that asks, which holds it; what is no form goes on to the usual answer. */
export function holdForms(deps: ConfirmDeps): MiddlewareHandler<PersonEnv> {
  return async (c, next) => {
    await next()
    if (!(c.error instanceof ConfirmFirst) || c.req.method !== 'POST' || !wantsPage(c.req.raw)) return
    const carried = await carriedForm(c)
    if (carried === undefined) return
    const shown = await page(c, deps, { next: cameFrom(c) ?? homeOf(deps.place), carried })
    // What was answered so far leads elsewhere, and its headers stay.
    c.header('location', undefined)
    const headers = { 'content-type': 'text/html; charset=utf-8' }
    c.res = new Response(await renderPage(shown), { status: 403, headers })
  }
}

async function confirm(c: Context<PersonEnv>, deps: ConfirmDeps): Promise<Response> {
  const sent = await readForm(c, Proof)
  const next = safeNext(sent.next, homeOf(deps.place))
  const { user } = c.var
  if (user.via === 'token') return c.redirect(next, 303)
  const carried = carriedIn(sent, deps.place)
  // A proof that was given meanwhile in another tab, to a provider, is as good.
  const isProved = carried !== undefined && c.var.fresh && !sent.password && !sent.code
  if (!isProved) {
    try {
      const { password, code } = sent
      const given = { ...(password !== undefined && { password }), ...(code !== undefined && { code }) }
      await deps.accounts.confirmSession(user.credential, { address: c.env.peer.address, ...given })
    } catch (error) {
      if (!isRefusedSignIn(error)) throw error
      return refusedPage(c, error, await page(c, deps, { next, carried, refusal: error }))
    }
    await deps.record({ actor: actorOf(user), action: 'session.confirmed', subject: user.credential })
  }
  if (carried === undefined) return c.redirect(next, 303)
  return deps.send(sentOn(c, carried), { ...c.env, askOnceMore: carried.incomplete })
}

/** The form that the page held. Never one of this page itself: what it asks for is not sent to it twice. */
function carriedIn(sent: Proof, place: ServerPlace): CarriedForm | undefined {
  const to = ownPath(sent.to)
  if (to === undefined || new URL(to, 'https://here.invalid').pathname === confirmAddress(place, undefined))
    return undefined
  const fields = Object.entries(sent).flatMap(([name, values]) =>
    name.startsWith(CARRIED_PREFIX)
      ? [values as string | string[]].flat().map((value) => [name.slice(CARRIED_PREFIX.length), value] as const)
      : [],
  )
  return { to, fields, incomplete: sent.incomplete }
}

/** Where a person was: the page asked for, or the one whose form was sent. */
export function cameFrom(c: Context): string | undefined {
  const asked = c.req.method === 'GET' ? c.req.url : c.req.header('referer')
  if (asked === undefined || !URL.canParse(asked)) return undefined
  const { pathname, search } = new URL(asked)
  return ownPath(`${pathname}${search}`)
}

type Asked = {
  next: string
  carried?: CarriedForm | undefined
  refusal?: { message: string; advice: string | undefined }
}

async function page(c: Context<PersonEnv>, { accounts, place }: ConfirmDeps, asked: Asked): Promise<View> {
  const { next, carried, refusal } = asked
  const { id, name } = c.var.user
  const { hasTotp, hasPassword, hasIdentity } = await accounts.findUser(id)
  const asks = hasTotp ? 'code' : hasPassword ? 'password' : 'nothing'
  const provider = hasIdentity ? await providerLabel({ accounts, place }, { for: 'confirm', next }) : undefined
  const failure = refusal && { message: refusal.message, ...(refusal.advice && { advice: refusal.advice }) }
  const shown = { place: place.shown, action: `${place.base}/confirm`, next, name, asks, home: homeOf(place) } as const
  return <ConfirmPage {...{ ...shown, carried }} {...(provider && { provider })} {...(failure && { failure })} />
}
