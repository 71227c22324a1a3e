/** Deploys the demo's blueprint, approves it as both owners would, and watches until everything has crossed. */
import * as v from 'valibot'
import placesBlueprint from '../../../examples/places.yaml' with { type: 'text' }
import { AppError } from '../../base/mod.ts'
import { LocalDeployment, PlatformDeployment, readAs, StoredBlueprint, wordsOf } from '../answers.ts'
import type { Server } from './stage.ts'
import { until } from './until.ts'

/** The deployment came to an end that is not the one wanted. */
export class DemoFlowFailed extends AppError {
  override readonly code = 'demo.flow_failed' as const
  override readonly kind = 'unavailable' as const
}

/** Time for all records to cross: a floor, and 1 ms a record above it (some 50 times what it takes). */
const FLOW_MS_MIN = 120_000

const LocalDeployments = v.object({ deployments: v.array(LocalDeployment) })

/** Stores the blueprint and deploys it; returns the deployment's id. */
export async function deploy(platform: Server): Promise<string> {
  const stored = await platform.client.request('POST', '/v1/blueprints', { source: placesBlueprint, code: {} })
  const { name, version } = readAs(StoredBlueprint, stored)
  const answer = await platform.client.request('POST', '/v1/deployments', { blueprint: name, version })
  return readAs(PlatformDeployment, answer).deployment
}

/** Approves what waits on a Runtime; returns what it added, as its owner sees it. */
export async function approve(runtime: Server, deployment: string, signal: AbortSignal): Promise<LocalDeployment> {
  const path = `/v1/deployments/${deployment}`
  const waiting = await until(`the deployment to reach ${runtime.name}`, signal, async () => {
    const { deployments } = readAs(LocalDeployments, await runtime.client.get('/v1/deployments'))
    return deployments.find((candidate) => candidate.deployment === deployment && candidate.waiting)
  })
  await runtime.client.request('POST', `${path}/approve`, { version: waiting.waiting?.version })
  return waiting
}

/** The deployment as a Runtime has it now; `undefined` while that Runtime does not answer. */
export async function look(runtime: Server, deployment: string): Promise<LocalDeployment | undefined> {
  try {
    return readAs(LocalDeployment, await runtime.client.get(`/v1/deployments/${deployment}`))
  } catch (error) {
    if (error instanceof AppError && error.kind === 'unavailable') return undefined
    throw error
  }
}

/** Watches both Runtimes until the sources have ended and everything was acknowledged. `report` is told at each look. */
export async function watch(
  runtimes: readonly Server[],
  deployment: string,
  rows: number,
  signal: AbortSignal,
  report: (seen: readonly LocalDeployment[]) => void,
): Promise<LocalDeployment[]> {
  return until(
    'all records to cross',
    signal,
    async () => {
      const seen = await Promise.all(runtimes.map((runtime) => look(runtime, deployment)))
      const known = seen.filter((one) => one !== undefined)
      if (known.length < seen.length) return undefined
      const broken = known.find(({ state }) => state === 'failed' || state === 'refused')
      if (broken) {
        throw new DemoFlowFailed(`the deployment is ${broken.state}: ${wordsOf(broken.reasons) || 'without a reason'}`)
      }
      report(known)
      return known.every(({ state }) => state === 'stopped') ? known : undefined
    },
    FLOW_MS_MIN + rows,
  )
}
