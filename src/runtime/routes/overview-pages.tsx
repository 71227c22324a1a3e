/** The overview: what needs its owner, the link to the Platform, what runs. */
import { Hono } from 'hono'
import type { PersonEnv, Site } from '../../server/mod.ts'
import { lastOf } from '../history/ranges.ts'
import type { Station } from '../station.ts'
import { certificateOf, statusOf } from '../status.ts'
import { Overview, type OverviewProps, overviewRegions } from '../views/overview.tsx'
import type { StatusRoutesDeps } from './status.ts'

export type OverviewPagesDeps = StatusRoutesDeps & Pick<Station, 'history'>

export function overviewPages(deps: OverviewPagesDeps, site: Site): Hono<PersonEnv> {
  return new Hono<PersonEnv>()
    .get('/', async (c) =>
      site.page(c, { title: 'Overview', current: '/', live: '/live', view: <Overview {...(await propsOf(deps))} /> }),
    )
    .get('/live', (c) => site.live(c, { shared: '/live', regions: async () => overviewRegions(await propsOf(deps)) }))
}

async function propsOf(deps: OverviewPagesDeps): Promise<OverviewProps> {
  const { history, clock } = deps
  const window = lastOf('15m', clock.now())
  const known = (end: 'in' | 'out') => history.total(end, window).filter((value) => value !== undefined)
  return { ...(await statusOf(deps)), certificate: certificateOf(deps), trend: { in: known('in'), out: known('out') } }
}
