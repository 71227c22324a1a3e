/** The figures of a deployment as charts: all of it, or one component. */
import {
  type ChartFigures,
  Charts,
  chartRegions,
  formatDuration,
  Region,
  type Regions,
  type View,
} from '../../web/mod.ts'
import type { DeploymentDetail } from '../deployment-detail.ts'
import type { History, HistoryCount } from '../history/history.ts'
import { HISTORY_RANGES, type HistoryRange, type HistoryWindow, RANGE_WORDS } from '../history/ranges.ts'
import { endsOf } from '../throughput.ts'

export type MetricsProps = {
  detail: Pick<DeploymentDetail, 'deployment' | 'wiring' | 'worker'>
  /** The component that is looked at; none: the deployment as a whole. */
  component?: string | undefined
  range: HistoryRange
  charts: readonly ChartFigures[]
}

/** Components that are drawn beside each other: as many as can be told apart. */
const COMPARED_MAX = 5
const RANGES = RANGE_WORDS.map((word) => ({ word, label: HISTORY_RANGES[word].label }))

export function Metrics(props: MetricsProps): View {
  const { detail, component, range, charts } = props
  const path = `/deployments/${detail.deployment}/metrics`
  return (
    <>
      <nav class="choices-bar" aria-label="Components">
        <a href={`${path}?range=${range}`} aria-current={component === undefined ? 'true' : undefined}>
          All
        </a>
        {detail.wiring.map(({ name }) => (
          <a
            href={`${path}?${new URLSearchParams({ component: name, range })}`}
            aria-current={component === name ? 'true' : undefined}
          >
            {name}
          </a>
        ))}
      </nav>
      <Region id="metrics-note">
        <WhenThereAreLines {...props} />
      </Region>
      <Charts
        path={path}
        {...(component !== undefined && { keep: { component } })}
        {...{ range, charts, ranges: RANGES }}
      />
    </>
  )
}

/** What a live stream of the page sends. */
export function metricsViewRegions(props: MetricsProps): Regions {
  return { ...chartRegions(props.charts), 'metrics-note': <WhenThereAreLines {...props} /> }
}

/** A line has two ends: until two steps are over, the page says when that will be. */
function WhenThereAreLines({ detail: { worker }, charts, range }: MetricsProps): View {
  const known = Math.max(0, ...charts.flatMap(({ series }) => series.map(knownIn)))
  if (known > 1) return <p class="help" hidden></p>
  const { stepMs, label } = HISTORY_RANGES[range]
  if (worker?.pid === undefined) return <p class="help">{`No worker of it ran within the last ${label}.`}</p>
  const rest = formatDuration((2 - known) * stepMs)
  return (
    <p class="help">
      {`A step of ${formatDuration(stepMs)} is drawn when it is over, and a line from the second one on: in ${rest} at most.`}
    </p>
  )
}

function knownIn({ values }: ChartFigures['series'][number]): number {
  return values.filter((value) => value !== undefined).length
}

type Source = { history: History; detail: Pick<DeploymentDetail, 'deployment' | 'wiring'>; window: HistoryWindow }

/** Records, memory and how busy the components are; which of more than five are drawn is their order in the flow. */
export function deploymentCharts(source: Source): ChartFigures[] {
  const { history, detail, window } = source
  const ends = endsOf(detail.wiring)
  const sum = (names: Iterable<readonly [string, HistoryCount]>) =>
    added([...names].map(([name, count]) => valuesOf(source, name, count)))
  const compared = detail.wiring.slice(0, COMPARED_MAX).map(({ name }) => name)
  return [
    {
      ...{ ...stepsOf(window), id: 'records', title: 'Records', unit: 'rate' },
      series: [
        { name: 'in', values: perSecond(sum(ends.in), window) },
        { name: 'out', values: perSecond(sum([...ends.out].map((name) => [name, 'messagesOut'] as const)), window) },
        {
          name: 'refused',
          values: perSecond(sum(detail.wiring.map(({ name }) => [name, 'refused'] as const)), window),
        },
      ],
    },
    {
      ...{ ...stepsOf(window), id: 'memory', title: 'Memory of its worker', unit: 'bytes' },
      series: [{ name: 'memory', values: history.memory(detail.deployment, window) }],
    },
    {
      ...{ ...stepsOf(window), id: 'components', title: 'Records out, by component', unit: 'rate' },
      series: compared.map((name) => ({ name, values: perSecond(valuesOf(source, name, 'messagesOut'), window) })),
    },
    {
      ...{ ...stepsOf(window), id: 'busy', title: 'Time at work, by component', unit: 'percent' },
      series: compared.map((name) => ({ name, values: busy(valuesOf(source, name, 'executionMs'), window) })),
    },
  ]
}

/** The same of one component. */
export function componentCharts(source: Source, name: string): ChartFigures[] {
  const { window } = source
  const rate = (count: HistoryCount) => perSecond(valuesOf(source, name, count), window)
  const steps = stepsOf(window)
  return [
    {
      ...{ ...steps, id: 'records', title: 'Records', unit: 'rate' },
      series: [
        { name: 'in', values: rate('messagesIn') },
        { name: 'out', values: rate('messagesOut') },
      ],
    },
    {
      ...{ ...steps, id: 'bytes', title: 'Bytes out', unit: 'byterate' },
      series: [{ name: 'out', values: rate('bytesOut') }],
    },
    {
      ...{ ...steps, id: 'trouble', title: 'Refused and errors', unit: 'rate' },
      series: [
        { name: 'refused', values: rate('refused') },
        { name: 'errors', values: rate('errors') },
      ],
    },
    {
      ...{ ...steps, id: 'busy', title: 'Time at work', unit: 'percent' },
      series: [{ name, values: busy(valuesOf(source, name, 'executionMs'), window) }],
    },
  ]
}

function stepsOf({ fromMs, stepMs }: HistoryWindow): Pick<ChartFigures, 'fromMs' | 'stepMs'> {
  return { fromMs, stepMs }
}

type Values = (number | undefined)[]

function valuesOf({ history, detail, window }: Source, name: string, count: HistoryCount): Values {
  return history.component(detail.deployment, name, count, window)
}

function added(rows: readonly Values[]): Values {
  const [first = [], ...others] = rows
  return others.reduce<Values>(
    (sum, row) => sum.map((value, i) => (value === undefined ? row[i] : value + (row[i] ?? 0))),
    first,
  )
}

function perSecond(values: Values, { stepMs }: HistoryWindow): Values {
  return values.map((value) => value && Math.round((value * 10_000) / stepMs) / 10)
}

/** How much of a step somebody was at work, in percent. A sink may write several batches at once: that is all of the time, not more. */
function busy(values: Values, { stepMs }: HistoryWindow): Values {
  return values.map((value) => value && Math.min(100, Math.round((value * 1_000) / stepMs) / 10))
}
