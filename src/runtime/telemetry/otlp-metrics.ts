/** The figures of `/metrics` as OTLP: counters as cumulative, monotonic sums, all else as gauges, under the same names. */
import type { MetricFamily, MetricSample } from '../../server/mod.ts'
import { attributesOf, nanosOf, resourceOf, SCOPE } from './otlp-json.ts'

/** AGGREGATION_TEMPORALITY_CUMULATIVE. */
const CUMULATIVE = 2

/** When a counter began: a deployment's next version counts from 0. */
type Series = { startMs: number; value: number }

export class OtlpMetrics {
  readonly #name: string
  readonly #startedMs: number
  #lastMs: number
  /** Those of the last message: series that ended are forgotten. 2,048 items × 8 counters × ≈ 200 B ≈ 3 MiB at most. */
  #series = new Map<string, Series>()

  /** `name`: the Runtime's; `startedMs`: when the process began to count. */
  constructor(name: string, startedMs: number) {
    this.#name = name
    this.#startedMs = startedMs
    this.#lastMs = startedMs
  }

  /** An ExportMetricsServiceRequest, and how many points it has. What is no number is left out: JSON has no word for it. */
  message(families: readonly MetricFamily[], nowMs: number): { body: unknown; points: number } {
    const known = new Map<string, Series>()
    let points = 0
    const metrics = families.flatMap((family) => {
      const samples = family.samples.filter(({ value }) => Number.isFinite(value))
      points += samples.length
      return samples.length === 0 ? [] : [this.#metric(family, samples, nowMs, known)]
    })
    this.#series = known
    this.#lastMs = nowMs
    const body = {
      resourceMetrics: [{ resource: resourceOf(this.#name), scopeMetrics: [{ scope: SCOPE, metrics }] }],
    }
    return { body, points }
  }

  #metric(
    { name, help, type }: MetricFamily,
    samples: readonly MetricSample[],
    nowMs: number,
    known: Map<string, Series>,
  ) {
    const about = { name, description: help, unit: unitOf(name) }
    const point = ({ labels = {}, value }: MetricSample) => ({
      attributes: attributesOf(labels),
      timeUnixNano: nanosOf(nowMs),
      asDouble: value,
    })
    if (type === 'gauge') return { ...about, gauge: { dataPoints: samples.map(point) } }
    const dataPoints = samples.map((sample) => ({
      startTimeUnixNano: nanosOf(this.#startOf(name, sample, known)),
      ...point(sample),
    }))
    return { ...about, sum: { aggregationTemporality: CUMULATIVE, isMonotonic: true, dataPoints } }
  }

  /** A value that fell began anew after the last message. */
  #startOf(name: string, { labels, value }: MetricSample, known: Map<string, Series>): number {
    const id = `${name} ${JSON.stringify(labels)}`
    const before = this.#series.get(id)
    const startMs = before === undefined ? this.#startedMs : value < before.value ? this.#lastMs : before.startMs
    known.set(id, { startMs, value })
    return startMs
  }
}

/** UCUM, as OTLP has units. */
function unitOf(name: string): string {
  if (/_bytes(_|$)/.test(name)) return 'By'
  return /_seconds(_|$)/.test(name) ? 's' : '1'
}
