/** The second half of a sign-in: the code of the authenticator, or a recovery code, within five minutes of the first. */
import { type Context, Hono } from 'hono'
import * as v from 'valibot'
import { clearPassingCookie, LinkRefused, passingCookieOf, safeNext } from '../../accounts/mod.ts'
import { readForm, renderPage, SecondStepPage, type View } from '../../web/mod.ts'
import { ShortText } from '../inputs.ts'
import { homeOf, type ServerPlace } from '../place.ts'
import {
  codeAddress,
  type GateDeps,
  type GateEnv,
  isRefusedSignIn,
  letIn,
  refusedPage,
  signInAddress,
  visitorOf,
} from './let-in.ts'

const Code = v.object({ code: ShortText, next: v.optional(ShortText) })

export function secondFactorRoutes(deps: GateDeps): Hono<GateEnv> {
  const { place } = deps
  return new Hono<GateEnv>()
    .get('/sign-in/code', async (c) =>
      c.html(await renderPage(page(place, safeNext(c.req.query('next'), homeOf(place))))),
    )
    .post('/sign-in/code', (c) => signInByCode(c, deps))
}

async function signInByCode(c: Context<GateEnv>, deps: GateDeps): Promise<Response> {
  const { accounts, place } = deps
  const { code, next } = await readForm(c, Code)
  const onward = safeNext(next, homeOf(place))
  const secondStep = passingCookieOf(c, place.cookie, 'step') ?? ''
  try {
    const { by, ...opened } = await accounts.signInByCode({ secondStep, code, visitor: visitorOf(c, place) })
    clearPassingCookie(c, place.cookie, 'step')
    return await letIn(c, deps, opened, { how: by, onward })
  } catch (error) {
    // Five minutes have passed, or the step was taken: the password comes first again.
    if (error instanceof LinkRefused)
      return c.redirect(`${signInAddress(place)}?next=${encodeURIComponent(onward)}`, 303)
    if (!isRefusedSignIn(error)) throw error
    const failure = { message: error.message, ...(error.advice && { advice: error.advice }) }
    return refusedPage(c, error, page(place, onward, failure))
  }
}

function page(place: ServerPlace, next: string, failure?: { message: string; advice?: string }): View {
  const shown = { place: place.shown, action: codeAddress(place), next, again: signInAddress(place) }
  return <SecondStepPage {...shown} {...(failure && { failure })} />
}
