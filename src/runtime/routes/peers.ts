/** /v1/peers: the Runtimes whose bridges this one's owner accepts. */

import * as v from 'valibot'
import { recorded } from '../../audit/mod.ts'
import { rfc3339 } from '../../base/mod.ts'
import { ApiRoutes } from '../../server/mod.ts'
import { introduce, readIntroduction } from '../introductions.ts'
import type { RuntimeState } from '../open-state.ts'
import type { Peer } from '../state/peers.ts'
import type { Station } from '../station.ts'

export type PeerRoutesDeps = Pick<Station, 'addresses' | 'enrolment' | 'peerRemoved'> & {
  state: Pick<RuntimeState, 'signing' | 'agreement' | 'authority' | 'enrolment' | 'peers' | 'trail'>
}

/** As its owner sent it, with the line breaks of a mail. */
export const IntroductionText = v.pipe(
  v.string(),
  v.maxLength(32_768),
  v.transform((text) => text.replace(/\s+/g, '')),
  v.minLength(1, 'is empty'),
)
const Introduction = v.strictObject({ introduction: IntroductionText })
const PeerJson = v.object({
  runtime: v.string(),
  name: v.string(),
  /** What the two owners compare. */
  fingerprint: v.string(),
  bridgeHost: v.string(),
  bridgePort: v.number(),
  addedBy: v.string(),
  addedAt: v.string(),
})
const PeerList = v.object({ peers: v.array(PeerJson), notAuthentic: v.array(v.string()) })
const Introduced = v.object({ introduction: v.string(), fingerprint: v.string() })

export function peerRoutes(deps: PeerRoutesDeps): ApiRoutes {
  return new ApiRoutes('Peers')
    .get(
      '/',
      { summary: 'Accepted peers, and rows that something else wrote.', role: 'viewer', answer: PeerList },
      async () => {
        const { accepted, notAuthentic } = await deps.state.peers.list()
        return { peers: accepted.map(peerAsJson), notAuthentic }
      },
    )
    .post(
      '/introduction',
      { summary: 'Signs an introduction of this Runtime for a peer’s owner.', role: 'operator', answer: Introduced },
      ({ actor }) => makeIntroduction(deps, actor),
    )
    .post(
      '/',
      {
        summary: 'Accepts a peer by its introduction.',
        role: 'owner',
        fresh: true,
        body: Introduction,
        answer: PeerJson,
        status: 201,
      },
      async ({ body, actor }) => peerAsJson(await acceptPeer(deps, body.introduction, actor)),
    )
    .delete(
      '/:runtime',
      {
        summary: 'Takes a peer back; what runs with it begins anew without it.',
        role: 'owner',
        fresh: true,
        params: v.object({ runtime: v.string() }),
        answer: PeerJson,
      },
      async ({ params, actor }) => peerAsJson(await removePeer(deps, params.runtime, actor)),
    )
}

/** Signs an introduction with this Runtime's key, told to the trail first. Refuses what `introduce` refuses. */
export function makeIntroduction(deps: PeerRoutesDeps, actor: string): ReturnType<typeof introduce> {
  const made = introductionDeps(deps)
  return recorded(deps.state.trail, { actor, action: 'peer.introduction_made', subject: 'runtime' }, () =>
    introduce(made),
  )
}

/** Refuses `introduction.refused`, `peer.is_self`. */
export async function acceptPeer(deps: PeerRoutesDeps, introduction: string, actor: string): Promise<Peer> {
  const { trail, peers } = deps.state
  const introduced = await readIntroduction(introductionDeps(deps), introduction)
  const { runtime: subject, fingerprint } = introduced
  const act = { actor, action: 'peer.accepted', subject, detail: { fingerprint } }
  const peer = await recorded(trail, act, () => peers.accept({ ...introduced, acceptedBy: actor }))
  deps.enrolment.changed()
  return peer
}

/** Refuses `peer.not_found`. */
export async function removePeer(deps: PeerRoutesDeps, runtime: string, actor: string): Promise<Peer> {
  const { trail, peers } = deps.state
  const { runtime: subject } = await peers.row(runtime)
  const removed = await recorded(trail, { actor, action: 'peer.removed', subject }, () => peers.remove(subject))
  deps.peerRemoved(subject)
  return removed
}

/** What an introduction is made of, and held against. */
export function introductionDeps({ state, addresses }: PeerRoutesDeps) {
  return { ...state, bridges: () => ({ host: addresses().bridgeHost, port: addresses().bridgePort }) }
}

function peerAsJson({ runtime, name, fingerprint, bridgeHost, bridgePort, acceptedBy, acceptedAtMs }: Peer) {
  return { runtime, name, fingerprint, bridgeHost, bridgePort, addedBy: acceptedBy, addedAt: rfc3339(acceptedAtMs) }
}
