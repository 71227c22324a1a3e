/** The pages of deployments: all of them, and one with its live counts, its versions, and how it is stopped and started anew. */
import { type Context, Hono } from 'hono'
import { roleReaches } from '../../accounts/mod.ts'
import type { Clock } from '../../base/mod.ts'
import { formPage, type PersonEnv, type Site } from '../../server/mod.ts'
import { deploymentRegions, Notice, parseInput, readListing, Words } from '../../web/mod.ts'
import { DeploymentId } from '../../wire/mod.ts'
import { type DetailDeps, deploymentDetail, deploymentDetails } from '../deployment-detail.ts'
import type { Deployments } from '../deployments/deployments.ts'
import { refusedWords } from '../deployments/reasons.ts'
import type { RuntimeState } from '../open-state.ts'
import { Acts, DeploymentPage, deploymentViewProps, StopDeployment, WorkerFacts } from '../views/deployment.tsx'
import { DEPLOYMENT_SORTS, DeploymentList } from '../views/deployment-list.tsx'
import { deploymentTabs, wayTo } from '../views/deployment-tabs.ts'
import { Versions } from '../views/versions.tsx'
import { restartDeployment } from './deployments.ts'

export type DeploymentPagesDeps = DetailDeps & {
  clock: Clock
  deployments: Deployments
  state: Pick<RuntimeState, 'assignments'>
}

export function deploymentPages(deps: DeploymentPagesDeps, site: Site): Hono<PersonEnv> {
  const { clock } = deps
  return new Hono<PersonEnv>()
    .get('/', (c) => list(c, deps, site))
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
    .route('/', stopPage(deps, site))
    .post('/:id/restart', async (c) => {
      await restartDeployment(deps, c, idOf(c))
      return c.redirect(`/deployments/${idOf(c)}`, 303)
    })
}

async function list(c: Context<PersonEnv>, deps: DeploymentPagesDeps, site: Site): Promise<Response> {
  const listing = readListing('/deployments', c.req.query(), { sort: DEPLOYMENT_SORTS, by: '-since' })
  const view = (
    <>
      {(await deps.deployments.refused()).map((refused) => (
        <Notice kind="bad">
          <p>
            <Words text={refusedWords(refused)} />
          </p>
        </Notice>
      ))}
      <DeploymentList deployments={await deploymentDetails(deps)} nowMs={deps.clock.now()} listing={listing} />
    </>
  )
  const action = (
    <a class="button quiet" href="/logs">
      Log of all
    </a>
  )
  return site.page(c, { title: 'Deployments', current: '/deployments', action, view })
}

/** What it means is said before it is done: who may stop it may not always let it run again. */
function stopPage(deps: DeploymentPagesDeps, site: Site): Hono<PersonEnv> {
  return formPage(site, '/:id/stop', {
    role: 'operator',
    about: (c) => deploymentDetail(deps, idOf(c)),
    again: ({ about: detail, failed: { failure } }) => ({
      ...{ title: 'Stop', current: '/deployments', crumbs: wayTo(detail) },
      view: <StopDeployment {...{ detail, failure }} />,
    }),
    async act({ about: { deployment }, actor }) {
      await deps.deployments.stop(deployment, actor)
      return `/deployments/${deployment}`
    },
  })
}

function idOf(c: Context<PersonEnv>): string {
  return parseInput(DeploymentId, c.req.param('id'))
}
