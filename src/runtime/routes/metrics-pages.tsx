/** The page of a deployment's figures; its charts move on while one looks. */
import { type Context, Hono } from 'hono'
import * as v from 'valibot'
import type { PersonEnv, Site } from '../../server/mod.ts'
import { parseInput } from '../../web/mod.ts'
import { DeploymentId, Name } from '../../wire/mod.ts'
import { lastOf, RANGE_WORDS } from '../history/ranges.ts'
import { deploymentTabs } from '../views/deployment-tabs.ts'
import { Metrics, metricsViewRegions } from '../views/metrics.tsx'
import { type MetricsDeps, metricsOf } from './metrics.ts'

const Query = v.object({ component: v.optional(Name), range: v.fallback(v.picklist(RANGE_WORDS), '1h') })

export function metricsPages(deps: MetricsDeps, site: Site): Hono<PersonEnv> {
  return new Hono<PersonEnv>()
    .get('/:id/metrics', async (c) => {
      const { id, range, component } = asked(c)
      const words = new URLSearchParams({ range, ...(component !== undefined && { component }) })
      const props = await propsOf(deps, c)
      return site.page(c, {
        ...{ title: props.detail.blueprint, current: '/deployments', charts: true, ...deploymentTabs(id, 'metrics') },
        live: `/deployments/${id}/metrics/live?${words}`,
        view: <Metrics {...props} />,
      })
    })
    .get('/:id/metrics/live', (c) => {
      asked(c)
      return site.live(c, { regions: async () => metricsViewRegions(await propsOf(deps, c)) })
    })
}

async function propsOf(deps: MetricsDeps, c: Context<PersonEnv>) {
  const { id, range, component } = asked(c)
  const view = await metricsOf(deps, id, { component, window: lastOf(range, deps.clock.now()) })
  return { ...view, range, component }
}

function asked(c: Context<PersonEnv>) {
  return { id: parseInput(DeploymentId, c.req.param('id')), ...parseInput(Query, c.req.query()) }
}
