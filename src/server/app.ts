/** Puts the parts of a server's application into their order: frame, what strangers may ask, the gate, and what lies behind it. */
import { Hono, type MiddlewareHandler } from 'hono'
import { authenticate, type User } from '../accounts/mod.ts'
import type { Trail } from '../audit/mod.ts'
import type { Clock } from '../base/mod.ts'
import { limitOtherBodies } from '../web/mod.ts'
import { confirmRoutes, holdForms } from './accounts/confirm.tsx'
import { type Doorkeeper, signInAddress } from './accounts/let-in.ts'
import { gateRoutes } from './gate.tsx'
import { freshness, type PersonEnv } from './person.ts'
import { type ServerPlace, totpAddress } from './place.ts'
import { writePace } from './write-pace.ts'

export type GateOptions = {
  place: ServerPlace
  accounts: Doorkeeper
  trail: Pick<Trail, 'record'>
  clock: Clock
  /** Where browsers reach this server, `https://host:port`: where an OpenID provider sends them back to. */
  origin: () => string
  /** Where a user goes on who has just set a password by a link, if not to the first page. */
  welcome?: (user: User) => string | undefined
  /** Looks at a request before it is asked who it is. */
  before?: MiddlewareHandler
}

/** Adds sign-in, one-time links and sign-out, then the gate. What is added to `app` afterwards is for those who passed it. */
export function addGate(app: Hono<PersonEnv>, options: GateOptions): void {
  const { place, accounts, trail, clock, origin, welcome } = options
  const record = (act: Parameters<Trail['record']>[0]): Promise<void> => trail.record(act)
  app.use('*', limitOtherBodies())
  app.route(
    '/',
    new Hono<PersonEnv>().route('/', gateRoutes({ accounts, place, record, origin, ...(welcome && { welcome }) })),
  )
  if (options.before) app.use('*', options.before)
  const enrolTotp = [totpAddress(place), `${place.base}/confirm`] as const
  const addresses = { signIn: signInAddress(place), enrolTotp }
  app.use('*', authenticate({ accounts, cookie: place.cookie, ...addresses }))
  app.use('*', writePace(clock))
  app.use('*', freshness(clock))
  const confirming = {
    accounts,
    place,
    record,
    send: (request: Request, env: PersonEnv['Bindings']) => app.fetch(request, env),
  }
  app.use('*', holdForms(confirming))
  app.route('/', confirmRoutes(confirming))
}
