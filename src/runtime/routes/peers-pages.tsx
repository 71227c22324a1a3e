/** The pages of peers. Accepting takes two steps: whom an introduction is of is seen before it counts. */
import { Hono } from 'hono'
import * as v from 'valibot'
import { roleReaches } from '../../accounts/mod.ts'
import type { Clock } from '../../base/mod.ts'
import { dangerPage, demand, type FormShown, formPage, type PersonEnv, type Site } from '../../server/mod.ts'
import type { View } from '../../web/mod.ts'
import { type DetailDeps, deploymentDetails } from '../deployment-detail.ts'
import { readIntroduction } from '../introductions.ts'
import { AcceptPage, ComparePage, IntroductionPage, type PeerBridge, PeersPage } from '../views/peers.tsx'
import {
  acceptPeer,
  IntroductionText,
  introductionDeps,
  makeIntroduction,
  type PeerRoutesDeps,
  removePeer,
} from './peers.ts'

export type PeerPagesDeps = PeerRoutesDeps & DetailDeps & { name: string; clock: Clock }

const PATH = '/peers'
/** With the fingerprint that was shown and compared, it is accepted; without, it is shown. */
const Accept = v.object({ introduction: IntroductionText, fingerprint: v.optional(v.string()) })

export function peerPages(deps: PeerPagesDeps, site: Site): Hono<PersonEnv> {
  const { peers } = deps.state
  return new Hono<PersonEnv>()
    .get('/', async (c) => {
      const { role } = c.var.user
      const may = { mayIntroduce: roleReaches(role, 'operator'), mayChange: roleReaches(role, 'owner') }
      const { accepted, notAuthentic } = await peers.list()
      const shown = { peers: accepted, notAuthentic, bridges: await bridgesOf(deps), nowMs: deps.clock.now() }
      const action = may.mayChange && <AcceptLink />
      const view = <PeersPage {...shown} {...may} />
      return site.page(c, { title: 'Peers', current: PATH, view, ...(action && { action }) })
    })
    .post('/introduce', async (c) => {
      const made = await makeIntroduction(deps, demand(c, 'operator'))
      return site.page(c, page('Introduction', <IntroductionPage {...made} name={deps.name} />))
    })
    .route('/', acceptPage(deps, site))
    .route(
      '/',
      dangerPage(site, '/:runtime/remove', {
        role: 'owner',
        about: (c) => peers.row(c.req.param('runtime') ?? ''),
        form: ({ runtime, name }) => ({
          ...{ action: `${PATH}/${runtime}/remove`, title: `Remove ${name}`, name, submit: 'Remove peer' },
          says: 'Every bridge with it closes at once, and none is made again until you accept it anew. Records for it wait at their source; nothing is lost.',
          cancel: { label: 'Cancel', href: PATH },
        }),
        frame: ({ danger }) => page('Remove a peer', danger),
        async act({ about, actor }) {
          await removePeer(deps, about.runtime, actor)
          return PATH
        },
      }),
    )
}

function acceptPage(deps: PeerPagesDeps, site: Site): Hono<PersonEnv> {
  const { peers } = deps.state
  return formPage(site, '/accept', {
    ...{ role: 'owner', fresh: true, schema: Accept },
    again({ values: { introduction }, failed }) {
      return page('Accept a peer', <AcceptPage {...{ introduction, ...failed }} />)
    },
    async act({ c, actor, input: { introduction, fingerprint } }) {
      const introduced = await readIntroduction(introductionDeps(deps), introduction)
      if (introduced.fingerprint === fingerprint) {
        await acceptPeer(deps, introduction, actor)
        return PATH
      }
      const known = (await peers.list()).accepted.find(({ runtime }) => runtime === introduced.runtime)
      return site.page(c, page('Accept a peer', <ComparePage {...{ introduced, introduction, known }} />))
    },
  })
}

function page(title: string, view: View): FormShown {
  return { title, current: PATH, view, crumbs: [{ href: PATH, label: 'Peers' }] }
}

/** The page's one main action. */
function AcceptLink(): View {
  return (
    <a class="button" href={`${PATH}/accept`}>
      Accept a peer
    </a>
  )
}

async function bridgesOf(deps: DetailDeps): Promise<PeerBridge[]> {
  const details = await deploymentDetails(deps)
  return details.flatMap(({ deployment, blueprint, bridges }) =>
    bridges.map(({ peer, state }) => ({ peer, state, deployment, blueprint })),
  )
}
