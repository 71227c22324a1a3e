/** /v1/deployments: one version of a Blueprint in force on its Runtimes. */
import * as v from 'valibot'
import { ApiRoutes, FinishedJson, PeerPartJson } from '../../server/mod.ts'
import { DeploymentState, DeploymentStatus, Name, Reason, Time } from '../../wire/mod.ts'
import { deploy } from '../deployments/deploy.ts'
import { blueprintVersionOf, findDeployment, stopDeployment, versionsOf } from '../deployments/deployments.ts'
import { type DeploymentView, deploymentDetail, deploymentView, deploymentViews } from '../deployments/view.ts'
import { HISTORY, historyOf } from '../reports/status.ts'
import type { TenantRoom } from '../tenant-room.ts'
import { Version } from './blueprints.ts'

const NewDeployment = v.strictObject({ blueprint: Name, version: v.optional(Version) })
const HistoryQuery = v.object({ since: Time, step: v.optional(v.picklist(['minute', 'hour']), 'minute') })
const Rollback = v.strictObject({ version: Version })
const Named = v.object({ id: v.string() })

const Target = v.object({
  runtime: v.string(),
  name: v.string(),
  system: v.string(),
  wanted: v.picklist(['run', 'stop']),
  told: v.boolean(),
  state: DeploymentState,
  outcome: v.optional(v.string()),
  reasons: v.array(Reason),
  attempts: v.number(),
  /** Peers between which and it nothing crosses, since their part is not in force as its own is. */
  peers: v.array(PeerPartJson),
  /** Its sources came to their end: since when, and how many records left its part of the flow. */
  finished: v.optional(FinishedJson),
})
export const DeploymentJson = v.object({
  deployment: v.string(),
  blueprint: v.string(),
  version: v.number(),
  wanted: v.picklist(['run', 'stop']),
  state: DeploymentState,
  createdAt: v.string(),
  changedAt: v.string(),
  runtimes: v.array(Target),
  /** All of it came to its end: since when, and how many records reached its sinks. */
  finished: v.optional(FinishedJson),
})
const DetailJson = v.object({
  ...DeploymentJson.entries,
  status: v.array(v.object({ ...DeploymentStatus.entries, runtime: v.string(), name: v.string() })),
  versions: v.array(
    v.object({ version: v.number(), blueprintVersion: v.number(), author: v.string(), createdAt: v.string() }),
  ),
})
const History = v.object({ entries: v.array(v.object({ runtime: v.string(), status: DeploymentStatus })) })

export function deploymentRoutes(room: TenantRoom): ApiRoutes {
  return new ApiRoutes('Deployments')
    .get(
      '/',
      {
        summary: 'Every deployment, the last changed first.',
        role: 'viewer',
        answer: v.object({ deployments: v.array(DeploymentJson) }),
      },
      async () => ({ deployments: await deploymentViews(room.db) }),
    )
    .get(
      '/:id',
      {
        summary: 'One deployment, with what its Runtimes last told.',
        role: 'viewer',
        params: Named,
        answer: DetailJson,
      },
      async ({ params }) => {
        const row = await findDeployment(room.db, params.id)
        const { view } = await deploymentDetail(room.db, row)
        return { ...view, versions: await versionsOf(room.db, row.id) }
      },
    )
    .get(
      '/:id/history',
      { summary: 'Its kept status since a time.', role: 'viewer', params: Named, query: HistoryQuery, answer: History },
      async ({ params, query: { since, step } }) => {
        const { id } = await findDeployment(room.db, params.id)
        return { entries: await historyOf(room.db, id, { sinceMs: Date.parse(since), stepMs: HISTORY[step].stepMs }) }
      },
    )
    .post(
      '/',
      {
        summary: 'Puts a Blueprint in force.',
        role: 'operator',
        body: NewDeployment,
        answer: DeploymentJson,
        status: 201,
      },
      ({ body: { blueprint, version }, actor }) =>
        putInForce(room, { blueprint, ...(version !== undefined && { version }) }, actor),
    )
    .mount('/:id', changeRoutes(room))
}

function changeRoutes(room: TenantRoom): ApiRoutes {
  return new ApiRoutes('Deployments')
    .post(
      '/rollback',
      {
        summary: 'Puts the Blueprint of an earlier version in force again.',
        role: 'operator',
        params: Named,
        body: Rollback,
        answer: DeploymentJson,
        status: 201,
      },
      async ({ params, body: { version }, actor }) => {
        const { id, blueprint } = await findDeployment(room.db, params.id)
        return putInForce(room, { blueprint, version: await blueprintVersionOf(room.db, id, version) }, actor)
      },
    )
    .post(
      '/stop',
      { summary: 'Drains and stops it everywhere.', role: 'operator', params: Named, answer: DeploymentJson },
      async ({ params: { id }, actor }) => {
        for (const runtime of await stopDeployment(room, id, actor)) room.deliveries.kick(runtime)
        return deploymentView(room.db, await findDeployment(room.db, id))
      },
    )
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
