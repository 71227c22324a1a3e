/** The page of one deployment, live by server-sent events. */
import { Hono } from 'hono'
import type { PersonEnv, Site } from '../../server/mod.ts'
import { DeploymentView, deploymentRegions, Region, type Regions } from '../../web/mod.ts'
import { findDeployment } from '../deployments/deployments.ts'
import { deploymentDetail } from '../deployments/view.ts'
import { queryLogs } from '../reports/logs.ts'
import type { TenantRoom } from '../tenant-room.ts'
import { deploymentProps } from '../views/deployment-props.ts'
import { LINES_SHOWN, logRegions } from '../views/log-lines.tsx'

export function deploymentPages(room: TenantRoom, site: Site): Hono<PersonEnv> {
  const { base } = site.place
  return new Hono<PersonEnv>()
    .get('/:id', async (c) => {
      const row = await findDeployment(room.db, c.req.param('id'))
      const { props, logs } = await deploymentParts(room, row.id)
      const view = (
        <DeploymentView {...props}>
          {Object.entries(logs).map(([id, lines]) => (
            <Region id={id}>{lines}</Region>
          ))}
        </DeploymentView>
      )
      const crumbs = [{ href: '/', label: 'Overview' }]
      return site.page(c, { title: row.blueprint, current: '/', crumbs, live: `/deployments/${row.id}/live`, view })
    })
    .get('/:id/live', async (c) => {
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

async function deploymentParts(
  room: TenantRoom,
  id: string,
): Promise<{ props: ReturnType<typeof deploymentProps>; logs: Regions }> {
  const nowMs = room.clock.now()
  const { view, targets } = await deploymentDetail(room.db, await findDeployment(room.db, id))
  const lines = await queryLogs(room.db, { deployment: id, limit: LINES_SHOWN })
  const props = deploymentProps(view, targets, nowMs)
  const names = new Map([
    ...view.runtimes.map(({ runtime, name }) => [runtime, name] as const),
    ...props.bridges.map(({ id: bridge, from, to }) => [bridge, `${from} → ${to.join(', ')}`] as const),
  ])
  return { props, logs: logRegions(lines, names, nowMs) }
}
