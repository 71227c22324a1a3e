/** /v1/deployments */
import { Hono } from 'hono'
import * as v from 'valibot'
import { requireRole } from '../../accounts/mod.ts'
import { parseInput, readJson } from '../../web/mod.ts'
import { Name, Time } from '../../wire/mod.ts'
import { deploy } from '../deployments/deploy.ts'
import { blueprintVersionOf, findDeployment, stopDeployment, versionsOf } from '../deployments/deployments.ts'
import { type DeploymentView, deploymentDetail, deploymentView, deploymentViews } from '../deployments/view.ts'
import { HISTORY, historyOf } from '../reports/status.ts'
import type { TenantRoom } from '../tenant-room.ts'
import { Version } from './blueprints.ts'
import { actorOf, type Env } from './variables.ts'

const NewDeployment = v.strictObject({ blueprint: Name, version: v.optional(Version) })
const HistoryQuery = v.object({ since: Time, step: v.optional(v.picklist(['minute', 'hour']), 'minute') })
const Rollback = v.strictObject({ version: Version })

export function deploymentRoutes(room: TenantRoom): Hono<Env> {
  return new Hono<Env>()
    .get('/', async (c) => c.json({ deployments: await deploymentViews(room.db) }))
    .get('/:id', async (c) => {
      const row = await findDeployment(room.db, c.req.param('id'))
      const { view } = await deploymentDetail(room.db, row)
      return c.json({ ...view, versions: await versionsOf(room.db, row.id) })
    })
    .get('/:id/history', async (c) => {
      const { id } = await findDeployment(room.db, c.req.param('id'))
      const { since, step } = parseInput(HistoryQuery, c.req.query())
      const entries = await historyOf(room.db, id, { sinceMs: Date.parse(since), stepMs: HISTORY[step].stepMs })
      return c.json({ entries })
    })
    .post('/', requireRole('operator'), async (c) => {
      const { blueprint, version } = await readJson(c, NewDeployment)
      const wanted = { blueprint, ...(version !== undefined && { version }) }
      return c.json(await putInForce(room, wanted, actorOf(c.var.user)), 201)
    })
    .post('/:id/rollback', requireRole('operator'), async (c) => {
      const { version } = await readJson(c, Rollback)
      const { id, blueprint } = await findDeployment(room.db, c.req.param('id'))
      const wanted = { blueprint, version: await blueprintVersionOf(room.db, id, version) }
      return c.json(await putInForce(room, wanted, actorOf(c.var.user)), 201)
    })
    .post('/:id/stop', requireRole('operator'), async (c) => {
      const id = c.req.param('id')
      for (const runtime of await stopDeployment(room, id, actorOf(c.var.user))) room.deliveries.kick(runtime)
      return c.json(await deploymentView(room.db, await findDeployment(room.db, id)))
    })
}

/** Answers once the version is stored; telling the Runtimes goes on behind it. */
async function putInForce(
  room: TenantRoom,
  wanted: { blueprint: string; version?: number },
  author: string,
): Promise<DeploymentView> {
  const { deployment, runtimes } = await deploy(room, { ...wanted, author })
  for (const runtime of runtimes) room.deliveries.kick(runtime)
  return deploymentView(room.db, await findDeployment(room.db, deployment))
}
