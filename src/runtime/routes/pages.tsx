/** The pages: overview, one deployment with its live counts, and the owner's decisions by form. */
import { type Context, Hono } from 'hono'
import * as v from 'valibot'
import { type Accounts, roleReaches, sessionTokenOf } from '../../accounts/mod.ts'
import type { Clock } from '../../base/mod.ts'
import { deploymentRegions, type LiveStreams, parseInput, readForm, renderPage, type View } from '../../web/mod.ts'
import { type DeadLetterEntry, DeploymentId } from '../../wire/mod.ts'
import { type DetailDeps, deploymentDetail } from '../deployment-detail.ts'
import { WorkerSilent } from '../errors.ts'
import type { LogEntry } from '../local-logs.ts'
import type { RuntimeState } from '../open-state.ts'
import { DeploymentPage, deploymentViewProps, Logs } from '../views/deployment.tsx'
import { Frame } from '../views/frame.tsx'
import { Overview, type OverviewProps, overviewRegions } from '../views/overview.tsx'
import { dropLetters, type LettersDeps } from './deployments.ts'
import { demand, type PersonEnv } from './person.ts'
import { type StatusView, statusOf } from './status.ts'

/** Lines of the log on a deployment's page; the API has the rest. */
const LOG_LINES = 50
/** Refused records on it; the API has the rest. */
const LETTERS = 20

const Decision = v.object({ version: v.pipe(v.string(), v.regex(/^\d{1,9}$/), v.transform(Number)) })
const Drop = v.object({ through: v.pipe(v.string(), v.regex(/^\d{1,15}$/), v.transform(Number)) })

type Shown = StatusView & DetailDeps & LettersDeps & { state: Pick<RuntimeState, 'logs'> }
export type PagesDeps = { station: Shown; live: LiveStreams; accounts: Accounts; clock: Clock }

export function pageRoutes(deps: PagesDeps): Hono<PersonEnv> {
  const { station, live, clock } = deps
  return new Hono<PersonEnv>()
    .get('/', async (c) => {
      const view = <Overview {...(await overviewProps(station, clock))} />
      return page(c, station, { title: 'Overview', live: '/live', view })
    })
    .get('/live', (c) => {
      const regions = async () => overviewRegions(await overviewProps(station, clock))
      return live.serve(c, { regions, allowed: stillSignedIn(c, deps) })
    })
    .route('/deployments/:id', deploymentPages(deps))
}

function deploymentPages(deps: PagesDeps): Hono<PersonEnv> {
  const { station, live, clock } = deps
  return new Hono<PersonEnv>()
    .get('/', async (c) => {
      const id = idOf(c)
      const detail = await deploymentDetail(station, id)
      const letters = await firstLetters(station, id)
      const { role } = c.var.user
      const may = { mayDecide: roleReaches(role, 'owner'), mayStop: roleReaches(role, 'operator') }
      const shown = { detail, letters, logs: await newestLogs(station, id), nowMs: clock.now() }
      const view = <DeploymentPage {...shown} {...may} />
      return page(c, station, { title: detail.blueprint, live: `/deployments/${id}/live`, view })
    })
    .get('/live', (c) => {
      const id = idOf(c)
      const regions = async () => ({
        ...deploymentRegions(deploymentViewProps(await deploymentDetail(station, id), clock.now())),
        'deployment-log': <Logs logs={await newestLogs(station, id)} />,
      })
      return live.serve(c, { regions, allowed: stillSignedIn(c, deps) })
    })
    .post('/approve', async (c) => {
      const actor = demand(c, 'owner')
      await station.deployments.approve(idOf(c), (await readForm(c, Decision)).version, actor)
      return c.redirect(`/deployments/${idOf(c)}`, 303)
    })
    .post('/refuse', async (c) => {
      const actor = demand(c, 'owner')
      await station.deployments.refuse(idOf(c), (await readForm(c, Decision)).version, { actor })
      return c.redirect('/', 303)
    })
    .post('/dead-letters/drop', async (c) => {
      const actor = demand(c, 'owner')
      await dropLetters(station, idOf(c), (await readForm(c, Drop)).through, actor)
      return c.redirect(`/deployments/${idOf(c)}`, 303)
    })
    .post('/stop', async (c) => {
      await station.deployments.stop(idOf(c), demand(c, 'operator'))
      return c.redirect(`/deployments/${idOf(c)}`, 303)
    })
}

/** A worker that does not answer must not keep its deployment's page, and the button that stops it, from its owner. */
async function firstLetters({ deadLetters }: Shown, deployment: string): Promise<DeadLetterEntry[]> {
  try {
    return (await deadLetters.list(deployment, { from: 1, limit: LETTERS })).letters
  } catch (error) {
    if (error instanceof WorkerSilent) return []
    throw error
  }
}

async function newestLogs(station: Shown, deployment: string): Promise<LogEntry[]> {
  return (await station.state.logs.list({ limit: LOG_LINES, deployment })).entries.toReversed()
}

async function overviewProps(station: Shown, clock: Clock): Promise<OverviewProps> {
  const { platform, ...status } = await statusOf(station)
  return { ...status, nowMs: clock.now(), enrolment: platform }
}

/** A session that ends takes its open pages with it. */
function stillSignedIn(c: Context<PersonEnv>, { accounts }: PagesDeps): () => Promise<boolean> {
  const token = sessionTokenOf(c)
  if (c.var.user.via === 'token' || token === undefined) return async () => true
  return async () => (await accounts.sessionOf(token)) !== undefined
}

function idOf(c: Context<PersonEnv>): string {
  return parseInput(DeploymentId, c.req.param('id'))
}

async function page(
  c: Context<PersonEnv>,
  station: Shown,
  of: { title: string; live: string; view: View },
): Promise<Response> {
  const { name, role } = c.var.user
  const framed = (
    <Frame name={station.name} title={of.title} live={of.live} user={{ name, role }}>
      {of.view}
    </Frame>
  )
  return c.html(await renderPage(framed))
}
