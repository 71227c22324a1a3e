/** The page before a dangerous act: a session proves again that its person is there, and goes on where it was. */
import { type Context, Hono } from 'hono'
import * as v from 'valibot'
import { safeNext } from '../../accounts/mod.ts'
import { ConfirmPage, readForm, renderPage, type View } from '../../web/mod.ts'
import { ShortText } from '../inputs.ts'
import { actorOf, type PersonEnv } from '../person.ts'
import { homeOf, type ServerPlace } from '../place.ts'
import { type Doorkeeper, isRefusedSignIn, refusedPage } from './let-in.ts'
import { providerLabel } from './oidc.ts'

export type ConfirmDeps = {
  accounts: Pick<Doorkeeper, 'confirmSession' | 'findUser' | 'oidc'>
  place: ServerPlace
  record: (act: { actor: string; action: string; subject: string }) => Promise<void>
}

const Proof = v.object({ password: v.optional(ShortText), code: v.optional(ShortText), next: v.optional(ShortText) })

/** The address of the page; it leads on to `next`. */
export function confirmAddress({ base }: Pick<ServerPlace, 'base'>, next: string | undefined): string {
  return `${base}/confirm${next === undefined ? '' : `?next=${encodeURIComponent(next)}`}`
}

export function confirmRoutes(deps: ConfirmDeps): Hono<PersonEnv> {
  return new Hono<PersonEnv>()
    .get('/confirm', async (c) =>
      c.html(await renderPage(await page(c, deps, safeNext(c.req.query('next'), homeOf(deps.place))))),
    )
    .post('/confirm', (c) => confirm(c, deps))
}

async function confirm(c: Context<PersonEnv>, deps: ConfirmDeps): Promise<Response> {
  const { password, code, next } = await readForm(c, Proof)
  const onward = safeNext(next, homeOf(deps.place))
  const { user } = c.var
  if (user.via === 'token') return c.redirect(onward, 303)
  try {
    const { address } = c.env.peer
    const proof = { address, ...(password !== undefined && { password }), ...(code !== undefined && { code }) }
    await deps.accounts.confirmSession(user.credential, proof)
  } catch (error) {
    if (!isRefusedSignIn(error)) throw error
    return refusedPage(c, error, await page(c, deps, onward, error))
  }
  await deps.record({ actor: actorOf(user), action: 'session.confirmed', subject: user.credential })
  return c.redirect(onward, 303)
}

async function page(
  c: Context<PersonEnv>,
  { accounts, place }: ConfirmDeps,
  next: string,
  refusal?: { message: string; advice: string | undefined },
): Promise<View> {
  const { id, name } = c.var.user
  const { hasTotp, hasPassword, hasIdentity } = await accounts.findUser(id)
  const asks = hasTotp ? 'code' : hasPassword ? 'password' : 'nothing'
  const provider = hasIdentity ? await providerLabel({ accounts, place }, { for: 'confirm', next }) : undefined
  const failure = refusal && { message: refusal.message, ...(refusal.advice && { advice: refusal.advice }) }
  const shown = { place: place.shown, action: `${place.base}/confirm`, next, name, asks, home: homeOf(place) } as const
  return <ConfirmPage {...shown} {...(provider && { provider })} {...(failure && { failure })} />
}
