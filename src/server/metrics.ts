/** `/metrics` for Prometheus, which carries a token of its own and does not exist without one; `/v1/metrics-token` makes it. */
import { Hono } from 'hono'
import * as v from 'valibot'
import { recorded, type Trail } from '../audit/mod.ts'
import { rfc3339 } from '../base/mod.ts'
import { ApiRoutes } from './api.ts'
import { MetricsTokenRefused } from './errors.ts'
import { EXPOSITION_TYPE, expositionOf, type MetricFamily } from './exposition.ts'
import { Instant } from './inputs.ts'
import type { MetricsToken } from './metrics-token.ts'

/** Longer than any token of ours; what is longer is not hashed. */
const TOKEN_LENGTH_MAX = 128
const SUBJECT = 'metrics'

/** Stands before the gate: what asks here has no session. */
export function metricsDoor(deps: { metricsToken: MetricsToken; families: () => Promise<MetricFamily[]> }): Hono {
  return new Hono().get('/metrics', async (c) => {
    const { metricsToken, families } = deps
    if (!metricsToken.about) return c.notFound()
    const token = /^Bearer (\S+)$/i.exec(c.req.header('authorization') ?? '')?.[1] ?? ''
    if (token.length > TOKEN_LENGTH_MAX || !(await metricsToken.holds(token)))
      throw new MetricsTokenRefused('this needs the token for metrics')
    return c.body(expositionOf(await families()), 200, { 'content-type': EXPOSITION_TYPE })
  })
}

export type MetricsTokenRoutesDeps = { metricsToken: MetricsToken; trail: Pick<Trail, 'record'> }

const About = v.object({ createdAt: v.nullable(Instant), createdBy: v.nullable(v.string()) })

export function metricsTokenRoutes(deps: MetricsTokenRoutesDeps): ApiRoutes {
  const { metricsToken } = deps
  return new ApiRoutes('Metrics')
    .get(
      '/',
      {
        summary: 'Whether there is a token for /metrics; without one /metrics is off.',
        role: 'operator',
        answer: About,
      },
      async () => {
        const { createdAtMs, createdBy = null } = metricsToken.about ?? {}
        return { createdAt: createdAtMs === undefined ? null : rfc3339(createdAtMs), createdBy }
      },
    )
    .post(
      '/',
      {
        summary:
          'Makes the token that opens /metrics and nothing else; answers it this once. The one before holds no more.',
        ...{ role: 'owner', fresh: true, answer: v.object({ token: v.string() }), status: 201 },
      },
      async ({ actor }) => ({ token: await createMetricsToken(deps, actor) }),
    )
    .delete('/', { summary: 'Takes the token back; /metrics is off.', role: 'owner', fresh: true }, ({ actor }) =>
      revokeMetricsToken(deps, actor),
    )
}

/** Makes the token; the one before holds no more. */
export function createMetricsToken({ metricsToken, trail }: MetricsTokenRoutesDeps, actor: string): Promise<string> {
  const act = { actor, action: 'metrics_token.created', subject: SUBJECT }
  return recorded(trail, act, () => metricsToken.create(actor))
}

/** Takes it back. Refuses `metrics_token.none`. */
export async function revokeMetricsToken(
  { metricsToken, trail }: MetricsTokenRoutesDeps,
  actor: string,
): Promise<void> {
  const act = { actor, action: 'metrics_token.revoked', subject: SUBJECT }
  await recorded(trail, act, () => metricsToken.revoke())
}
