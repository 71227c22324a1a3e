/** /v1/deployments as their owner sees them: what runs with its counts, what waits with what it adds, and the decisions. */
import type { Context } from 'hono'
import * as v from 'valibot'
import { ApiRoutes, demand, type PersonEnv } from '../../server/mod.ts'
import { DeploymentId } from '../../wire/mod.ts'
import type { LetterActsDeps } from '../dead-letters/letter-acts.ts'
import { deploymentDetail, deploymentList } from '../deployment-detail.ts'
import type { Deployments } from '../deployments/deployments.ts'
import { type ApprovalRoutesDeps, approvalRoutes } from './approvals.ts'
import { letterRoutes } from './dead-letters.ts'
import {
  DeploymentDetailJson,
  DeploymentSummaryJson,
  detailJson,
  RefusedVersionJson,
  refusedJson,
  summaryJson,
} from './deployment-json.ts'

/** The id becomes part of a path: only its own form is taken. */
const Identified = v.object({ id: DeploymentId })

export type DeploymentRoutesDeps = ApprovalRoutesDeps & LetterActsDeps

export function deploymentRoutes(station: DeploymentRoutesDeps): ApiRoutes {
  const { deployments } = station
  return new ApiRoutes('Deployments')
    .get(
      '/',
      {
        summary: 'Every deployment that is in force or waits, newest first, and the versions that were refused here.',
        role: 'viewer',
        answer: v.object({ deployments: v.array(DeploymentSummaryJson), refused: v.array(RefusedVersionJson) }),
      },
      async () => ({
        deployments: (await deploymentList(station)).map(summaryJson),
        refused: (await deployments.refused()).map(refusedJson),
      }),
    )
    .get(
      '/:id',
      { summary: 'One deployment with its counts.', role: 'viewer', params: Identified, answer: DeploymentDetailJson },
      async ({ params }) => detailJson(await deploymentDetail(station, params.id)),
    )
    .mount('/:id', approvalRoutes(station))
    .mount('/:id', stopRoutes(station))
    .mount('/:id/dead-letters', letterRoutes(station))
}

function stopRoutes(station: DeploymentRoutesDeps): ApiRoutes {
  const { deployments } = station
  return new ApiRoutes('Deployments')
    .post(
      '/stop',
      { summary: 'Drains and stops it.', role: 'operator', params: Identified, answer: DeploymentDetailJson },
      async ({ params: { id }, actor }) => {
        await deployments.stop(id, actor)
        return detailJson(await deploymentDetail(station, id))
      },
    )
    .post(
      '/restart',
      {
        summary: 'Drains what runs and starts the version in force anew.',
        role: 'operator',
        params: Identified,
        answer: DeploymentDetailJson,
      },
      async ({ c, params: { id } }) => {
        await restartDeployment(station, c, id)
        return detailJson(await deploymentDetail(station, id))
      },
    )
}

/** Starts the version in force anew. What somebody has stopped, only an owner lets run again. */
export async function restartDeployment(
  { deployments }: { deployments: Pick<Deployments, 'restart'> },
  c: Context<PersonEnv>,
  deployment: string,
): Promise<void> {
  await deployments.restart(deployment, demand(c, 'operator'), c.var.user.role)
}
