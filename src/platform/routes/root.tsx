/** The Platform's whole application: health, assets, and the way to each tenant's own. */
import { Hono } from 'hono'
import type { Peer } from '../../host/mod.ts'
import { healthRoutes } from '../../server/mod.ts'
import { assetRoutes, PlainLayout, type RequestIdVariables, renderPage } from '../../web/mod.ts'
import { type FrameDeps, platformFrame } from './frame.ts'
import { strangerApp, type TenantEnv } from './tenant-app.ts'

export type Serve = (request: Request, peer: Peer) => Response | Promise<Response>
export type RootDeps = FrameDeps & {
  /** What it still waits for, in words that strangers may read. */
  waitsFor: () => Promise<readonly string[]>
}

/** What an id may be made of: an application is asked at no other address, where its own middleware might not be reached. */
const TENANT = /^\/t\/([\w-]{1,64})(?:\/|$)/
const place = { shown: { kind: 'platform', name: '' }, base: '', cookie: '' } as const

/** `appOf` gives the application of a tenant, `undefined` for an address that is no tenant's. */
export function rootApp(deps: RootDeps, appOf: (tenant: string) => Hono<TenantEnv> | undefined): Serve {
  const root = platformFrame(new Hono<{ Variables: RequestIdVariables }>(), deps, place)
  root.get('/', async (c) => c.html(await renderPage(<FrontPage />)))
  root.route('/', healthRoutes(deps.waitsFor))
  root.route('/', assetRoutes())
  return (request, peer) => {
    const tenant = TENANT.exec(new URL(request.url).pathname)?.[1]
    if (tenant === undefined) return root.fetch(request)
    return (appOf(tenant) ?? strangerApp(deps, tenant)).fetch(request, { peer })
  }
}

/** For whoever comes without a tenant's address; which tenants there are is nobody's business. */
function FrontPage() {
  return (
    <PlainLayout place={place.shown} title="Sluice Platform">
      <div class="card gate">
        <h1>Sluice Platform</h1>
        <p>This is the control plane of Sluice. It tells Runtimes what to do and never sees the data that they move.</p>
        <p>
          Each organisation has an address of its own here, such as <code>/t/ten_…</code>. Yours is in the link that you
          were given; ask whoever runs this Platform if you have lost it.
        </p>
      </div>
    </PlainLayout>
  )
}
