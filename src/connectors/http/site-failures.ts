/** What an answer of a site that is no success means, by name; and for how long the site asked to be left alone. */
import { AppError, type Bytes, backoffMs, codeOf, fromUtf8, printable, type Random } from '../../base/mod.ts'
import { SiteFailed, SiteForbade, SiteHasNot, SiteRefused, SiteRefusedCredential, SiteThrottled } from '../errors.ts'
import { isThrottled, throttledMs } from './throttling.ts'

const BACKOFF = { firstMs: 1_000, longestMs: 60_000 }
const SAID_LENGTH_MAX = 200

type Answered = { status: number; headers: Record<string, string>; body: Bytes }

/** How long the site asked to be left alone, by the failure that says so. */
const waits = new WeakMap<Error, number | undefined>()

/** The failure to throw. `nowMs`: by our clock, where the site does not tell its own. */
export function failureOf(host: string, answer: Answered, nowMs: number): AppError {
  const { status, headers } = answer
  const failure = failureBy(host, answer)
  if (failure instanceof SiteThrottled || status >= 500) waits.set(failure, throttledMs(status, headers, nowMs))
  return failure
}

function failureBy(host: string, { status, headers, body }: Answered): AppError {
  const words = saidBy(body)
  const said = `${host} answered ${status}${words}`
  if (isThrottled(status, headers, words)) return new SiteThrottled(said)
  if (status >= 500) return new SiteFailed(said)
  if (status === 401) return new SiteRefusedCredential(said)
  if (status === 403) return new SiteForbade(said)
  if (status === 404 || status === 410) return new SiteHasNot(said)
  return new SiteRefused(said)
}

/** The first sentence that a JSON answer has for people. */
function saidBy(body: Bytes): string {
  try {
    const { errorMessages, errors, message, error } = JSON.parse(fromUtf8(body))
    const [first] = [errorMessages, errors].flatMap((list) => (Array.isArray(list) ? list : []))
    const said = first?.detail ?? first?.message ?? first ?? message ?? error?.message ?? error
    return typeof said === 'string' && said !== '' ? `: ${printable(said).slice(0, SAID_LENGTH_MAX)}` : ''
  } catch {
    return ''
  }
}

/** What may pass: throttling, faults of the site, connections that broke, an answer that was cut in its middle. */
const PASSING = new Set([
  ...['connector.throttled', 'connector.site_failed', 'connector.answer_broken', 'host.unreachable', 'host.timeout'],
])

/** Milliseconds before the next try, or `undefined` for what another one does not mend. */
export function waitBefore(error: unknown, attempt: number, random: Random): number | undefined {
  if (!PASSING.has(codeOf(error))) return undefined
  const asked = error instanceof AppError ? waits.get(error) : undefined
  return asked ?? backoffMs(attempt, BACKOFF, random)
}
