/** The frame of the Platform's applications: where their failures end, and the one of them that is an answer of its own. */
import type { Env, Hono } from 'hono'
import { type Clock, logOf, type Random } from '../../base/mod.ts'
import { BlueprintInvalid } from '../../blueprint/mod.ts'
import { frame, type ServerPlace } from '../../server/mod.ts'
import { problemOf, type RequestIdVariables } from '../../web/mod.ts'

export type FrameDeps = { clock: Clock; random: Random }

/** `place` is that of a tenant, or of none. Nothing that stands before a sign-in names a tenant. */
export function platformFrame<E extends Env & { Variables: RequestIdVariables }>(
  app: Hono<E>,
  { clock, random }: FrameDeps,
  place: ServerPlace,
): Hono<E> {
  return frame(app, { place, clock, random, log: logOf('platform'), answerOf: withFindings })
}

/** Where a Blueprint is wrong is the answer itself: every finding with its line and column. */
function withFindings(error: unknown, requestId: string | undefined): Response | undefined {
  if (!(error instanceof BlueprintInvalid)) return undefined
  const problem = { ...problemOf(error, requestId), findings: error.findings }
  const headers = { 'content-type': 'application/problem+json', 'cache-control': 'no-store' }
  return new Response(JSON.stringify(problem), { status: problem.status, headers })
}
