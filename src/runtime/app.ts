/** The Management Interface on 8752: pages, the local API, and C2's one signed door. Everything else needs a person first. */
import { Hono } from 'hono'
import { type Accounts, authenticate } from '../accounts/mod.ts'
import { type Clock, logOf, type Random } from '../base/mod.ts'
import {
  assetRoutes,
  limitBody,
  liveStreams,
  onFailure,
  onNotFound,
  refuseCrossSite,
  requestIds,
  securityHeaders,
} from '../web/mod.ts'
import { c2Routes } from './routes/c2.ts'
import { gateRoutes } from './routes/gate.tsx'
import { localApi } from './routes/local-api.ts'
import { pageRoutes } from './routes/pages.tsx'
import type { PersonEnv } from './routes/person.ts'
import type { Station } from './station.ts'
import { failurePage } from './views/frame.tsx'

export type ManagementDeps = { station: Station; accounts: Accounts; clock: Clock; random: Random; signal: AbortSignal }

export function managementApp(deps: ManagementDeps): Hono<PersonEnv> {
  const { station, accounts, clock, random, signal } = deps
  const failures = { log: logOf('runtime'), page: failurePage(station.name) }
  const person = authenticate({ accounts, signIn: '/sign-in' })
  const app = new Hono<PersonEnv>()
  app.onError(onFailure(failures)).notFound(onNotFound(failures))
  app.use(requestIds({ clock, random }), securityHeaders())
  app.get('/healthz', (c) => c.json({ ok: true }))
  app.route('/', assetRoutes())
  // Before the checks for browsers: what comes here proves itself by its signature.
  app.route(
    '/c2/v1',
    c2Routes((token) => station.enrolment.receive(token)),
  )
  app.use(refuseCrossSite(), limitBody())
  app.route('/', gateRoutes({ accounts, trail: station.state.trail, name: station.name }))
  app.use(person)
  app.route('/v1', localApi(station))
  app.route('/', pageRoutes({ station, live: liveStreams({ clock, signal }), accounts, clock }))
  return app
}
