/** The collector as we talk to it: one message, one answer (OTLP/HTTP, JSON). */
import * as v from 'valibot'
import { type Bytes, type Clock, fromUtf8 } from '../../base/mod.ts'
import { postLoopback, requestHttps, retryAfterMs } from '../../host/mod.ts'
import { OtlpNotTaken } from '../errors.ts'
import type { OtlpTarget } from './target.ts'

export type Signal = 'metrics' | 'traces'

/** How long a message and its answer may take. */
export const POST_TIMEOUT_MS = 10_000
/** An answer has a count and a message at most; a longer one is not read. */
const ANSWER_BYTES_MAX = 65_536
/** OTLP/HTTP: these pass, every other failure stays (specification, "Retryable Response Codes"). */
const PASSING = new Set([429, 502, 503, 504])
/** However long a collector asks to be left alone. */
const RETRY_AFTER_MS_MAX = 300_000

const Rejected = v.optional(v.union([v.number(), v.pipe(v.string(), v.regex(/^\d{1,15}$/), v.transform(Number))]), 0)
const Answer = v.object({
  partialSuccess: v.optional(v.object({ rejectedSpans: Rejected, rejectedDataPoints: Rejected })),
})

export type PostDeps = { target: Pick<OtlpTarget, 'endpoint' | 'headers' | 'ca'>; clock: Clock; signal: AbortSignal }

/**
 * Sends it once; how many of its spans or points the collector did not want. Refuses `otlp.not_taken`, and what `requestHttps` fails
 * with. No redirect is followed: the headers are meant for that one address.
 */
export async function post({ target, clock, signal }: PostDeps, what: Signal, message: unknown): Promise<number> {
  const url = `${target.endpoint}/v1/${what}`
  const sent = {
    headers: { ...target.headers, 'content-type': 'application/json' },
    body: JSON.stringify(message),
    ...{ timeoutMs: POST_TIMEOUT_MS, bytesMax: ANSWER_BYTES_MAX, clock, signal },
  }
  const { status, headers, body } = await (url.startsWith('https:')
    ? requestHttps(url, { method: 'POST', ca: target.ca, systemRoots: true, ...sent })
    : postLoopback(url, sent))
  if (status >= 200 && status <= 299) return rejectedOf(body)
  throw new OtlpNotTaken(`the collector answered with status ${status}`, {
    final: !PASSING.has(status),
    retryAfterMs: Math.min(RETRY_AFTER_MS_MAX, retryAfterMs(headers, clock.now()) ?? 0),
  })
}

/** An answer that does not parse has taken all: the status says so. */
function rejectedOf(body: Bytes): number {
  try {
    const { partialSuccess } = v.parse(Answer, JSON.parse(fromUtf8(body)))
    return (partialSuccess?.rejectedSpans ?? 0) + (partialSuccess?.rejectedDataPoints ?? 0)
  } catch {
    return 0
  }
}
