/**
 * What the ingest port answers: uploads and webhooks from outside, each of which carries a token of its own, and `/healthz`. Nothing
 * of the Management Interface is there: no page, no session, no cookie is looked at.
 */
import { type Context, Hono } from 'hono'
import { type Clock, logOf, type Random } from '../../base/mod.ts'
import type { PeerBindings } from '../../server/mod.ts'
import {
  limitBody,
  limitStreamedBody,
  onFailure,
  onNotFound,
  PageNotFound,
  type RequestIdVariables,
  requestIds,
  securityHeaders,
} from '../../web/mod.ts'

export type IngestEnv = { Variables: RequestIdVariables; Bindings: PeerBindings }

/** One address of the port. `path` as hono writes it. */
export type IngestRoute = {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'OPTIONS'
  path: string
  /** Bytes of a body; a route that streams it on may take many. */
  bodyBytesMax: number
  /** The route streams the body on and counts it: nothing of it is held here. */
  streams?: true
  /**
   * Whether the request carries a token of this route. One that does not gets the answer of an address that is not there; one whose
   * token is of its kind but does not hold may be refused by throwing.
   */
  admits(c: Context<IngestEnv>): Promise<boolean>
  answer(c: Context<IngestEnv>): Promise<Response>
}

/** The routes come from the rooms that take what is sent; without any the port answers 404 to everything but `/healthz`. */
export function ingestApp(
  routes: readonly IngestRoute[],
  { clock, random }: { clock: Clock; random: Random },
): Hono<IngestEnv> {
  const failures = { log: logOf('runtime') }
  const app = new Hono<IngestEnv>()
  app.onError(onFailure(failures)).notFound(onNotFound(failures))
  app.use('*', requestIds({ clock, random }), securityHeaders())
  app.get('/healthz', (c) => c.json({ ok: true }))
  for (const route of routes)
    app.on(
      route.method,
      route.path,
      // Before the body: nobody without a token makes us read one.
      async (c, next) => {
        if (!(await route.admits(c))) throw new PageNotFound('nothing has this address')
        await next()
      },
      route.streams ? limitStreamedBody(route.bodyBytesMax) : limitBody(route.bodyBytesMax),
      (c) => route.answer(c),
    )
  return app
}
