/** The page of a deployment's figures; its charts move on while one looks. */
import { type Context, Hono } from 'hono'
import type { PersonEnv, Site } from '../../server/mod.ts'
import { chartRegions, parseInput } from '../../web/mod.ts'
import { DeploymentId } from '../../wire/mod.ts'
import { deploymentTabs } from '../views/deployment-tabs.ts'
import { Metrics } from '../views/metrics.tsx'
import { type MetricsDeps, MetricsQuery, metricsOf } from './metrics.ts'

export function metricsPages(deps: MetricsDeps, site: Site): Hono<PersonEnv> {
  return new Hono<PersonEnv>()
    .get('/:id/metrics', async (c) => {
      const { id, query } = asked(c)
      const { detail, charts, window } = await metricsOf(deps, id, query)
      const words = new URLSearchParams({ range: window.range, ...(query.component && { component: query.component }) })
      return site.page(c, {
        ...{ title: detail.blueprint, current: '/deployments', charts: true, ...deploymentTabs(id, 'metrics') },
        live: `/deployments/${id}/metrics/live?${words}`,
        view: <Metrics {...{ detail, charts, range: window.range, component: query.component }} />,
      })
    })
    .get('/:id/metrics/live', (c) => {
      const { id, query } = asked(c)
      return site.live(c, { regions: async () => chartRegions((await metricsOf(deps, id, query)).charts) })
    })
}

function asked(c: Context<PersonEnv>) {
  return { id: parseInput(DeploymentId, c.req.param('id')), query: parseInput(MetricsQuery, c.req.query()) }
}
