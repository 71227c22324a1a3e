/** Refuses requests that another site made a browser send in its user's name (CSRF, login CSRF included). */
import type { MiddlewareHandler } from 'hono'
import { CrossSiteRefused } from './errors.ts'

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS'])

/**
 * For unsafe methods: `Sec-Fetch-Site` must be `same-origin` (or `none`: typed by the user), an `Origin` must be our own.
 * Without both headers a request passes only if it carries no cookie: then no browser lent it anyone's identity.
 * A bearer token is proof by itself, since no page can make a browser send one across sites. Refuses `request.cross_site`.
 */
export function refuseCrossSite(): MiddlewareHandler {
  return async (c, next) => {
    if (!SAFE.has(c.req.method) && !isOurs(c.req.raw)) {
      throw new CrossSiteRefused('the request does not come from a page of this address')
    }
    await next()
  }
}

function isOurs(request: Request): boolean {
  const { headers } = request
  if (/^bearer /i.test(headers.get('authorization') ?? '')) return true
  const site = headers.get('sec-fetch-site')
  const origin = headers.get('origin')
  if (site !== null && site !== 'same-origin' && site !== 'none') return false
  if (origin !== null) return isOwnOrigin(origin, headers.get('host') ?? new URL(request.url).host)
  return site !== null || !headers.has('cookie')
}

/** We speak HTTPS only, so `https:` and the host that the browser addressed make our origin. */
function isOwnOrigin(origin: string, host: string): boolean {
  return (
    URL.canParse(origin) &&
    new URL(origin).protocol === 'https:' &&
    new URL(origin).host === new URL(`https://${host}`).host
  )
}
