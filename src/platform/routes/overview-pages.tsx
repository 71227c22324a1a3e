/** The overview of a tenant, live by server-sent events. */
import { Hono } from 'hono'
import type { PersonEnv, Site } from '../../server/mod.ts'
import { deploymentViews } from '../deployments/view.ts'
import { countLogs } from '../reports/logs.ts'
import type { TenantRoom } from '../tenant-room.ts'
import { Overview, type OverviewProps, overviewRegions } from '../views/overview.tsx'
import { runtimeViews } from './runtimes.ts'

export function overviewPages(room: TenantRoom, site: Site): Hono<PersonEnv> {
  const { base } = site.place
  return new Hono<PersonEnv>()
    .get('/', async (c) => {
      const view = <Overview {...(await propsOf(room, base))} />
      return site.page(c, { title: 'Overview', current: '/', live: '/live', view })
    })
    .get('/live', (c) =>
      site.live(c, { shared: `${base}/live`, regions: async () => overviewRegions(await propsOf(room, base)) }),
    )
}

async function propsOf(room: TenantRoom, base: string): Promise<OverviewProps> {
  const [runtimes, deployments] = [await runtimeViews(room), await deploymentViews(room.db)]
  return { base, runtimes, deployments, logLines: await countLogs(room.db), nowMs: room.clock.now() }
}
