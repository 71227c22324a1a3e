/** /v1/deployments/:id/metrics: what a deployment or one of its components did, in equal steps of time. */
import * as v from 'valibot'
import type { Clock } from '../../base/mod.ts'
import { ApiRoutes } from '../../server/mod.ts'
import type { ChartFigures } from '../../web/mod.ts'
import { DeploymentId, Name, Time } from '../../wire/mod.ts'
import { type DeploymentDetail, type DetailDeps, deploymentDetail } from '../deployment-detail.ts'
import { ComponentUnknown } from '../errors.ts'
import { between, type HistoryWindow, lastOf, RANGE_WORDS } from '../history/ranges.ts'
import type { Station } from '../station.ts'
import { componentCharts, deploymentCharts } from '../views/metrics.tsx'

export type MetricsDeps = DetailDeps & Pick<Station, 'history'> & { clock: Clock }

const HOUR_MS = 3_600_000
const UNITS_MS = { s: 1_000, m: 60_000, h: HOUR_MS, d: 86_400_000 } as const
/** `90`, `90s`, `5m`, `1h`, `1d` as milliseconds. */
const Step = v.pipe(
  v.string(),
  v.regex(/^\d{1,6}[smhd]?$/, 'must be seconds, or a number with s, m, h or d'),
  v.transform((text) => Number.parseInt(text, 10) * (UNITS_MS[text.at(-1) as keyof typeof UNITS_MS] ?? 1_000)),
)

/** Either a range that ends now, or a stretch of time: with `from` or `to`, and `step` for coarser steps than the finest there are. */
const MetricsQuery = v.pipe(
  v.object({
    component: v.optional(Name),
    range: v.optional(v.picklist(RANGE_WORDS)),
    from: v.optional(Time),
    to: v.optional(Time),
    step: v.optional(Step),
  }),
  v.forward(
    v.check(
      ({ range, from, to, step }) => range === undefined || (from ?? to ?? step) === undefined,
      'has no `from`, `to` or `step` beside it',
    ),
    ['range'],
  ),
  v.forward(
    v.check(
      ({ from, to }) => from === undefined || to === undefined || Date.parse(from) < Date.parse(to),
      'must be after `from`',
    ),
    ['to'],
  ),
)
type MetricsQuery = v.InferOutput<typeof MetricsQuery>
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
      summary:
        'Figures in equal steps of time, of a deployment or one of its components: of a range up to now, or from one time to another within 30 days.',
      role: 'viewer',
      params: Identified,
      query: MetricsQuery,
      answer: Metrics,
    },
    async ({ params, query }) => {
      const window = windowOf(query, deps.clock.now())
      const { charts } = await metricsOf(deps, params.id, { component: query.component, window })
      const figures = charts.map(({ id, title, unit, series }) => ({
        ...{ id, title, unit },
        series: series.map(({ name, values }) => ({ name, values: values.map((value) => value ?? null) })),
      }))
      return { fromMs: window.fromMs, stepMs: window.stepMs, figures }
    },
  )
}

/** Without a word an hour; up to now, if `to` does not say, and an hour back, if `from` does not. */
function windowOf({ range, from, to, step }: MetricsQuery, nowMs: number): HistoryWindow {
  if (from === undefined && to === undefined && step === undefined) return lastOf(range ?? '1h', nowMs)
  const toMs = to === undefined ? nowMs : Date.parse(to)
  const fromMs = from === undefined ? toMs - HOUR_MS : Date.parse(from)
  return between({ fromMs, toMs, stepMs: step ?? 0 }, nowMs)
}

export type MetricsView = { detail: DeploymentDetail; charts: ChartFigures[] }

/** Refuses `deployment.not_found` and `deployment.component_unknown`. */
export async function metricsOf(
  deps: MetricsDeps,
  deployment: string,
  { component, window }: { component?: string | undefined; window: HistoryWindow },
): Promise<MetricsView> {
  const detail = await deploymentDetail(deps, deployment)
  const source = { history: deps.history, detail, window }
  if (component === undefined) return { detail, charts: deploymentCharts(source) }
  if (!detail.wiring.some(({ name }) => name === component)) {
    throw new ComponentUnknown(`${deployment} has no component ${component}`)
  }
  return { detail, charts: componentCharts(source, component) }
}
