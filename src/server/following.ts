/** Lists of the API that can be followed: with `Accept: text/event-stream` the answer goes on with each entry as it comes. */
import type { Context } from 'hono'

/**
 * `undefined` for a client that asks for JSON. `after`: the number of the entry behind which the stream begins: what a reader that
 * comes back has (`Last-Event-ID`), or else what the query says.
 */
export function followedFrom(c: Context, after: number | undefined): { after: number | undefined } | undefined {
  if (!/\btext\/event-stream\b/.test(c.req.header('accept') ?? '')) return undefined
  const last = c.req.header('last-event-id') ?? ''
  return { after: /^\d{1,15}$/.test(last) ? Number(last) : after }
}
