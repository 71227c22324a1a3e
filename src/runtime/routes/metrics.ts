/** /v1/deployments/:id/metrics: what a deployment or one of its components did, in equal steps of time. */
import * as v from 'valibot'
import type { Clock } from '../../base/mod.ts'
import { ApiRoutes } from '../../server/mod.ts'
import { type ChartFigures, type ChartWindow, readRange } from '../../web/mod.ts'
import { DeploymentId, Name } from '../../wire/mod.ts'
import { type DeploymentDetail, type DetailDeps, deploymentDetail } from '../deployment-detail.ts'
import { ComponentUnknown } from '../errors.ts'
import { HISTORY_RANGES } from '../history/history.ts'
import type { Station } from '../station.ts'
import { componentCharts, deploymentCharts } from '../views/metrics.tsx'

export type MetricsDeps = DetailDeps & Pick<Station, 'history'> & { clock: Clock }

export const MetricsQuery = v.object({
  component: v.optional(Name),
  range: v.optional(v.picklist(HISTORY_RANGES), '1h'),
})
const Identified = v.object({ id: DeploymentId })
const Metrics = v.object({
  /** Beginning of the first step, milliseconds since 1970. */
  fromMs: v.number(),
  stepMs: v.number(),
  figures: v.array(
    v.object({
      id: v.string(),
      title: v.string(),
      unit: v.string(),
      /** One value for each step; `null` where nothing is known. */
      series: v.array(v.object({ name: v.string(), values: v.array(v.nullable(v.number())) })),
    }),
  ),
})

export function metricsRoutes(deps: MetricsDeps): ApiRoutes {
  return new ApiRoutes('Deployments').get(
    '/:id/metrics',
    {
      summary: 'Figures of the last day in equal steps of time, of a deployment or one of its components.',
      role: 'viewer',
      params: Identified,
      query: MetricsQuery,
      answer: Metrics,
    },
    async ({ params, query }) => {
      const { charts, window } = await metricsOf(deps, params.id, query)
      const figures = charts.map(({ id, title, unit, series }) => ({
        ...{ id, title, unit },
        series: series.map(({ name, values }) => ({ name, values: values.map((value) => value ?? null) })),
      }))
      return { fromMs: window.fromMs, stepMs: window.stepMs, figures }
    },
  )
}

export type MetricsView = { detail: DeploymentDetail; charts: ChartFigures[]; window: ChartWindow }

/** Refuses `deployment.not_found` and `deployment.component_unknown`. */
export async function metricsOf(
  deps: MetricsDeps,
  deployment: string,
  { component, range }: v.InferOutput<typeof MetricsQuery>,
): Promise<MetricsView> {
  const detail = await deploymentDetail(deps, deployment)
  const window = readRange(range, deps.clock.now(), HISTORY_RANGES)
  const source = { history: deps.history, detail, window }
  if (component === undefined) return { detail, window, charts: deploymentCharts(source) }
  if (!detail.wiring.some(({ name }) => name === component)) {
    throw new ComponentUnknown(`${deployment} has no component ${component}`)
  }
  return { detail, window, charts: componentCharts(source, component) }
}
