/** A small application with our frame, on a port of its own: what the browser tests look at. */
import { Hono } from 'hono'
import { logOf, systemClock, systemRandom } from '../../../src/base/mod.ts'
import {
  assetRoutes,
  chartRegions,
  DeploymentView,
  deploymentRegions,
  Layout,
  liveStreams,
  onFailure,
  pageOf,
  readListing,
  refuseCrossSite,
  renderPage,
  requestIds,
  SignInPage,
  State,
  securityHeaders,
  Table,
} from '../../../src/web/mod.ts'
import { componentView, deploymentProps } from './deployment.ts'
import { chartOf, Gallery, NAV, place } from './gallery.tsx'

const NAMES = ['factory-01', 'factory-02', 'cloud-01']

export type Pages = { url: string; setCount(count: number): void; holdLive(held: boolean): void; stop(): void }

export function servePages(): Pages {
  let count = 1
  let held = false
  const streams = liveStreams({ clock: systemClock, signal: new AbortController().signal })
  const props = () =>
    deploymentProps({
      components: [componentView('orders', [], 'factory', { messagesOut: count, refused: count % 2 })],
    })
  const app = new Hono()
  app.use(requestIds({ clock: systemClock, random: systemRandom }))
  app.use(securityHeaders())
  app.use(refuseCrossSite())
  app.onError(onFailure({ log: logOf('test') }))
  app.route('/', assetRoutes())
  app.get('/', async (c) =>
    c.html(
      await renderPage(
        <Layout place={place} nav={NAV} current="/" title="orders" live="/live">
          <DeploymentView {...props()} />
        </Layout>,
      ),
    ),
  )
  app.get('/live', (c) =>
    held
      ? c.text('', 503)
      : streams.serve(c, { regions: () => deploymentRegions(props()), allowed: () => !held, intervalMs: 50 }),
  )
  app.get('/list', async (c) => {
    const listing = readListing('/list', c.req.query(), { sort: ['name'], by: 'name', rowsMax: 2 })
    const { rows, total } = pageOf(NAMES, listing, { text: (name) => name, by: { name: (name) => name } })
    const table = (
      <Table
        id="names"
        title="Runtimes"
        columns={[{ title: 'Name', sort: 'name' }, { title: 'State' }]}
        rows={rows.map((name) => ({ href: `/list?filter=${name}`, cells: [name, <State state="running" />] }))}
        filterLabel="Filter"
        {...{ listing, total }}
      />
    )
    return c.html(
      await renderPage(
        <Layout place={place} nav={NAV} current="/list" title="List">
          {table}
        </Layout>,
      ),
    )
  })
  app.get('/gallery', async (c) => c.html(await renderPage(<Gallery range={c.req.query('range')} />)))
  app.get('/gallery/live', (c) => streams.serve(c, { regions: () => chartRegions([chartOf(count)]), intervalMs: 50 }))
  app.get('/sign-in', async (c) => c.html(await renderPage(<SignInPage place={place} action="/sign-in" />)))
  const server = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: app.fetch })
  return {
    url: `http://127.0.0.1:${server.port}`,
    setCount: (value) => {
      count = value
    },
    holdLive: (value) => {
      held = value
    },
    stop: () => void server.stop(true),
  }
}
