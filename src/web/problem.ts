/** The one translation of failures to HTTP: RFC 9457 problem details, with the stable code and what to do. */
import { AppError, type ErrorKind } from '../base/mod.ts'
import { type FieldError, RequestInvalid } from './errors.ts'

/** RFC 9457 members, and ours: `code` is stable, `advice` says what to do, `requestId` finds the line in the log. */
export type Problem = {
  type: string
  title: string
  status: number
  detail: string
  code: string
  advice?: string
  requestId?: string
  /** Seconds until trying again makes sense; also sent as `Retry-After`. */
  retryAfter?: number
  fields?: readonly FieldError[]
}

const STATUS: Record<ErrorKind, number> = {
  invalid: 400,
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  conflict: 409,
  limit: 429,
  unavailable: 503,
  internal: 500,
}

const TITLE: Record<ErrorKind, string> = {
  invalid: 'The request is not valid',
  unauthenticated: 'Signing in is needed',
  forbidden: 'This is not allowed',
  not_found: 'Not found',
  conflict: 'It does not fit what is there now',
  limit: 'A limit was reached',
  unavailable: 'Not available now',
  internal: 'Something failed on our side',
}

/** What is no session can still be another thing than signing in. */
const TITLE_OF_CODE: Readonly<Record<string, string>> = {
  'account.link_refused': 'This link does not work',
  'audit.outcome_untold': 'It is done, but the audit trail does not say so',
  'upload_token.refused': 'An upload token is needed',
}

/** Faults of ours with words of our own alone, which whoever asked has to know: their act is done. */
const TOLD_FAULTS: ReadonlySet<string> = new Set(['audit.outcome_untold'])

/** Codes for which HTTP has a more exact status than their kind. */
const STATUS_OF_CODE: Readonly<Record<string, number>> = {
  'request.too_large': 413,
  'library.too_large': 413,
  'upload.too_large': 413,
  'upload.tus_version': 412,
  'request.media_type': 415,
  'request.invalid': 422,
  'request.not_confirmed': 422,
}

/**
 * The problem that describes a failure. What Sluice did not name, and faults of its own, become
 * `internal.unexpected` or their code alone: their messages may hold content and stay in the log.
 */
export function problemOf(error: unknown, requestId?: string): Problem {
  const named = error instanceof AppError ? error : undefined
  const kind = named?.kind ?? 'internal'
  const code = named?.code ?? 'internal.unexpected'
  const shown = named !== undefined && (kind !== 'internal' || TOLD_FAULTS.has(code))
  const retryAfterMs = retryAfterOf(error)
  return {
    type: `urn:sluice:problem:${code}`,
    title: TITLE_OF_CODE[code] ?? TITLE[kind],
    status: STATUS_OF_CODE[code] ?? STATUS[kind],
    detail: shown ? named.message : 'The cause is in the log of this process, under the request id.',
    code,
    ...(named?.advice !== undefined && { advice: named.advice }),
    ...(requestId !== undefined && { requestId }),
    ...(retryAfterMs !== undefined && { retryAfter: Math.max(1, Math.ceil(retryAfterMs / 1_000)) }),
    ...(error instanceof RequestInvalid && { fields: error.fields }),
  }
}

/** The same as a response: `application/problem+json`, never cached. */
export function problem(error: unknown, requestId?: string): Response {
  return problemResponse(problemOf(error, requestId))
}

/** A problem that is at hand already, as a response. */
export function problemResponse(body: Problem): Response {
  const headers = new Headers({ 'content-type': 'application/problem+json', 'cache-control': 'no-store' })
  if (body.retryAfter !== undefined) headers.set('retry-after', String(body.retryAfter))
  if (body.status === 401) headers.set('www-authenticate', 'Bearer realm="sluice"')
  return new Response(JSON.stringify(body), { status: body.status, headers })
}

/** Errors that know when trying again makes sense carry `retryAfterMs`. */
function retryAfterOf(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || !('retryAfterMs' in error)) return undefined
  return typeof error.retryAfterMs === 'number' ? error.retryAfterMs : undefined
}
