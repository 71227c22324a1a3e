/** Why nothing crosses to or from a Runtime that does its own part: which peer's part is not in force, and how it stands there. */
import type { DeploymentState } from '../../wire/mod.ts'
import { type Standing, standingOf } from './targets.ts'

type PeerReason = { code: string; item: string }

/** How a peer stands whose part is not in force; of one that is, or comes into force by itself, there is nothing to say. */
const WHY: Partial<Record<DeploymentState, { code: string }>> = {
  refused: { code: 'peer.refused' },
  'awaiting-approval': { code: 'peer.awaiting_approval' },
  failed: { code: 'peer.failed' },
  stopped: { code: 'peer.stopped' },
}

/** One reason for each peer at the other end of a bridge of this target; `item` is its name. */
export function peersOutOfForce(
  target: Standing,
  targets: readonly Standing[],
  names: ReadonlyMap<string, string>,
): PeerReason[] {
  const { state } = standingOf(target)
  if (target.wanted === 'stop' || (state !== 'running' && state !== 'preparing')) return []
  const peers = new Set(target.shape.bridges.map(({ peer }) => peer))
  return targets
    .filter(({ runtime }) => peers.has(runtime))
    .flatMap((peer) => {
      const stands = standingOf(peer)
      const why = WHY[stands.state]
      // A flow that came to its end is no fault.
      if (!why || stands.reasons.some((reason) => reason.code === 'flow.ended')) return []
      return [{ ...why, item: names.get(peer.runtime) ?? peer.runtime }]
    })
}
