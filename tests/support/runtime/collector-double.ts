/**
 * A collector's double, from the published protocol: OTLP/HTTP with JSON. It takes what parses as opentelemetry-proto's JSON form
 * (strictly: an unknown field, a number where 64 bits are text, an id of the wrong length are 400), and may be told to answer otherwise.
 */
import * as v from 'valibot'
import { serveHttps } from '../../../src/host/mod.ts'
import { testAuthority } from '../certificates.ts'

const Nano = v.pipe(v.string(), v.regex(/^[1-9]\d{0,18}$/))
const Value = v.union([
  v.strictObject({ stringValue: v.string() }),
  v.strictObject({ intValue: v.pipe(v.string(), v.regex(/^-?\d+$/)) }),
])
const Attributes = v.array(v.strictObject({ key: v.pipe(v.string(), v.minLength(1)), value: Value }))
const Resource = v.strictObject({ attributes: Attributes })
const Scope = v.strictObject({ name: v.string(), version: v.string() })

const gaugePoint = { attributes: Attributes, timeUnixNano: Nano, asDouble: v.pipe(v.number(), v.finite()) }
const About = { name: v.string(), description: v.string(), unit: v.string() }
const Metric = v.union([
  v.strictObject({ ...About, gauge: v.strictObject({ dataPoints: v.array(v.strictObject(gaugePoint)) }) }),
  v.strictObject({
    ...About,
    sum: v.strictObject({
      aggregationTemporality: v.literal(2),
      isMonotonic: v.literal(true),
      dataPoints: v.array(v.strictObject({ startTimeUnixNano: Nano, ...gaugePoint })),
    }),
  }),
])
export const MetricsRequest = v.strictObject({
  resourceMetrics: v.array(
    v.strictObject({
      resource: Resource,
      scopeMetrics: v.array(v.strictObject({ scope: Scope, metrics: v.array(Metric) })),
    }),
  ),
})

const SpanId = v.pipe(v.string(), v.regex(/^(?!0{16})[0-9a-f]{16}$/))
const Span = v.strictObject({
  traceId: v.pipe(v.string(), v.regex(/^(?!0{32})[0-9a-f]{32}$/)),
  spanId: SpanId,
  parentSpanId: v.optional(SpanId),
  name: v.string(),
  kind: v.picklist([1, 2, 3, 4, 5]),
  startTimeUnixNano: Nano,
  endTimeUnixNano: Nano,
  attributes: Attributes,
  status: v.strictObject({ code: v.optional(v.picklist([1, 2])), message: v.optional(v.string()) }),
})
export const TraceRequest = v.strictObject({
  resourceSpans: v.array(
    v.strictObject({ resource: Resource, scopeSpans: v.array(v.strictObject({ scope: Scope, spans: v.array(Span) })) }),
  ),
})
export type CollectedSpan = v.InferOutput<typeof Span>
export type CollectedMetric = v.InferOutput<typeof Metric>

export type CollectorDouble = AsyncDisposable & {
  url: string
  ca: string
  /** Every request, whether it was taken or not. */
  asked: { path: string; headers: Headers; status: number; text: string }[]
  /** What it answers next, if not what it should. */
  answer: (() => Response | Promise<Response>) | undefined
  spans(): CollectedSpan[]
  /** Of the newest message. */
  metrics(): CollectedMetric[]
}

export async function collectorDouble(): Promise<CollectorDouble> {
  const authority = await testAuthority('collector')
  const asked: CollectorDouble['asked'] = []
  const spans: CollectedSpan[] = []
  let metrics: CollectedMetric[] = []
  function take(path: string, json: unknown): number {
    if (path === '/base/v1/metrics') {
      const read = v.safeParse(MetricsRequest, json)
      if (!read.success) return 400
      metrics = read.output.resourceMetrics.flatMap((one) => one.scopeMetrics.flatMap((scope) => scope.metrics))
      return 200
    }
    const read = v.safeParse(TraceRequest, json)
    if (path !== '/base/v1/traces' || !read.success) return path === '/base/v1/traces' ? 400 : 404
    spans.push(...read.output.resourceSpans.flatMap((one) => one.scopeSpans.flatMap((scope) => scope.spans)))
    return 200
  }
  const double: Pick<CollectorDouble, 'answer'> = { answer: undefined }
  const server = await serveHttps({
    ...{ hostname: '127.0.0.1', port: 0, tls: await authority.issue({ ip: ['127.0.0.1'] }) },
    async fetch(request) {
      const { pathname: path } = new URL(request.url)
      const { headers } = request
      const text = await request.text()
      const isJson = headers.get('content-type') === 'application/json' && request.method === 'POST'
      const otherwise = await double.answer?.()
      const status = otherwise?.status ?? (isJson ? take(path, JSON.parse(text)) : 415)
      asked.push({ path, headers, status, text })
      return otherwise ?? Response.json(status === 200 ? { partialSuccess: {} } : {}, { status })
    },
  })
  return Object.assign(double, {
    ...{ url: `https://127.0.0.1:${server.port}/base`, ca: authority.certificatePem, asked },
    spans: () => spans,
    metrics: () => metrics,
    [Symbol.asyncDispose]: () => server.close(),
  })
}

/** Attributes as an object; whole numbers as numbers. */
export function attributesIn(attributes: CollectedSpan['attributes']): Record<string, string | number> {
  return Object.fromEntries(
    attributes.map(({ key, value }) => [key, 'intValue' in value ? Number(value.intValue) : value.stringValue]),
  )
}
