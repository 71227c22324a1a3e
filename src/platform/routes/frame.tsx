/** What stands around every route: request ids, headers, the check against other sites, and where failures end. */
import type { Env, Hono } from 'hono'
import { type Clock, logOf, type Random } from '../../base/mod.ts'
import { BlueprintInvalid } from '../../blueprint/mod.ts'
import {
  ErrorPage,
  onFailure,
  onNotFound,
  problemOf,
  type RequestIdVariables,
  refuseCrossSite,
  requestIds,
  securityHeaders,
} from '../../web/mod.ts'

const place = { kind: 'platform', name: '' } as const

export type FrameDeps = { clock: Clock; random: Random }

/** Puts an application into its frame; call it before the first route is added. `home` is where error pages lead back to. */
export function frame<E extends Env & { Variables: RequestIdVariables }>(
  app: Hono<E>,
  deps: FrameDeps & { home: string },
): Hono<E> {
  const failures = {
    log: logOf('platform'),
    page: (problem: ReturnType<typeof problemOf>) => (
      <ErrorPage place={place} problem={problem} home={{ label: 'To the overview', href: deps.home }} />
    ),
  }
  const fail = onFailure(failures)
  app.onError((error, c) =>
    error instanceof BlueprintInvalid ? withFindings(error, c.get('requestId')) : fail(error, c),
  )
  app.notFound(onNotFound(failures))
  app.use('*', requestIds(deps), securityHeaders(), refuseCrossSite())
  return app
}

/** Where a Blueprint is wrong is the answer itself: every finding with its line and column. */
function withFindings(error: BlueprintInvalid, requestId: string | undefined): Response {
  const problem = { ...problemOf(error, requestId), findings: error.findings }
  const headers = { 'content-type': 'application/problem+json', 'cache-control': 'no-store' }
  return new Response(JSON.stringify(problem), { status: problem.status, headers })
}
