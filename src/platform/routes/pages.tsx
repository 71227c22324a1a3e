/** The pages of a tenant: overview and one deployment, both live by server-sent events. */
import { type Context, Hono } from 'hono'
import { type Accounts, sessionTokenOf } from '../../accounts/mod.ts'
import {
  DeploymentView,
  deploymentRegions,
  Layout,
  type LiveStreams,
  type NavEntry,
  Region,
  type Regions,
  renderPage,
  type View,
} from '../../web/mod.ts'
import { findDeployment } from '../deployments/deployments.ts'
import { deploymentDetail, deploymentViews } from '../deployments/view.ts'
import { countLogs, queryLogs } from '../reports/logs.ts'
import type { TenantRoom } from '../tenant-room.ts'
import { deploymentProps } from '../views/deployment-props.ts'
import { LINES_SHOWN, logRegions } from '../views/log-lines.tsx'
import { Overview, type OverviewProps, overviewRegions } from '../views/overview.tsx'
import { runtimeViews } from './runtimes.ts'
import type { Env } from './variables.ts'

export type PageDeps = { base: string; live: LiveStreams; cookie: string; accounts: Pick<Accounts, 'sessionOf'> }

export function pageRoutes(room: TenantRoom, deps: PageDeps): Hono<Env> {
  const { base, live } = deps
  return new Hono<Env>()
    .get('/', async (c) => {
      const props = await overviewProps(room, base)
      return page(c, room, deps, { title: 'Overview', live: `${base}/live`, content: <Overview {...props} /> })
    })
    .get('/live', (c) =>
      live.serve(c, {
        shared: `${base}/live`,
        allowed: stillSignedIn(c, deps),
        regions: async () => overviewRegions(await overviewProps(room, base)),
      }),
    )
    .get('/deployments/:id', async (c) => {
      const row = await findDeployment(room.db, c.req.param('id'))
      const { props, logs } = await deploymentParts(room, row.id)
      const content = (
        <DeploymentView {...props}>
          {Object.entries(logs).map(([id, view]) => (
            <Region id={id}>{view}</Region>
          ))}
        </DeploymentView>
      )
      return page(c, room, deps, { title: row.blueprint, live: `${base}/deployments/${row.id}/live`, content })
    })
    .get('/deployments/:id/live', async (c) => {
      const { id } = await findDeployment(room.db, c.req.param('id'))
      return live.serve(c, {
        shared: `${base}/deployments/${id}/live`,
        allowed: stillSignedIn(c, deps),
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

/** A session may end while its pages stay open. */
function stillSignedIn(c: Context<Env>, deps: PageDeps): () => Promise<boolean> {
  const token = sessionTokenOf(c, deps.cookie)
  return async () => token !== undefined && (await deps.accounts.sessionOf(token)) !== undefined
}

async function page(
  c: Context<Env>,
  room: TenantRoom,
  { base }: PageDeps,
  shown: { title: string; live: string; content: View },
): Promise<Response> {
  const nav: NavEntry[] = [{ href: `${base}/`, label: 'Overview', icon: 'overview', key: 'o' }]
  const { name, role } = c.var.user
  return c.html(
    await renderPage(
      <Layout
        place={{ kind: 'platform', name: room.tenantName }}
        nav={nav}
        current={`${base}/`}
        title={shown.title}
        user={{ name, role }}
        signOut={`${base}/sign-out`}
        live={shown.live}
      >
        {shown.content}
      </Layout>,
    ),
  )
}
