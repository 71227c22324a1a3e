/** Names every request, so that an error page and a line of the log can be matched. */
import type { MiddlewareHandler } from 'hono'
import { type Clock, newId, type Random } from '../base/mod.ts'

export type RequestIdVariables = { requestId: string }

/** Sets `c.var.requestId` and the header `X-Request-Id`. An id that the client sends is not taken: it could forge a log. */
export function requestIds(deps: { clock: Clock; random: Random }): MiddlewareHandler<{
  Variables: RequestIdVariables
}> {
  return async (c, next) => {
    const id = newId('req', deps.clock, deps.random)
    c.set('requestId', id)
    await next()
    c.header('X-Request-Id', id)
  }
}
