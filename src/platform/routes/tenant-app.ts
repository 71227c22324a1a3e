/** Everything below `/t/<tenant>`: C2's doors, sign-in, and behind the gate the API and the pages of one tenant. */
import { Hono, type MiddlewareHandler } from 'hono'
import { type Accounts, sessionCookieOf } from '../../accounts/mod.ts'
import { logOf } from '../../base/mod.ts'
import {
  ACCOUNT_LINK,
  type AccountsSiteDeps,
  API_LINK,
  addGate,
  type C2Doors,
  c2Routes,
  closedDoors,
  type GateOptions,
  nobody,
  type PersonEnv,
  type ServerPlace,
  siteOf,
} from '../../server/mod.ts'
import { type LiveStreams, PageNotFound } from '../../web/mod.ts'
import { enrol } from '../enrolment/enrol.ts'
import type { TenantRoom } from '../tenant-room.ts'
import { NAV, TABS } from '../views/nav.ts'
import { tenantApi } from './api.ts'
import { type FrameDeps, platformFrame } from './frame.ts'
import { pageRoutes } from './pages.tsx'

export type TenantEnv = PersonEnv

/** The address of a tenant on its Platform. */
export function tenantBase(tenant: string): string {
  return `/t/${tenant}`
}

/** The application of one tenant; it holds nothing of any other. */
export function tenantApp(room: TenantRoom, accounts: Accounts, live: LiveStreams): Hono<TenantEnv> {
  const { tenant, tenantName, trail } = room
  // Before a sign-in it looks like an address that is no tenant's.
  const place = placeOf(tenant, '')
  const app = gated(room, doorsOf(room), { place, accounts, trail, origin: () => room.url })
  const site = siteOf({
    place: placeOf(tenant, tenantName),
    nav: NAV,
    tabs: TABS,
    menu: [ACCOUNT_LINK, API_LINK],
    live,
    accounts,
  })
  const people = peopleOf(room, accounts)
  app.route('/v1', tenantApi(room, people, site).hono)
  app.route('/', pageRoutes(room, people, site))
  return app
}

function peopleOf(room: TenantRoom, accounts: Accounts): AccountsSiteDeps {
  const { trail, clock } = room
  return {
    ...{ accounts, trail, clock, issuer: 'Sluice Platform' },
    origin: () => room.url,
    address: () => `${room.url}${tenantBase(room.tenant)}`,
    // The command on the Platform's machine speaks for who made the tenant, and for nobody else once that owner is gone.
    ownersChanged: async () => undefined,
  }
}

/** What answers below an address that is no tenant's: as a tenant answers to those it does not know. */
export function strangerApp(deps: FrameDeps, tenant: string): Hono<TenantEnv> {
  const place = { ...placeOf(tenant, ''), cookie: sessionCookieOf('none') }
  const trail = { record: async () => undefined }
  return gated(deps, closedDoors, { place, accounts: nobody, trail, origin: () => '' })
}

function placeOf(tenant: string, name: string): ServerPlace {
  return { shown: { kind: 'platform', name }, base: tenantBase(tenant), cookie: sessionCookieOf(tenant) }
}

function gated(deps: FrameDeps, doors: C2Doors, gate: Omit<GateOptions, 'clock' | 'before'>): Hono<TenantEnv> {
  const app = platformFrame(new Hono<TenantEnv>({ strict: false }).basePath(gate.place.base), deps, gate.place)
  app.route('/c2/v1', c2Routes(doors, logOf('platform')))
  addGate(app, { ...gate, clock: deps.clock, before: foreignTokens(gate.accounts) })
  return app
}

/** A token that is not of this tenant gets the answer of an address that does not exist: nobody learns which tenants there are. */
function foreignTokens(accounts: GateOptions['accounts']): MiddlewareHandler {
  return async (c, next) => {
    const token = /^bearer (\S+)$/i.exec(c.req.header('authorization') ?? '')?.[1]
    if (token !== undefined && (await accounts.userOfToken(token)) === undefined)
      throw new PageNotFound('nothing has this address, or the token is not one of this tenant')
    await next()
  }
}

function doorsOf(room: TenantRoom): C2Doors {
  return {
    receive: (token) => room.door.receive(token),
    enrol: (body) => enrol(room, body),
  }
}
