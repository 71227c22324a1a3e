/** Settings › Network. */
import { type Context, Hono } from 'hono'
import * as v from 'valibot'
import { roleReaches } from '../../accounts/mod.ts'
import type { Clock } from '../../base/mod.ts'
import { type FormShown, formAct, type PersonEnv, type Site } from '../../server/mod.ts'
import { checkField } from '../../web/mod.ts'
import { DOORS } from '../network/allow-lists.ts'
import { NetworkPage, type RefusedNetwork } from '../views/network.tsx'
import { allowNetwork, type NetworkRoutesDeps, NetworkText, portsOf, removeNetwork } from './network.ts'

export type NetworkPagesDeps = NetworkRoutesDeps & { clock: Clock }

const PATH = '/settings/network'
const Change = v.object({ door: v.picklist(DOORS), network: NetworkText, force: checkField() })

export function networkPages(deps: NetworkPagesDeps, site: Site): Hono<PersonEnv> {
  return new Hono<PersonEnv>()
    .get('/', (c) => site.page(c, shown(c, deps)))
    .route('/', changeAct(deps, site, '/', allowNetwork))
    .route('/', changeAct(deps, site, '/remove', removeNetwork))
}

function changeAct(
  deps: NetworkPagesDeps,
  site: Site,
  path: string,
  change: typeof allowNetwork | typeof removeNetwork,
): Hono<PersonEnv> {
  return formAct(site, path, {
    ...{ role: 'owner', fresh: true, schema: Change },
    again({ c, values, failed: { code, ...failed } }) {
      const { network = '' } = values
      const door = DOORS.find((one) => one === values['door']) ?? 'management'
      const excludesYou = code === 'network.excludes_you'
      return shown(c, deps, { door, network, remove: change === removeNetwork, excludesYou, ...failed })
    },
    async act({ c, actor, input: { door, network, force } }) {
      await change(deps, door, network, { actor, address: c.env.peer.address, force })
      return PATH
    },
  })
}

function shown(
  c: Context<PersonEnv>,
  { state: { network }, clock, addresses }: NetworkPagesDeps,
  refused?: RefusedNetwork,
): FormShown {
  const lists = { management: network.list('management'), bridges: network.list('bridges') }
  const mayChange = roleReaches(c.var.user.role, 'owner')
  const now = { ports: portsOf(addresses()), you: c.env.peer.address, mayChange, nowMs: clock.now() }
  const props = { lists, ...now, ...(refused && { refused }) }
  return { title: 'Network', current: '/settings', tab: PATH, view: <NetworkPage {...props} /> }
}
