/** What people and their tokens ask on 8752: pages, the local API, uploads. All but uploads and assets needs a person first. */
import { Hono } from 'hono'
import type { Accounts } from '../accounts/mod.ts'
import { type Clock, logOf, type Random } from '../base/mod.ts'
import { ACCOUNT_LINK, API_LINK, addGate, frame, type PersonEnv, type ServerPlace, siteOf } from '../server/mod.ts'
import { assetRoutes, liveStreams } from '../web/mod.ts'
import { DataAccess } from './datasets/access.ts'
import { uploadDoor } from './datasets/upload-door.ts'
import { Health, type HealthDeps } from './health/health.ts'
import { type ApiDeps, localApi } from './routes/api.ts'
import { knownTenantsOf } from './routes/datasets-frame.tsx'
import { type PagesDeps, pageRoutes } from './routes/pages.tsx'
import { welcomeOf } from './routes/welcome-pages.tsx'
import { NAV, TABS } from './views/nav.ts'

export type PeopleDeps = Omit<ApiDeps, 'accountsSite' | 'health' | 'access'> &
  Omit<PagesDeps, 'people' | 'accountsSite' | 'health' | 'access'> &
  HealthDeps & {
    accounts: Accounts
    /** Called when an owner came or went. */
    ownersChanged: () => Promise<void>
    clock: Clock
    random: Random
    /** Ends live pages. */
    signal: AbortSignal
  }

export function peopleApp(deps: PeopleDeps, place: ServerPlace): Hono<PersonEnv> {
  const { accounts, clock, random, signal, name } = deps
  const { trail } = deps.state
  const log = logOf('runtime')
  const app = frame(new Hono<PersonEnv>(), { place, log, clock, random })
  app.route('/', uploadDoor(deps))
  app.route('/', assetRoutes())
  const origin = () => deps.addresses().managementUrl
  addGate(app, { place, accounts, trail, clock, origin, welcome: (user) => welcomeOf(deps, user) })
  const site = siteOf({
    place,
    nav: NAV,
    tabs: TABS,
    menu: [ACCOUNT_LINK, API_LINK],
    live: liveStreams({ clock, signal }),
    accounts,
  })
  const { ownersChanged } = deps
  const access = new DataAccess(deps)
  const accountsSite = {
    ...{ accounts, trail, clock, origin, address: origin, ownersChanged, issuer: `Sluice ${name}` },
    knownTenants: knownTenantsOf(access),
  }
  const health = new Health(deps)
  app.route('/v1', localApi({ ...deps, health, accountsSite, access }, site).hono)
  app.route('/', pageRoutes({ ...deps, health, accountsSite, access, people: () => accounts.listUsers() }, site))
  return app
}
