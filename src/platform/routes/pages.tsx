/** The pages of a tenant: overview and one deployment, both live by server-sent events. */
import { Hono } from 'hono'
import { PEOPLE_LINK, type PersonEnv, type Site } from '../../server/mod.ts'
import { DeploymentView, deploymentRegions, Region, type Regions } from '../../web/mod.ts'
import { findDeployment } from '../deployments/deployments.ts'
import { deploymentDetail, deploymentViews } from '../deployments/view.ts'
import { countLogs, queryLogs } from '../reports/logs.ts'
import type { TenantRoom } from '../tenant-room.ts'
import { deploymentProps } from '../views/deployment-props.ts'
import { LINES_SHOWN, logRegions } from '../views/log-lines.tsx'
import { Overview, type OverviewProps, overviewRegions } from '../views/overview.tsx'
import { runtimeViews } from './runtimes.ts'

export function pageRoutes(room: TenantRoom, site: Site): Hono<PersonEnv> {
  const { base } = site.place
  return new Hono<PersonEnv>()
    .get('/', async (c) => {
      const view = <Overview {...(await overviewProps(room, base))} />
      return site.page(c, { title: 'Overview', current: '/', live: '/live', view })
    })
    .get('/live', (c) =>
      site.live(c, {
        shared: `${base}/live`,
        regions: async () => overviewRegions(await overviewProps(room, base)),
      }),
    )
    .get('/settings', (c) => c.redirect(`${base}${PEOPLE_LINK.href}`, 303))
    .get('/deployments/:id', async (c) => {
      const row = await findDeployment(room.db, c.req.param('id'))
      const { props, logs } = await deploymentParts(room, row.id)
      const view = (
        <DeploymentView {...props}>
          {Object.entries(logs).map(([id, lines]) => (
            <Region id={id}>{lines}</Region>
          ))}
        </DeploymentView>
      )
      return site.page(c, { title: row.blueprint, current: '/', live: `/deployments/${row.id}/live`, view })
    })
    .get('/deployments/:id/live', async (c) => {
      const { id } = await findDeployment(room.db, c.req.param('id'))
      return site.live(c, {
        shared: `${base}/deployments/${id}/live`,
        regions: async () => {
          const { props, logs } = await deploymentParts(room, id)
          return { ...deploymentRegions(props), ...logs }
        },
      })
    })
}

async function overviewProps(room: TenantRoom, base: string): Promise<OverviewProps> {
  const [runtimes, deployments] = [await runtimeViews(room), await deploymentViews(room.db)]
  return { base, runtimes, deployments, logLines: await countLogs(room.db), nowMs: room.clock.now() }
}

async function deploymentParts(
  room: TenantRoom,
  id: string,
): Promise<{ props: ReturnType<typeof deploymentProps>; logs: Regions }> {
  const nowMs = room.clock.now()
  const { view, targets } = await deploymentDetail(room.db, await findDeployment(room.db, id))
  const lines = await queryLogs(room.db, { deployment: id, limit: LINES_SHOWN })
  const names = new Map(view.runtimes.map(({ runtime, name }) => [runtime, name]))
  return { props: deploymentProps(view, targets, nowMs), logs: logRegions(lines, names, nowMs) }
}
