/** Settings › Health. */
import { Hono } from 'hono'
import { roleReaches } from '../../accounts/mod.ts'
import type { Clock } from '../../base/mod.ts'
import {
  createMetricsToken,
  dangerPage,
  demand,
  demandFresh,
  type MetricsTokenRoutesDeps,
  type PersonEnv,
  revokeMetricsToken,
  type Site,
} from '../../server/mod.ts'
import { SecretOnce } from '../../web/mod.ts'
import type { RuntimeState } from '../open-state.ts'
import type { Station } from '../station.ts'
import { HealthPage, type HealthProps, healthRegions } from '../views/health.tsx'
import type { HealthRoutesDeps } from './health.ts'

export type HealthPagesDeps = HealthRoutesDeps &
  Pick<MetricsTokenRoutesDeps, 'metricsToken'> &
  Pick<Station, 'addresses' | 'uptimeMs'> & { clock: Clock; state: Pick<RuntimeState, 'trail'> }

const PATH = '/settings/health'
const AT = { current: '/settings', tab: PATH }
const CRUMBS = [{ href: PATH, label: 'Health' }]

export function healthPages(deps: HealthPagesDeps, site: Site): Hono<PersonEnv> {
  const { health, metricsToken, clock } = deps
  const token = { metricsToken, trail: deps.state.trail }
  const shown = async (role: PersonEnv['Variables']['user']['role']): Promise<HealthProps> => ({
    ...{ checks: await health.checks(), database: health.database, token: metricsToken.about },
    ...{ nowMs: clock.now(), uptimeMs: deps.uptimeMs(), url: deps.addresses().managementUrl },
    ...{ mayCheck: roleReaches(role, 'operator'), mayMakeToken: roleReaches(role, 'owner') },
  })
  return new Hono<PersonEnv>()
    .get('/', async (c) => {
      const view = <HealthPage {...(await shown(c.var.user.role))} />
      return site.page(c, { ...AT, title: 'Health', live: `${PATH}/live`, view })
    })
    .get('/live', (c) =>
      site.live(c, { regions: async () => healthRegions({ checks: await health.checks() }), shared: PATH }),
    )
    .post('/database', async (c) => {
      demand(c, 'operator')
      await health.checkDatabase()
      return c.redirect(PATH, 303)
    })
    .post('/token', async (c) => {
      const secret = await createMetricsToken(token, demandFresh(c, 'owner'))
      c.header('cache-control', 'no-store')
      const explains = `Prometheus reads ${deps.addresses().managementUrl}/metrics with it as a bearer token. It opens nothing else.`
      const view = <SecretOnce {...{ title: 'Token for metrics', secret, explains, done: PATH }} />
      return site.page(c, { ...AT, title: 'Token for metrics', crumbs: CRUMBS, view })
    })
    .route(
      '/',
      dangerPage(site, '/token/revoke', {
        role: 'owner',
        form: () => ({
          ...{ action: `${PATH}/token/revoke`, title: 'Take the token for metrics back', submit: 'Take it back' },
          name: 'metrics',
          says: 'Prometheus is refused from now on, and /metrics is off until a new token is made.',
          cancel: { label: 'Keep it', href: PATH },
        }),
        frame: ({ danger }) => ({ ...AT, title: 'Token for metrics', crumbs: CRUMBS, view: danger }),
        async act({ actor }) {
          await revokeMetricsToken(token, actor)
          return PATH
        },
      }),
    )
}
