/** What stands around every route of a server: request ids, headers, the check against other sites, and where failures end. */
import type { Env, Hono } from 'hono'
import type { Clock, Log, Random } from '../base/mod.ts'
import {
  ErrorPage,
  onFailure,
  onNotFound,
  type Problem,
  type RequestIdVariables,
  refuseCrossSite,
  requestIds,
  securityHeaders,
  wantsPage,
} from '../web/mod.ts'
import { cameFrom, confirmAddress } from './accounts/confirm.tsx'
import { ConfirmFirst } from './errors.ts'
import { homeOf, type ServerPlace } from './place.ts'

export type FrameDeps = {
  place: ServerPlace
  log: Log
  clock: Clock
  random: Random
  /** Failures that this server answers in a form of its own. */
  answerOf?: (error: unknown, requestId: string | undefined) => Response | undefined
}

/** Puts an application into its frame; call it before the first route is added. */
export function frame<E extends Env & { Variables: RequestIdVariables }>(app: Hono<E>, deps: FrameDeps): Hono<E> {
  const { place, log } = deps
  const failures = {
    log,
    page: (problem: Problem) => (
      <ErrorPage place={place.shown} problem={problem} home={{ label: 'To the overview', href: homeOf(place) }} />
    ),
  }
  const fail = onFailure(failures)
  app.onError((error, c) => {
    if (error instanceof ConfirmFirst && wantsPage(c.req.raw))
      return c.redirect(confirmAddress(place, cameFrom(c)), 303)
    return deps.answerOf?.(error, c.get('requestId')) ?? fail(error, c)
  })
  app.notFound(onNotFound(failures))
  app.use('*', requestIds(deps), securityHeaders(), refuseCrossSite())
  return app
}
