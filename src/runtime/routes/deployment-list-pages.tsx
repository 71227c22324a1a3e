/** The page of all deployments: filtered, sorted and paged. */
import { Hono } from 'hono'
import type { Clock } from '../../base/mod.ts'
import type { PersonEnv, Site } from '../../server/mod.ts'
import { readListing } from '../../web/mod.ts'
import { type DetailDeps, deploymentDetails } from '../deployment-detail.ts'
import { DEPLOYMENT_SORTS, DeploymentList } from '../views/deployment-list.tsx'

export type DeploymentListPagesDeps = DetailDeps & { clock: Clock }

export function deploymentListPages(deps: DeploymentListPagesDeps, site: Site): Hono<PersonEnv> {
  return new Hono<PersonEnv>().get('/', async (c) => {
    const listing = readListing('/deployments', c.req.query(), { sort: DEPLOYMENT_SORTS, by: '-since' })
    const view = (
      <DeploymentList deployments={await deploymentDetails(deps)} nowMs={deps.clock.now()} listing={listing} />
    )
    const action = (
      <a class="button quiet" href="/logs">
        Log of all
      </a>
    )
    return site.page(c, { title: 'Deployments', current: '/deployments', action, view })
  })
}
