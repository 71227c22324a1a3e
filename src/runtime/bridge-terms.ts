/** Finds the terms of a bridge in force: its secret from the sealed assignment, the peer's key from the owner's own list. */
import { fromBase64url } from '../base/mod.ts'
import type { BridgeTerms } from '../bridge/mod.ts'
import type { Assignment } from '../wire/mod.ts'
import type { Peers } from './state/peers.ts'

/** `undefined` for a bridge that no running deployment has, and for one whose peer the owner took back. */
export async function bridgeTerms(
  bridge: string,
  running: readonly Assignment[],
  peers: Peers,
): Promise<BridgeTerms | undefined> {
  for (const { deployment, bridges } of running) {
    const assigned = bridges.find((one) => one.bridge === bridge)
    const peer = assigned && (await peers.find(assigned.peer))
    if (!assigned || !peer) continue
    const { generation, from, to, direction, role, secret } = assigned
    const psk = fromBase64url(secret)
    return { deployment, generation, from, to, direction, role, psk, peerKey: fromBase64url(peer.agreementKey) }
  }
  return undefined
}
