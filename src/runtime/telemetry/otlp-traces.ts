/**
 * Followed batches as OTLP: a span for the batch at its source, and one beneath it for each transform, write and bridge that it came
 * to. A trace ends at the bridge: the far side is another owner's, who follows batches of his own or none.
 */
import type { Assignment, BatchSpan } from '../../wire/mod.ts'
import { attributesOf, nanosOf, resourceOf, SCOPE } from './otlp-json.ts'

/** SPAN_KIND_INTERNAL, and SPAN_KIND_CLIENT for what waits for another process. */
const KINDS = { batch: 1, transform: 1, write: 1, send: 3 } as const
/** STATUS_CODE_ERROR. */
const FAILED = 2

/** A span with what main itself knows of it. */
export type KnownSpan = { span: BatchSpan; deployment: string; version: number; type: string }

/** The spans of a worker that name what its assignment names; it runs customer code, and may tell no word of its own. */
export function knownSpans(
  { deployment, version, components, bridges }: Pick<Assignment, 'deployment' | 'version' | 'components' | 'bridges'>,
  spans: readonly BatchSpan[],
): KnownSpan[] {
  const types = new Map<string, string>(components.map(({ name, type }) => [name, type]))
  for (const { direction, from, bridge } of bridges) {
    if (direction === 'in') types.set(from, 'bridge_in')
    else types.set(bridge, 'bridge_out')
  }
  return spans.flatMap((span) => {
    const type = types.get(span.component)
    return type === undefined ? [] : [{ span, deployment, version, type }]
  })
}

/** An ExportTraceServiceRequest. */
export function traceMessage(name: string, spans: readonly KnownSpan[]): unknown {
  return {
    resourceSpans: [{ resource: resourceOf(name), scopeSpans: [{ scope: SCOPE, spans: spans.map(spanJson) }] }],
  }
}

function spanJson({ span, deployment, version, type }: KnownSpan) {
  const { trace, parent, step, component, startMs, durationMs, records, bytes, failure } = span
  return {
    ...{ traceId: trace, spanId: span.span, ...(parent !== undefined && { parentSpanId: parent }) },
    ...{ name: `${step} ${type}`, kind: KINDS[step] },
    ...{ startTimeUnixNano: nanosOf(startMs), endTimeUnixNano: nanosOf(startMs + durationMs) },
    attributes: attributesOf({
      ...{ 'sluice.deployment': deployment, 'sluice.version': version },
      ...{ 'sluice.component': component, 'sluice.component.type': type },
      ...{ 'sluice.records': records, 'sluice.bytes': bytes, 'sluice.outcome': failure ?? 'ok' },
    }),
    status: failure === undefined ? {} : { code: FAILED, message: failure },
  }
}
