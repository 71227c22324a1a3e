/** /v1/network: from where 8752 and 32100 may be reached. Changed here only, by the owner; the Platform has no say in it. */

import * as v from 'valibot'
import { recorded } from '../../audit/mod.ts'
import { rfc3339 } from '../../base/mod.ts'
import { ApiRoutes } from '../../server/mod.ts'
import { type AllowLists, type ChangedBy, DOORS, type Door } from '../network/allow-lists.ts'
import { type LeftOutDeps, leftOut } from '../network/left-out.ts'
import type { RuntimeState } from '../open-state.ts'
import type { Addresses, Station } from '../station.ts'

export type NetworkRoutesDeps = LeftOutDeps & Pick<Station, 'addresses'> & { state: Pick<RuntimeState, 'trail'> }

/** Longer than any address or name; which characters it may have is the list's to say. */
export const NetworkText = v.pipe(v.string(), v.maxLength(64))
const OfDoor = v.object({ door: v.picklist(DOORS) })
const Allowed = v.strictObject({ network: NetworkText, force: v.optional(v.boolean()) })
const Removed = v.object({ network: NetworkText, force: v.optional(v.picklist(['true'])) })

const ListJson = v.object({
  /** True while the list is empty. */
  everyone: v.boolean(),
  entries: v.array(v.object({ network: v.string(), addedBy: v.string(), addedAt: v.string() })),
})
const NetworkJson = v.object({
  /** The ports as they are open now. No list holds the ingest port, which is absent while it is off: uploads show tokens there. */
  ports: v.object({ management: v.number(), bridges: v.number(), ingest: v.optional(v.number()) }),
  management: ListJson,
  bridges: ListJson,
  /** The Platform and the peers that may not connect, by the addresses that their names have now. */
  leftOut: v.array(v.object({ list: v.picklist(DOORS), who: v.string(), addresses: v.array(v.string()) })),
  /** The address that this question came from. */
  you: v.string(),
})

export function networkRoutes(deps: NetworkRoutesDeps): ApiRoutes {
  const view = async (you: string) => ({
    ports: portsOf(deps.addresses()),
    ...viewOf(deps.state.network),
    leftOut: await leftOut(deps),
    you,
  })
  return new ApiRoutes('Network')
    .get(
      '/',
      {
        summary:
          'The open ports, and who may connect to that of the Management Interface and to that of Secure Bridges.',
        role: 'viewer',
        answer: NetworkJson,
      },
      async ({ c }) => view(c.env.peer.address),
    )
    .post(
      '/:door',
      {
        summary: 'Lists a network; from the first one on nobody else gets in.',
        ...{ role: 'owner', fresh: true, params: OfDoor, body: Allowed, answer: NetworkJson, status: 201 },
      },
      async ({ c, params: { door }, body: { network, force }, actor }) => {
        const { address } = c.env.peer
        await allowNetwork(deps, door, network, { actor, address, force })
        return view(address)
      },
    )
    .delete(
      '/:door',
      {
        summary: 'Takes a network off its list; with the last one gone everyone gets in.',
        ...{ role: 'owner', fresh: true, params: OfDoor, query: Removed, answer: NetworkJson },
      },
      async ({ c, params: { door }, query: { network, force }, actor }) => {
        const { address } = c.env.peer
        await removeNetwork(deps, door, network, { actor, address, force: force === 'true' })
        return view(address)
      },
    )
}

/** Refuses what `AllowLists.allow` refuses. */
export function allowNetwork(deps: NetworkRoutesDeps, door: Door, network: string, by: ChangedBy): Promise<void> {
  return change(deps, 'network.allowed', { door, network, by }, () => deps.state.network.allow(door, network, by))
}

/** Refuses what `AllowLists.remove` refuses. */
export function removeNetwork(deps: NetworkRoutesDeps, door: Door, network: string, by: ChangedBy): Promise<void> {
  return change(deps, 'network.removed', { door, network, by }, () => deps.state.network.remove(door, network, by))
}

function change(
  { state }: NetworkRoutesDeps,
  action: string,
  { door, network, by }: { door: Door; network: string; by: ChangedBy },
  work: () => Promise<void>,
): Promise<void> {
  const detail = { network, ...(by.force === true && { forced: true }) }
  return recorded(state.trail, { actor: by.actor, action, subject: door, detail }, work)
}

/** The ports that are open, by what they are for. */
export function portsOf({ managementUrl, bridgePort, ingestPort }: Addresses) {
  const management = Number(new URL(managementUrl).port || 443)
  return { management, bridges: bridgePort, ...(ingestPort !== undefined && { ingest: ingestPort }) }
}

function viewOf(network: AllowLists) {
  const of = (door: Door) => {
    const entries = network.list(door)
    return {
      everyone: entries.length === 0,
      entries: entries.map(({ addedAtMs, ...entry }) => ({ ...entry, addedAt: rfc3339(addedAtMs) })),
    }
  }
  return { management: of('management'), bridges: of('bridges') }
}
