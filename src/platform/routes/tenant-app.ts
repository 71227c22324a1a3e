/** Everything below `/t/<tenant>`: C2's doors, sign-in, and behind the gate the API and the pages of one tenant. */
import { Hono, type MiddlewareHandler } from 'hono'
import { type Accounts, authenticate, sessionCookieOf } from '../../accounts/mod.ts'
import { type LiveStreams, PageNotFound } from '../../web/mod.ts'
import { enrol } from '../enrolment/enrol.ts'
import type { TenantRoom } from '../tenant-room.ts'
import { blueprintRoutes } from './blueprints.ts'
import { type C2Doors, c2Routes, closedDoors } from './c2.ts'
import { deploymentRoutes } from './deployments.ts'
import { enrolmentCodeRoutes } from './enrolment-codes.ts'
import { type FrameDeps, frame } from './frame.tsx'
import { pageRoutes } from './pages.tsx'
import { reportRoutes } from './reports.ts'
import { runtimeRoutes } from './runtimes.ts'
import { type Doorkeeper, nobody, type PeerBindings, signInRoutes } from './sign-in.tsx'
import type { Env } from './variables.ts'

export type TenantEnv = Env & PeerBindings

/** The address of a tenant on its Platform. */
export function tenantBase(tenant: string): string {
  return `/t/${tenant}`
}

/** The application of one tenant; it holds nothing of any other. */
export function tenantApp(room: TenantRoom, accounts: Accounts, live: LiveStreams): Hono<TenantEnv> {
  const base = tenantBase(room.tenant)
  const signedIn = (user: { id: string }, how: string): Promise<void> =>
    room.trail.record({ actor: `user:${user.id}`, action: 'session.opened', subject: user.id, detail: { how } })
  const keeper = { accounts, base, cookie: sessionCookieOf(room.tenant), signedIn }
  const app = gate(room, doorsOf(room), keeper, accounts)
  app.route('/v1/enrolment-codes', enrolmentCodeRoutes(room))
  app.route('/v1/runtimes', runtimeRoutes(room))
  app.route('/v1/blueprints', blueprintRoutes(room))
  app.route('/v1/deployments', deploymentRoutes(room))
  app.route('/v1', reportRoutes(room))
  app.route('/', pageRoutes(room, { base, live, cookie: sessionCookieOf(room.tenant), accounts }))
  return app
}

/** What answers below an address that is no tenant's: as a tenant answers to those it does not know. */
export function strangerApp(deps: FrameDeps, tenant: string): Hono<TenantEnv> {
  const base = tenantBase(tenant)
  const cookie = sessionCookieOf('none')
  const keeper = { accounts: nobody, base, cookie, signedIn: async () => undefined }
  return gate(deps, closedDoors, keeper, { ...nobody, userOfToken: async () => undefined })
}

type Keeper = Parameters<typeof signInRoutes>[0]
type Known = Doorkeeper & Pick<Accounts, 'userOfToken' | 'sessionOf'>

function gate(deps: FrameDeps, doors: C2Doors, keeper: Keeper, accounts: Known): Hono<TenantEnv> {
  const { base } = keeper
  const app = frame(new Hono<TenantEnv>({ strict: false }).basePath(base), { ...deps, home: `${base}/` })
  app.route('/c2/v1', c2Routes(doors))
  app.route('/', signInRoutes(keeper))
  app.use('*', foreignTokens(accounts))
  app.use('*', authenticate({ accounts: accounts as Accounts, cookie: keeper.cookie, signIn: `${base}/sign-in` }))
  return app
}

/** A token that is not of this tenant gets the answer of an address that does not exist: nobody learns which tenants there are. */
function foreignTokens(accounts: Known): MiddlewareHandler {
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
