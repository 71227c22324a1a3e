/** The Platform's whole application: health, assets, and the way to each tenant's own. */
import { Hono } from 'hono'
import type { Peer } from '../../host/mod.ts'
import { assetRoutes, type RequestIdVariables } from '../../web/mod.ts'
import { type FrameDeps, frame } from './frame.tsx'
import { strangerApp, type TenantEnv } from './tenant-app.ts'

export type Serve = (request: Request, peer: Peer) => Response | Promise<Response>

const TENANT = /^\/t\/([^/]{1,64})(?:\/|$)/

/** `appOf` gives the application of a tenant, `undefined` for an address that is no tenant's. */
export function rootApp(deps: FrameDeps, appOf: (tenant: string) => Hono<TenantEnv> | undefined): Serve {
  const root = frame(new Hono<{ Variables: RequestIdVariables }>(), { ...deps, home: '/' })
  root.get('/healthz', (c) => c.json({ ok: true }))
  root.route('/', assetRoutes())
  return (request, peer) => {
    const tenant = TENANT.exec(new URL(request.url).pathname)?.[1]
    if (tenant === undefined) return root.fetch(request)
    return (appOf(tenant) ?? strangerApp(deps, tenant)).fetch(request, { peer })
  }
}
