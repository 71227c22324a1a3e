/** Charts of a page: one range of time for all, each with its unit, and the same figures as a table, from which scripts draw them. */
import type { Child } from 'hono/jsx'
import { Unreachable } from '../base/mod.ts'
import { formatBytes, formatCount, formatDuration, formatRate, grouped } from './format.ts'
import { Region, type Regions } from './region.tsx'
import type { View } from './view.ts'

/** More lines than this cannot be told apart. */
export const CHART_SERIES_MAX = 5
/** 240 × (45 B + 5 × 20 B) = 35 kB of HTML for a chart at its largest; 4 of two series each stay under 90 kB. */
export const CHART_VALUES_MAX = 240

export type ChartUnit = 'count' | 'rate' | 'bytes' | 'byterate' | 'ms' | 'percent'

/** Values at regular steps: value `i` is that of the step beginning at `fromMs + i × stepMs`; `undefined` where nothing is known. */
export type ChartFigures = {
  /** Unique on the page. */
  id: string
  title: string
  unit: ChartUnit
  fromMs: number
  stepMs: number
  /** Of the times, where it is not UTC; they are then what its clocks show, said as if they were of UTC. */
  zone?: string
  series: readonly { name: string; values: readonly (number | undefined)[] }[]
}

/** A range of time that a page offers: the word of its address, and what its link says. */
export type ChartRange = { word: string; label: string }

export type ChartsProps = {
  /** Address of the page, for the links to other ranges. */
  path: string
  /** The word of the range that is shown. */
  range: string
  ranges: readonly ChartRange[]
  /** Other words of the address that the links keep. */
  keep?: Readonly<Record<string, string>>
  charts: readonly ChartFigures[]
  title?: string
  children?: Child
}

/** All charts of a page under one choice of time. The page's `Layout` needs `charts`. */
export function Charts(props: ChartsProps): View {
  return (
    <section class="charts" aria-labelledby="charts-title" data-charts>
      <div class="listing-head">
        <h2 id="charts-title">{props.title ?? 'Figures'}</h2>
        <button type="button" class="button quiet small" data-zoom-out hidden>
          Whole range
        </button>
        <nav class="ranges" aria-label="Time range">
          {props.ranges.map(({ word, label }) => (
            <a
              href={`${props.path}?${new URLSearchParams({ ...props.keep, range: word })}`}
              aria-current={word === props.range ? 'true' : undefined}
            >
              {label}
            </a>
          ))}
        </nav>
      </div>
      <div class="chart-grid">
        {props.charts.map((chart) => (
          <Chart {...chart} />
        ))}
      </div>
      {props.children}
    </section>
  )
}

/** The tables that charts are drawn from, by the id of their element: what a live stream sends to move the charts on. */
export function chartRegions(charts: readonly ChartFigures[]): Regions {
  return Object.fromEntries(charts.map((chart) => [`${chart.id}-figures`, <ChartTable {...chart} />]))
}

function Chart(props: ChartFigures): View {
  if (props.series.length > CHART_SERIES_MAX) throw new Unreachable(`a chart of ${props.series.length} series`)
  return (
    <figure class="card chart" data-chart={props.unit} aria-labelledby={`${props.id}-caption`}>
      <figcaption id={`${props.id}-caption`}>
        <b>{props.title}</b>
        <span class="readout" aria-hidden="true"></span>
        <button type="button" class="button quiet small" data-png hidden aria-label={`PNG of ${props.title}`}>
          PNG
        </button>
      </figcaption>
      <div class="plot" aria-hidden="true"></div>
      <details>
        <summary>As a table</summary>
        <Region id={`${props.id}-figures`} class="scroll">
          <ChartTable {...props} />
        </Region>
      </details>
    </figure>
  )
}

/** Newest last, as in the drawing; cells are exact. Scripts read the beginning and the step from the table itself. */
function ChartTable(props: ChartFigures): View {
  const rows = Math.min(CHART_VALUES_MAX, Math.max(0, ...props.series.map(({ values }) => values.length)))
  return (
    <table
      class="figures"
      aria-label={props.title}
      data-from={props.fromMs}
      data-step={props.stepMs}
      data-zone={props.zone}
    >
      <thead>
        <tr>
          <th scope="col">Time ({props.zone ?? 'UTC'})</th>
          {props.series.map(({ name }) => (
            <th scope="col" class="num">
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {Array.from({ length: rows }, (_, i) => (
          <tr>
            <th scope="row">{timeOf(props, i)}</th>
            {props.series.map(({ values }) => (
              <td title={titleOf(values[i], props.unit)}>{cellOf(values[i])}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function timeOf({ fromMs, stepMs }: ChartFigures, i: number): string {
  const text = new Date(fromMs + i * stepMs).toISOString()
  return stepMs < 60_000 ? text.slice(11, 19) : `${text.slice(5, 10)} ${text.slice(11, 16)}`
}

function cellOf(value: number | undefined): string {
  if (value === undefined) return '–'
  return Number.isInteger(value) ? grouped(value) : value.toFixed(2)
}

/** Only what is longer than a person reads at a glance is told once more in its unit. */
function titleOf(value: number | undefined, unit: ChartUnit): string | undefined {
  return value === undefined || value < 10_000 ? undefined : formatFigure(value, unit)
}

/** A figure of a chart with its unit, as the tile above it would say it. */
export function formatFigure(value: number, unit: ChartUnit): string {
  if (unit === 'bytes') return formatBytes(value)
  if (unit === 'byterate') return `${formatBytes(value)}/s`
  if (unit === 'rate') return formatRate(value)
  if (unit === 'ms') return formatDuration(value)
  return unit === 'percent' ? `${Number(value.toFixed(1))} %` : formatCount(value)
}
