import { afterEach, beforeEach, expect, setDefaultTimeout, test } from 'bun:test'
import { type Clock, logOf, systemRandom } from '../../../src/base/mod.ts'
import { openRuntimeCertificates } from '../../../src/runtime/certificates.ts'
import { metricFamilies } from '../../../src/runtime/metric-families.ts'
import { POST_TIMEOUT_MS } from '../../../src/runtime/telemetry/collector.ts'
import {
  METRICS_INTERVAL_MS,
  SPANS_QUEUED_MAX,
  SPANS_SENT_MAX,
  Telemetry,
  TRACES_INTERVAL_MS,
} from '../../../src/runtime/telemetry/telemetry.ts'
import type { MetricFamily } from '../../../src/server/mod.ts'
import type { Assignment, BatchSpan } from '../../../src/wire/mod.ts'
import { ManualClock } from '../../support/bridge/manual-clock.ts'
import { memoryFolder } from '../../support/folder.ts'
import { attributesIn, type CollectorDouble, collectorDouble } from '../../support/runtime/collector-double.ts'
import { copyFlow } from '../../support/runtime/copy-flow.ts'
import { managementHost } from '../../support/runtime/management-host.ts'
import { runtimeConfig } from '../../support/runtime/running.ts'
import { until } from '../../support/until.ts'

// Sockets on a machine that others use as well.
setDefaultTimeout(30_000)

const ASSIGNMENT: Assignment = copyFlow()
const NO_FIGURES = async (): Promise<MetricFamily[]> => []

/** Its time is the test's, that of the sockets is real: what is under way is never late, and does not count among those who sleep. */
class PatientClock extends ManualClock {
  override sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return ms === POST_TIMEOUT_MS ? new Promise(() => undefined) : super.sleep(ms, signal)
  }
}

let collector: CollectorDouble
let clock: PatientClock
let stopping: AbortController
beforeEach(async () => {
  collector = await collectorDouble()
  clock = new PatientClock()
  stopping = new AbortController()
})
afterEach(async () => {
  stopping.abort()
  await collector[Symbol.asyncDispose]()
})

function telemetry(changes: { endpoint?: string; traceOneIn?: number | undefined; clock?: Clock } = {}): Telemetry {
  const target = {
    ...{ endpoint: changes.endpoint ?? collector.url, headers: { 'x-api-key': 'canary-key' }, ca: [collector.ca] },
    traceOneIn: 'traceOneIn' in changes ? changes.traceOneIn : 1,
  }
  return new Telemetry({ target, name: 'factory-01', clock, random: systemRandom, log: logOf('test') })
}

function run(told: Telemetry, families = NO_FIGURES): Promise<void> {
  return told.run({ families, signal: stopping.signal })
}

let spans = 0
function span(changes: Partial<BatchSpan> = {}): BatchSpan {
  const id = (++spans).toString(16)
  return {
    ...{ trace: `1${id.padStart(31, '0')}`, span: `2${id.padStart(15, '0')}`, step: 'batch', component: 'orders' },
    ...{ startMs: clock.now() + 0.25, durationMs: 1.5, records: 10, bytes: 200 },
    ...changes,
  }
}

/** Time goes on in steps until it holds; what is asked over a socket meanwhile gets its answer. */
async function passingUntil(what: string, stepMs: number, holds: () => boolean): Promise<void> {
  await until(what, async () => {
    if (holds()) return true
    clock.advance(stepMs)
    return false
  })
}

function figure(told: Telemetry, name: string, signal: string): number | undefined {
  const family = told.families().find((one) => one.name === name)
  return family?.samples.find(({ labels }) => labels?.['signal'] === signal)?.value
}

test('the figures of /metrics arrive once a minute under their names: counters as cumulative sums, all else as gauges', async () => {
  await using host = await managementHost()
  const owner = await host.tokenFor('owner')
  const { token } = (await host.ask('POST', '/v1/metrics-token', { token: owner })).body
  const told = telemetry()
  using folder = memoryFolder()
  const config = await runtimeConfig(folder.path)
  const certificates = await openRuntimeCertificates({ ...host, config, clock, closing: stopping.signal })
  const running = run(told, () => metricFamilies({ ...host.station, certificates, clock, telemetry: told }))
  clock.advance(METRICS_INTERVAL_MS - 1)
  expect(collector.asked).toEqual([])
  clock.advance(1)
  await until('figures arrived', () => collector.metrics().length > 0)
  const scraped = (await host.ask('GET', '/metrics', { token })).text
  const names = [...scraped.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => [name, type])
  const got = new Map(collector.metrics().map((metric) => [metric.name, metric]))
  for (const [name = '', type] of names)
    expect([name, 'sum' in (got.get(name) ?? {})]).toEqual([name, type === 'counter'])
  expect(got.has('sluice_otlp_dropped_total')).toBe(true)
  expect(got.get('sluice_disk_size_bytes')).toMatchObject({ unit: 'By' })
  expect(collector.asked[0]?.headers.get('x-api-key')).toBe('canary-key')
  expect(collector.asked[0]?.text).toContain('"service.instance.id","value":{"stringValue":"factory-01"}')
  stopping.abort()
  await running
})

test('a counter keeps its start; one that fell has begun anew after the last message', async () => {
  let value = 5
  const counter = async (): Promise<MetricFamily[]> => [
    { name: 'sluice_x_total', help: 'x', type: 'counter', samples: [{ labels: { deployment: 'dep_1' }, value }] },
    { name: 'sluice_nan', help: 'x', type: 'gauge', samples: [{ value: Number.NaN }] },
  ]
  const startedMs = clock.now()
  const told = telemetry()
  void run(told, counter)
  const points: unknown[] = []
  for (value of [5, 7, 2]) {
    const before = collector.asked.length
    clock.advance(METRICS_INTERVAL_MS)
    await until('it arrived', () => collector.asked.length > before && clock.sleeping === 2)
    const [metric] = collector.metrics()
    const [point] = metric && 'sum' in metric ? metric.sum.dataPoints : []
    points.push([
      Number(point?.startTimeUnixNano) / 1e6 - startedMs,
      Number(point?.timeUnixNano) / 1e6 - startedMs,
      point?.asDouble,
    ])
  }
  expect(points).toEqual([
    [0, 60_000, 5],
    [0, 120_000, 7],
    [120_000, 180_000, 2],
  ])
  expect(collector.metrics().map(({ name }) => name)).toEqual(['sluice_x_total'])
  await until('they were counted', () => figure(told, 'sluice_otlp_sent_total', 'metrics') === 3)
})

test('spans arrive with what main knows of their component; what no assignment names is not told, and counted', async () => {
  const told = telemetry()
  void run(told)
  const parent = span()
  const child = span({
    trace: parent.trace,
    parent: parent.span,
    step: 'write',
    component: 'warehouse',
    failure: 'store.full',
  })
  told.tookSpans(ASSIGNMENT, { spans: [parent, child, span({ component: 'canary-from-code' })], dropped: 2 })
  clock.advance(TRACES_INTERVAL_MS)
  await until('spans arrived', () => collector.spans().length > 0)
  const [batch, write] = collector.spans()
  expect(batch).toMatchObject({
    traceId: parent.trace,
    spanId: parent.span,
    name: 'batch csv_file',
    kind: 1,
    status: {},
  })
  expect(batch?.parentSpanId).toBeUndefined()
  expect(Number(batch?.endTimeUnixNano) - Number(batch?.startTimeUnixNano)).toBeCloseTo(1_500_000, -3)
  expect(attributesIn(batch?.attributes ?? [])).toEqual({
    ...{ 'sluice.deployment': ASSIGNMENT.deployment, 'sluice.version': 1 },
    ...{ 'sluice.component': 'orders', 'sluice.component.type': 'csv_file' },
    ...{ 'sluice.records': 10, 'sluice.bytes': 200, 'sluice.outcome': 'ok' },
  })
  expect(write).toMatchObject({
    parentSpanId: parent.span,
    name: 'write libsql_table',
    status: { code: 2, message: 'store.full' },
  })
  expect(collector.asked.map(({ text }) => text).join()).not.toContain('canary-from-code')
  expect(figure(told, 'sluice_otlp_dropped_total', 'traces')).toBe(3)
})

test('the spans of a bridge are called by its direction, and the far side is not followed', async () => {
  const told = telemetry()
  void run(told)
  const bridge = 'br_019b2f8e-0000-7000-8000-000000000001'
  const bridged = { ...ASSIGNMENT, bridges: [{ bridge, direction: 'out', from: 'orders' }] } as unknown as Assignment
  told.tookSpans(bridged, { spans: [span({ step: 'send', component: bridge })], dropped: 0 })
  clock.advance(TRACES_INTERVAL_MS)
  await until('a span arrived', () => collector.spans()[0])
  expect(collector.spans()[0]).toMatchObject({ name: 'send bridge_out', kind: 3 })
})

test('a collector that is away delays nothing: spans beyond the bound are dropped and counted, the rest arrive when it is back', async () => {
  collector.answer = () => new Response(null, { status: 503 })
  const told = telemetry()
  void run(told)
  told.tookSpans(ASSIGNMENT, { spans: Array.from({ length: SPANS_QUEUED_MAX }, () => span()), dropped: 0 })
  expect(figure(told, 'sluice_otlp_dropped_total', 'traces')).toBe(0)
  told.tookSpans(ASSIGNMENT, { spans: [span()], dropped: 0 })
  expect(figure(told, 'sluice_otlp_dropped_total', 'traces')).toBe(1)
  await passingUntil('it was tried several times', 1_000, () => collector.asked.length >= 4)
  expect(told.about.failure).toBe('otlp.not_taken')
  collector.answer = undefined
  await passingUntil('all arrived', 1_000, () => collector.spans().length === SPANS_QUEUED_MAX)
  expect(new Set(collector.spans().map(({ spanId }) => spanId)).size).toBe(SPANS_QUEUED_MAX)
  await until('all were counted', () => figure(told, 'sluice_otlp_sent_total', 'traces') === SPANS_QUEUED_MAX)
  expect(told.about.failure).toBeUndefined()
  const most = Math.max(...collector.asked.map(({ text }) => text.split('"spanId"').length - 1))
  expect(most).toBe(SPANS_SENT_MAX)
})

test('it is left alone as long as it asks for, and waits grow', async () => {
  collector.answer = () => new Response(null, { status: 429, headers: { 'retry-after': '120' } })
  const told = telemetry()
  void run(told)
  told.tookSpans(ASSIGNMENT, { spans: [span()], dropped: 0 })
  clock.advance(TRACES_INTERVAL_MS)
  // The minute's figures wait as well as the spans.
  await until('it was asked and waits', () => collector.asked.length === 1 && clock.sleeping === 2)
  clock.advance(50_000)
  await until('it still waits', () => clock.sleeping === 2)
  expect(collector.asked.filter(({ path }) => path.endsWith('traces')).length).toBe(1)
  collector.answer = undefined
  await passingUntil('it arrived', 10_000, () => collector.spans().length === 1)
})

test('what is refused for good is dropped and counted, and so is what the collector says that it did not want', async () => {
  const told = telemetry()
  void run(told)
  const tell = async (dropped: number): Promise<void> => {
    told.tookSpans(ASSIGNMENT, { spans: [span(), span(), span()], dropped: 0 })
    await passingUntil('it was counted', 1_000, () => figure(told, 'sluice_otlp_dropped_total', 'traces') === dropped)
  }
  collector.answer = () => new Response(null, { status: 400 })
  await tell(3)
  collector.answer = () => new Response(null, { status: 307, headers: { location: 'https://elsewhere.example/' } })
  await tell(6)
  collector.answer = () => Response.json({ partialSuccess: { rejectedSpans: '2', errorMessage: 'no' } })
  await tell(8)
  expect(figure(told, 'sluice_otlp_sent_total', 'traces')).toBe(1)
})

test('with nobody listening, figures are given up when the next are due, and the end does not wait', async () => {
  const told = telemetry({ endpoint: 'https://127.0.0.1:9' })
  const figures = async (): Promise<MetricFamily[]> => [
    { name: 'x', help: 'x', type: 'gauge', samples: [{ value: 1 }] },
  ]
  const running = run(told, figures)
  await passingUntil('they were dropped', 5_000, () => (figure(told, 'sluice_otlp_dropped_total', 'metrics') ?? 0) >= 2)
  expect(told.about.failure).toBe('host.unreachable')
  stopping.abort()
  await running
})

test('without traces asked for, none are told', () => {
  expect(telemetry({ traceOneIn: undefined }).traceOneIn).toBeUndefined()
})
