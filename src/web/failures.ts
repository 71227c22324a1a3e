/** Where every failure of a route ends: a page for people, a problem for programs, and a line in the log for faults of ours. */
import type { Context, ErrorHandler, NotFoundHandler } from 'hono'
import { describeError, type Log } from '../base/mod.ts'
import { PageNotFound } from './errors.ts'
import { type Problem, problemOf, problemResponse } from './problem.ts'
import type { View } from './view.ts'
import { renderPage } from './view.ts'

export type FailureOptions = {
  log: Log
  /** The error page in the frame of its application; without it everything is answered as a problem. */
  page?: (problem: Problem, c: Context) => View
}

/** For `app.onError`: answers by what the client accepts. Server faults are logged with their request id; refusals at debug. */
export function onFailure(options: FailureOptions): ErrorHandler {
  return (error, c) => {
    const requestId: unknown = c.get('requestId')
    const described = problemOf(error, typeof requestId === 'string' ? requestId : undefined)
    const fields = { requestId: described.requestId, code: described.code, status: described.status }
    if (described.status >= 500) options.log.error('a request failed', { ...fields, error: describeError(error) })
    else options.log.debug('a request was refused', fields)
    return answer(described, c, options)
  }
}

/** For `app.notFound`: the same for an address that nothing has. */
export function onNotFound(options: FailureOptions): NotFoundHandler {
  return (c) => {
    const requestId: unknown = c.get('requestId')
    const error = new PageNotFound('nothing has this address')
    return answer(problemOf(error, typeof requestId === 'string' ? requestId : undefined), c, options)
  }
}

/** Whether the client is a person's browser asking for a page. */
export function wantsPage(request: Request): boolean {
  return (request.headers.get('accept') ?? '').includes('text/html')
}

async function answer(described: Problem, c: Context, options: FailureOptions): Promise<Response> {
  const plain = problemResponse(described)
  if (options.page === undefined || !wantsPage(c.req.raw)) return plain
  const headers = new Headers(plain.headers)
  headers.set('content-type', 'text/html; charset=utf-8')
  headers.delete('www-authenticate')
  return new Response(await renderPage(options.page(described, c)), { status: described.status, headers })
}
