/** The overview: what needs its owner, the link to the Platform, what runs. */
import { type Context, Hono } from 'hono'
import type { PersonEnv, Site } from '../../server/mod.ts'
import { withTenantNames } from '../attention/tenant-names.ts'
import { lastOf } from '../history/ranges.ts'
import type { Station } from '../station.ts'
import { certificateOf, statusOf } from '../status.ts'
import { Overview, type OverviewProps, overviewRegions } from '../views/overview.tsx'
import type { StatusRoutesDeps } from './status.ts'

export type OverviewPagesDeps = StatusRoutesDeps & Pick<Station, 'history'>

export function overviewPages(deps: OverviewPagesDeps, site: Site): Hono<PersonEnv> {
  const known = (c: Context<PersonEnv>) => () => deps.access.list(c)
  return new Hono<PersonEnv>()
    .get('/', async (c) =>
      site.page(c, {
        ...{ title: 'Overview', current: '/', live: '/live' },
        view: <Overview {...(await propsOf(deps, known(c)))} />,
      }),
    )
    .get('/live', async (c) => {
      // Who knows data tenants by name shares what is shown with nobody else.
      const names = (await deps.access.list(c)).length > 0
      const shared = names ? `/live ${c.var.user.id}` : '/live'
      const tenants = names ? known(c) : async () => []
      return site.live(c, { shared, regions: async () => overviewRegions(await propsOf(deps, tenants)) })
    })
}

async function propsOf(
  deps: OverviewPagesDeps,
  tenants: Parameters<typeof withTenantNames>[1],
): Promise<OverviewProps> {
  const { history, clock } = deps
  const window = lastOf('15m', clock.now())
  const known = (end: 'in' | 'out') => history.total(end, window).filter((value) => value !== undefined)
  const figures = await statusOf(deps)
  return {
    ...{ ...figures, attention: await withTenantNames(figures.attention, tenants) },
    ...{ certificate: certificateOf(deps), trend: { in: known('in'), out: known('out') } },
  }
}
