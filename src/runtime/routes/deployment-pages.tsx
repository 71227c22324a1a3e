/** One deployment with its live counts, its versions, and how it is stopped and started anew. */
import { type Context, Hono } from 'hono'
import { roleReaches } from '../../accounts/mod.ts'
import type { Clock } from '../../base/mod.ts'
import { demand, type PersonEnv, type Site } from '../../server/mod.ts'
import { deploymentRegions, parseInput } from '../../web/mod.ts'
import { DeploymentId } from '../../wire/mod.ts'
import { type DetailDeps, deploymentDetail } from '../deployment-detail.ts'
import { Acts, DeploymentPage, deploymentViewProps, WorkerFacts } from '../views/deployment.tsx'
import { deploymentTabs } from '../views/deployment-tabs.ts'
import { Versions } from '../views/versions.tsx'
import { restartDeployment } from './deployments.ts'

export type DeploymentPagesDeps = DetailDeps & { clock: Clock }

export function deploymentPages(deps: DeploymentPagesDeps, site: Site): Hono<PersonEnv> {
  const { clock } = deps
  return new Hono<PersonEnv>()
    .get('/:id', async (c) => {
      const id = idOf(c)
      const detail = await deploymentDetail(deps, id)
      const mayAct = roleReaches(c.var.user.role, 'operator')
      return site.page(c, {
        ...{ title: detail.blueprint, current: '/deployments', ...deploymentTabs(id, 'flow') },
        live: `/deployments/${id}/live`,
        view: <DeploymentPage {...{ detail, nowMs: clock.now(), mayAct }} />,
      })
    })
    .get('/:id/live', (c) => {
      const id = idOf(c)
      const mayAct = roleReaches(c.var.user.role, 'operator')
      const regions = async () => {
        const detail = await deploymentDetail(deps, id)
        return {
          ...deploymentRegions(deploymentViewProps(detail, clock.now())),
          ...(mayAct && { 'deployment-acts': <Acts detail={detail} /> }),
          'deployment-worker': <WorkerFacts detail={detail} />,
        }
      }
      return site.live(c, { regions })
    })
    .get('/:id/versions', async (c) => {
      const id = idOf(c)
      const { blueprint } = await deploymentDetail(deps, id)
      const versions = (await deps.state.assignments.list()).filter(({ deployment }) => deployment === id)
      return site.page(c, {
        ...{ title: blueprint, current: '/deployments', ...deploymentTabs(id, 'versions') },
        view: <Versions {...{ versions, nowMs: clock.now() }} />,
      })
    })
    .route('/', actForms(deps))
}

function actForms(deps: DetailDeps): Hono<PersonEnv> {
  return new Hono<PersonEnv>()
    .post('/:id/stop', async (c) => {
      await deps.deployments.stop(idOf(c), demand(c, 'operator'))
      return c.redirect(`/deployments/${idOf(c)}`, 303)
    })
    .post('/:id/restart', async (c) => {
      await restartDeployment(deps, c, idOf(c))
      return c.redirect(`/deployments/${idOf(c)}`, 303)
    })
}

function idOf(c: Context<PersonEnv>): string {
  return parseInput(DeploymentId, c.req.param('id'))
}
